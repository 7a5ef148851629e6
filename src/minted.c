#include "bearer/minted.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <openssl/crypto.h>

#define WAYS 4                  /* places of one digest */
#define LOCKS 16                /* so that threads seldom meet */

typedef struct {
    unsigned char digest[BEARER_MINTED_DIGEST];
    int64_t from, until;
    char *token;                /* NULL: empty */
} place;

struct bearer_minted {
    apr_pool_t *pool;
    size_t mask;                /* sets - 1 */
    place (*sets)[WAYS];
    apr_thread_mutex_t *locks[LOCKS];
};

static bool fill(bearer_minted *all, size_t entries)
{
    size_t sets = LOCKS;

    while (sets * WAYS < entries)
        sets *= 2;
    all->mask = sets - 1;
    all->sets = calloc(sets, sizeof(*all->sets));
    for (size_t i = 0; i < LOCKS; i++)
        if (apr_thread_mutex_create(&all->locks[i], APR_THREAD_MUTEX_DEFAULT, all->pool)
            != APR_SUCCESS)
            return false;
    return all->sets != NULL;
}

bearer_minted *bearer_minted_make(size_t entries)
{
    bearer_minted *all = calloc(1, sizeof(*all));

    if (all == NULL || apr_pool_create(&all->pool, NULL) != APR_SUCCESS) {
        free(all);
        return NULL;
    }
    apr_pool_tag(all->pool, "bearer_minted");
    if (fill(all, entries))
        return all;
    bearer_minted_free(all);
    return NULL;
}

static void empty(place *at)
{
    if (at->token != NULL)
        OPENSSL_cleanse(at->token, strlen(at->token));
    free(at->token);
    *at = (place){ .token = NULL };
}

void bearer_minted_free(bearer_minted *all)
{
    if (all == NULL)
        return;
    for (size_t set = 0; all->sets != NULL && set <= all->mask; set++)
        for (size_t i = 0; i < WAYS; i++)
            empty(&all->sets[set][i]);
    free(all->sets);
    apr_pool_destroy(all->pool);
    free(all);
}

/* Bytes of a digest are as good as random ones. */
static size_t set_of(const bearer_minted *all, const unsigned char *digest)
{
    return (digest[0] | (size_t)digest[1] << 8 | (size_t)digest[2] << 16) & all->mask;
}

static bool holds(const place *at, const unsigned char *digest)
{
    return at->token != NULL && CRYPTO_memcmp(at->digest, digest, sizeof(at->digest)) == 0;
}

char *bearer_minted_find(bearer_minted *all, apr_pool_t *pool,
                         const unsigned char digest[BEARER_MINTED_DIGEST], int64_t now)
{
    size_t set = set_of(all, digest);
    char *copy = NULL;

    apr_thread_mutex_lock(all->locks[set % LOCKS]);
    for (size_t i = 0; i < WAYS && copy == NULL; i++) {
        place *at = &all->sets[set][i];

        if (holds(at, digest) && at->from <= now && now < at->until)
            copy = apr_pstrdup(pool, at->token);
    }
    apr_thread_mutex_unlock(all->locks[set % LOCKS]);
    return copy;
}

/* That of the same digest, an empty one, or the one that is of use for the shortest time. */
static place *place_for(place set[WAYS], const unsigned char *digest)
{
    place *best = &set[0];

    for (size_t i = 0; i < WAYS; i++)
        if (holds(&set[i], digest))
            return &set[i];
    for (size_t i = 1; i < WAYS && best->token != NULL; i++)
        if (set[i].token == NULL || set[i].until < best->until)
            best = &set[i];
    return best;
}

void bearer_minted_keep(bearer_minted *all, const unsigned char digest[BEARER_MINTED_DIGEST],
                        const char *token, int64_t now, int64_t until)
{
    size_t set = set_of(all, digest), len = strlen(token);
    char *copy = until > now && len <= BEARER_MINTED_LONGEST ? malloc(len + 1) : NULL;
    place *at;

    if (copy == NULL)
        return;
    memcpy(copy, token, len + 1);
    apr_thread_mutex_lock(all->locks[set % LOCKS]);
    at = place_for(all->sets[set], digest);
    empty(at);
    *at = (place){ .from = now, .until = until, .token = copy };
    memcpy(at->digest, digest, sizeof(at->digest));
    apr_thread_mutex_unlock(all->locks[set % LOCKS]);
}
