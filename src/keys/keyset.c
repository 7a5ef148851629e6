#include "bearer/keyset.h"
#include "bearer/signature.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Sorted by kid, those without one first: a kid is found by halving. */
struct bearer_keyset {
    atomic_uint holders;
    apr_pool_t *pool;
    const bearer_key **keys;
    size_t count;
    size_t nameless;                /* keys without kid, at the beginning */
    uint64_t algorithms;
};

static int compare_kids(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int by_kid(const void *a, const void *b)
{
    return compare_kids((*(const bearer_key *const *)a)->kid, (*(const bearer_key *const *)b)->kid);
}

static uint64_t algorithms_of(const bearer_key *key)
{
    uint64_t bits = 0;
    const bearer_alg *alg;

    for (size_t i = 0; (alg = bearer_alg_at(i)) != NULL; i++)
        if (bearer_key_fits(key, alg))
            bits |= UINT64_C(1) << bearer_alg_index(alg);
    return bits;
}

static bearer_keyset *fill(apr_pool_t *pool, const bearer_key *const *keys, size_t count)
{
    bearer_keyset *set = apr_pcalloc(pool, sizeof(*set));

    set->pool = pool;
    set->holders = 1;
    set->keys = apr_pcalloc(pool, sizeof(*set->keys) * (count + 1));
    for (set->count = 0; set->count < count; set->count++) {
        const bearer_key *key = keys[set->count];

        set->keys[set->count] = bearer_key_copy(pool, key, key->kid, key->alg);
        if (set->keys[set->count] == NULL)
            return NULL;
        bearer_signature_prepare(set->keys[set->count]);
        set->nameless += key->kid == NULL;
        set->algorithms |= algorithms_of(key);
    }
    qsort(set->keys, count, sizeof(*set->keys), by_kid);
    return set;
}

bearer_keyset *bearer_keyset_make(const bearer_key *const *keys, size_t count)
{
    bearer_keyset *set;
    apr_pool_t *pool;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return NULL;
    apr_pool_tag(pool, "bearer_keyset");
    set = fill(pool, keys, count);
    if (set == NULL)
        apr_pool_destroy(pool);
    return set;
}

bearer_keyset *bearer_keyset_of(const bearer_key *const *keys)
{
    size_t count = 0;

    while (keys[count] != NULL)
        count++;
    return bearer_keyset_make(keys, count);
}

bearer_keyset *bearer_keyset_hold(bearer_keyset *set)
{
    atomic_fetch_add(&set->holders, 1);
    return set;
}

void bearer_keyset_release(bearer_keyset *set)
{
    if (set != NULL && atomic_fetch_sub(&set->holders, 1) == 1)
        apr_pool_destroy(set->pool);
}

size_t bearer_keyset_count(const bearer_keyset *set)
{
    return set->count;
}

const bearer_key *bearer_keyset_at(const bearer_keyset *set, size_t i)
{
    return i < set->count ? set->keys[i] : NULL;
}

uint64_t bearer_keyset_algorithms(const bearer_keyset *set)
{
    return set->algorithms;
}

/* The first key with a kid that is not below this one. */
static size_t lower_bound(const bearer_keyset *set, bearer_span kid)
{
    size_t low = set->nameless, high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bearer_span other = bearer_span_of(set->keys[middle]->kid);
        size_t shorter = other.len < kid.len ? other.len : kid.len;
        int order = memcmp(other.ptr, kid.ptr, shorter);

        if (order < 0 || (order == 0 && other.len < kid.len))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t add_fitting(const bearer_keyset *set, size_t from, size_t to, const bearer_alg *alg,
                          const bearer_key **found, size_t n)
{
    for (size_t i = from; i < to && n < BEARER_KEYSET_TRIES; i++)
        if (bearer_key_fits(set->keys[i], alg))
            found[n++] = set->keys[i];
    return n;
}

size_t bearer_keyset_find(const bearer_keyset *set, const bearer_alg *alg, const bearer_span *kid,
                          const bearer_key *found[BEARER_KEYSET_TRIES])
{
    size_t from, to;

    if (kid == NULL)
        return add_fitting(set, 0, set->count, alg, found, 0);
    from = to = lower_bound(set, *kid);
    while (to < set->count && bearer_span_is(*kid, set->keys[to]->kid))
        to++;
    return add_fitting(set, 0, set->nameless, alg, found,
                       add_fitting(set, from, to, alg, found, 0));
}
