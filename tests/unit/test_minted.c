/* Tokens that are kept for backends: found by their digest alone and for their time alone, however
 * many threads ask. */
#include <pthread.h>
#include "support.h"
#include "bearer/minted.h"

#define ROOM 64                 /* what the smallest store has */

/* Digests of one set are equal in their first bytes. */
static const unsigned char *digest(unsigned set, unsigned which)
{
    unsigned char *made = apr_pcalloc(test_pool, BEARER_MINTED_DIGEST);

    made[0] = (unsigned char)set;
    made[BEARER_MINTED_DIGEST - 1] = (unsigned char)which;
    made[BEARER_MINTED_DIGEST - 2] = (unsigned char)(which >> 8);
    return made;
}

static void expect(bearer_minted *all, unsigned set, unsigned which, int64_t now, const char *token)
{
    const char *found = bearer_minted_find(all, test_pool, digest(set, which), now);

    row_expect(found == token || (found != NULL && token != NULL && strcmp(found, token) == 0),
               "%u of %u at %d: %s", which, set, (int)now, found != NULL ? found : "nothing");
}

static void times(void **state)
{
    bearer_minted *all = bearer_minted_make(1);

    (void)state;
    assert_non_null(all);
    expect(all, 1, 1, 100, NULL);
    bearer_minted_keep(all, digest(1, 1), "a.b.c", 100, 130);
    expect(all, 1, 1, 99, NULL);        /* the clock was put back */
    expect(all, 1, 1, 100, "a.b.c");
    expect(all, 1, 1, 129, "a.b.c");
    expect(all, 1, 1, 130, NULL);
    expect(all, 1, 2, 100, NULL);
    expect(all, 2, 1, 100, NULL);
    bearer_minted_keep(all, digest(1, 1), "d.e.f", 120, 150);
    expect(all, 1, 1, 140, "d.e.f");
    bearer_minted_keep(all, digest(1, 1), "never", 120, 120);
    bearer_minted_keep(all, digest(1, 3), "never", 120, 90);
    expect(all, 1, 1, 120, "d.e.f");
    expect(all, 1, 3, 90, NULL);
    bearer_minted_free(all);
    bearer_minted_free(NULL);
    rows_end();
}

static void room(void **state)
{
    bearer_minted *all = bearer_minted_make(ROOM);
    char *large = apr_pcalloc(test_pool, BEARER_MINTED_LONGEST + 2);

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        bearer_minted_keep(all, digest(3, i), "x", 100, 200 + i);
    bearer_minted_keep(all, digest(3, 9), "new", 100, 150);     /* the one that ends first goes */
    expect(all, 3, 0, 100, NULL);
    expect(all, 3, 1, 100, "x");
    expect(all, 3, 9, 100, "new");
    bearer_minted_keep(all, digest(3, 2), "again", 100, 300);   /* in its own place */
    expect(all, 3, 9, 100, "new");
    expect(all, 3, 2, 100, "again");
    memset(large, 'x', BEARER_MINTED_LONGEST);
    bearer_minted_keep(all, digest(4, 1), large, 100, 200);
    expect(all, 4, 1, 100, large);
    large[BEARER_MINTED_LONGEST] = 'x';
    bearer_minted_keep(all, digest(4, 2), large, 100, 200);
    expect(all, 4, 2, 100, NULL);
    bearer_minted_free(all);
    rows_end();
}

#define THREADS 8
#define TURNS 4000

static bearer_minted *shared;

/* Each token names its digest: whoever finds one finds the right one. */
static void *ask(void *number)
{
    size_t wrong = 0;
    unsigned at = *(const unsigned *)number;
    apr_pool_t *pool;

    assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
    for (int i = 0; i < TURNS; i++) {
        unsigned char key[BEARER_MINTED_DIGEST] = { 0 };
        char token[16];
        const char *found;

        at = (at * 1103515245U + 12345U) % 2147483648U;
        key[0] = (unsigned char)(at >> 8 & 7);
        key[9] = (unsigned char)(at >> 16 & 7);
        apr_snprintf(token, sizeof(token), "%u.%u", key[0], key[9]);
        found = bearer_minted_find(shared, pool, key, i);
        wrong += found != NULL && strcmp(found, token) != 0;
        if (found == NULL)
            bearer_minted_keep(shared, key, token, i, i + 5);
        if (i % 100 == 0)
            apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return wrong > 0 ? number : NULL;
}

static void threads(void **state)
{
    pthread_t made[THREADS];
    unsigned numbers[THREADS];
    void *wrong;

    (void)state;
    shared = bearer_minted_make(ROOM);
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i * 7919;
        assert_int_equal(pthread_create(&made[i], NULL, ask, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(made[i], &wrong), 0);
        assert_null(wrong);
    }
    bearer_minted_free(shared);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { TEST(times), TEST(room), TEST(threads) };

    return tests_run(tests);
}
