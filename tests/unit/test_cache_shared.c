/* Many threads judge tokens with one small cache, while the keys are exchanged: nobody is taken for
 * another one, and from the moment on that a set is in use no token of the keys before is accepted,
 * kept or not. Run under ThreadSanitizer it proves that no memory is shared without a rule. */
#include <stdatomic.h>
#include <pthread.h>
#include "tokens.h"
#include "bearer/issuer.h"

#define THREADS 16
#define USERS 100               /* tokens of each generation of keys; the cache has room for 64 */
#define ROUNDS 15

/* Even phases: the secret of generation phase / 2 % 2 is in use. Odd: nobody knows. */
typedef struct {
    bearer_trust *trusts[2];
    bearer_policy policy;
    bearer_cache *cache;
    const char *tokens[2][USERS];
    atomic_uint phase;
    atomic_bool ended;
    atomic_ulong judged, wrong;
} shared_state;

static char names[USERS][8];

static char *as_is(apr_pool_t *pool, const char *file)
{
    return apr_pstrdup(pool, file);
}

static const char *secret_of(int generation)
{
    return generation == 0 ? "0123456789abcdef0123456789abcdef"
                           : "fedcba9876543210fedcba9876543210fedcba98";
}

static void open_all(shared_state *shared)
{
    static const char *const audiences[] = { "api", NULL };
    const char *path = temp_write_text("secret", secret_of(0)), *error = NULL;
    const char *words[] = { "https://issuer.example", apr_pstrcat(test_pool, "keys=secret:", path,
                            NULL), "algorithms=HS256", NULL };

    shared->trusts[0] = bearer_issuer_open(test_pool, words, as_is, &test_log, &error);
    assert_non_null(shared->trusts[0]);
    shared->policy = (bearer_policy){ .audiences = audiences, .users = bearer_default_users,
                                      .scopes = bearer_default_scopes };
    shared->cache = bearer_cache_make(64, 1000000);
    assert_non_null(shared->cache);
    for (int generation = 0; generation < 2; generation++)
        for (int user = 0; user < USERS; user++) {
            test_member name[] = { { "sub", apr_psprintf(test_pool, "\"u%d\"", user) },
                                   { NULL, NULL } };

            apr_snprintf(names[user], sizeof(names[user]), "u%d", user);
            shared->tokens[generation][user] =
                sign_token_hmac(bearer_span_of(secret_of(generation)), "SHA256",
                                "{\"alg\":\"HS256\"}", token_payload(name));
        }
}

static bool is_right(const bearer_findings *found, bearer_reason reason, unsigned phase,
                     unsigned after, int generation, int user)
{
    bool accepted = reason == BEARER_ACCEPTED;
    bool known = phase == after && phase % 2 == 0;

    if (!accepted && reason != BEARER_SIGNATURE_BAD)
        return false;
    if (accepted && strcmp(found->identity.user, names[user]) != 0)
        return false;
    return !known || accepted == ((int)(phase / 2 % 2) == generation);
}

static void *judge_tokens(void *data)
{
    shared_state *shared = data;
    apr_pool_t *pool;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return NULL;
    for (unsigned i = (unsigned)(uintptr_t)&pool >> 4; !atomic_load(&shared->ended); i++) {
        int generation = i % 2, user = (int)(i % 7 == 0 ? i / 7 % USERS : i / 7 % 5);
        unsigned phase = atomic_load(&shared->phase);
        bearer_findings found;
        bearer_verdict verdict = bearer_token_judge(
            pool, bearer_span_of(shared->tokens[generation][user]), shared->trusts,
            &shared->policy, shared->cache, NOW, &found);

        if (!is_right(&found, verdict.reason, phase, atomic_load(&shared->phase), generation, user))
            atomic_fetch_add(&shared->wrong, 1);
        atomic_fetch_add(&shared->judged, 1);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void exchange_keys(shared_state *shared)
{
    bearer_means with = { .now = NOW, .log = &test_log };

    for (unsigned round = 1; round <= ROUNDS; round++) {
        unsigned long before;

        atomic_fetch_add(&shared->phase, 1);
        temp_write_text("secret", secret_of(round % 2));
        bearer_keystore_look(test_pool, shared->trusts[0]->keys, &with);
        atomic_fetch_add(&shared->phase, 1);
        before = atomic_load(&shared->judged);
        while (atomic_load(&shared->judged) < before + 20 * THREADS)
            ;
    }
}

static void many_threads(void **state)
{
    shared_state shared = { .cache = NULL };
    pthread_t threads[THREADS];

    (void)state;
    open_all(&shared);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, judge_tokens, &shared), 0);
    exchange_keys(&shared);
    atomic_store(&shared.ended, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&shared.wrong), 0);
    assert_true(bearer_cache_measure(shared.cache).entries <= 64);
    assert_true(atomic_load(&shared.judged) >= 20 * THREADS * ROUNDS);
    bearer_cache_free(shared.cache);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { TEST(many_threads) };

    return tests_run(tests);
}
