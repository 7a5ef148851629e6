#include "bearer/cache.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define SHARDS_MOST 32          /* so that threads seldom meet */
#define SHARD_ENTRIES 64        /* less than that are worth no shard of their own */
#define SHARD_BYTES 65536
#define USES_MOST 3
#define LINE 64                 /* bytes of a processor's cache line */

/* Facts follow. What the shard's mutex guards is not looked at by those that hold the entry. */
typedef struct entry {
    atomic_uint holders;        /* the shard, and the requests that found it */
    unsigned uses;              /* guarded: finds since the hand passed, at most USES_MOST */
    struct entry *next;         /* guarded: of the same bucket */
    size_t slot;                /* guarded */
    size_t size;                /* bytes of the whole block */
    int64_t dies;               /* from then on no location accepts the token */
    unsigned char digest[BEARER_CACHE_DIGEST];
    bearer_facts facts;
} entry;

/* A table of its own. The hand goes round the slots like that of a clock: an entry that was found
 * and has not paid for it stays and pays with a use, another one makes room. So one that is found
 * now and then outlives any number that are seen once. */
typedef struct {
    apr_thread_mutex_t *mutex;
    entry **buckets;
    entry **slots;              /* NULL: empty */
    size_t *empty;              /* the empty slots, a stack of `room - count` */
    size_t room, count;         /* entries */
    size_t most, bytes;
    size_t mask;                /* buckets - 1 */
    size_t hand;                /* a slot */
    char apart[LINE];           /* from the next one's line */
} shard;

struct bearer_cache {
    apr_pool_t *pool;
    EVP_MD *sha256;
    apr_threadkey_t *hashers;   /* an EVP_MD_CTX for each thread that asked */
    size_t shard_mask;
    shard *shards;
};

/* apr_pcalloc writes where there is nothing: httpd's pools end the process first, this one does
 * not. */
static void *zeros(apr_pool_t *pool, size_t size)
{
    void *block = apr_palloc(pool, size);

    return block != NULL ? memset(block, 0, size) : NULL;
}

static bool make_shard(apr_pool_t *pool, shard *made, size_t entries, size_t bytes)
{
    size_t buckets = 1;

    while (buckets < entries)
        buckets *= 2;
    made->most = bytes;
    made->mask = buckets - 1;
    made->buckets = zeros(pool, buckets * sizeof(*made->buckets));
    made->slots = zeros(pool, entries * sizeof(*made->slots));
    made->empty = apr_palloc(pool, entries * sizeof(*made->empty));
    if (made->buckets == NULL || made->slots == NULL || made->empty == NULL)
        return false;
    made->room = entries;
    for (size_t i = 0; i < entries; i++)
        made->empty[i] = entries - 1 - i;
    return apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool) == APR_SUCCESS;
}

/* A power of two. */
static size_t count_shards(size_t entries, size_t bytes)
{
    size_t shards = 1;

    while (shards < SHARDS_MOST && entries / (2 * shards) >= SHARD_ENTRIES
           && bytes / (2 * shards) >= SHARD_BYTES)
        shards *= 2;
    return shards;
}

static void drop_hasher(void *ctx)
{
    EVP_MD_CTX_free(ctx);
}

/* APR leaves something that is no key where it could not make one. */
static bool make_key(bearer_cache *cache)
{
    if (apr_threadkey_private_create(&cache->hashers, drop_hasher, cache->pool) != APR_SUCCESS)
        cache->hashers = NULL;
    return cache->hashers != NULL;
}

static bool fill(bearer_cache *cache, size_t entries, size_t bytes)
{
    size_t shards = count_shards(entries, bytes);

    cache->shards = zeros(cache->pool, shards * sizeof(*cache->shards));
    if (cache->shards == NULL)
        return false;
    cache->shard_mask = shards - 1;
    for (size_t i = 0; i < shards; i++)
        if (!make_shard(cache->pool, &cache->shards[i], entries / shards, bytes / shards))
            return false;
    cache->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    return cache->sha256 != NULL && make_key(cache);
}

bearer_cache *bearer_cache_make(size_t entries, size_t bytes)
{
    bearer_cache *cache;
    apr_pool_t *pool;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return NULL;
    apr_pool_tag(pool, "bearer_cache");
    cache = zeros(pool, sizeof(*cache));
    if (cache == NULL) {
        apr_pool_destroy(pool);
        return NULL;
    }
    cache->pool = pool;
    if (fill(cache, entries, bytes))
        return cache;
    bearer_cache_free(cache);
    return NULL;
}

static void release(entry *held)
{
    if (atomic_fetch_sub(&held->holders, 1) == 1)
        free(held);
}

static apr_status_t release_held(void *held)
{
    release(held);
    return APR_SUCCESS;
}

/* The hasher of this thread, NULL before it made one. */
static EVP_MD_CTX *own_hasher(const bearer_cache *cache)
{
    void *found = NULL;

    apr_threadkey_private_get(&found, cache->hashers);
    return found;
}

void bearer_cache_free(bearer_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; cache->shards != NULL && i <= cache->shard_mask; i++)
        for (size_t slot = 0; slot < cache->shards[i].room; slot++)
            if (cache->shards[i].slots[slot] != NULL)
                release(cache->shards[i].slots[slot]);
    if (cache->hashers != NULL) {           /* those of other threads are left to the process */
        drop_hasher(own_hasher(cache));
        apr_threadkey_private_delete(cache->hashers);
    }
    EVP_MD_free(cache->sha256);
    apr_pool_destroy(cache->pool);
}

static EVP_MD_CTX *make_hasher(const bearer_cache *cache)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (ctx == NULL || apr_threadkey_private_set(ctx, cache->hashers) == APR_SUCCESS)
        return ctx;
    EVP_MD_CTX_free(ctx);
    return NULL;
}

bool bearer_cache_digest(const bearer_cache *cache, bearer_span token,
                         unsigned char digest[BEARER_CACHE_DIGEST])
{
    EVP_MD_CTX *ctx = own_hasher(cache);

    if (ctx == NULL)
        ctx = make_hasher(cache);
    if (ctx != NULL && EVP_DigestInit_ex2(ctx, cache->sha256, NULL) == 1
        && EVP_DigestUpdate(ctx, token.ptr, token.len) == 1
        && EVP_DigestFinal_ex(ctx, digest, NULL) == 1)
        return true;
    ERR_clear_error();
    return false;
}

/* Bytes of a digest are as good as random ones: some choose the shard, others the bucket. */
static size_t number_of(const unsigned char *bytes)
{
    return bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
}

static shard *shard_of(const bearer_cache *cache, const unsigned char *digest)
{
    return &cache->shards[number_of(digest) & cache->shard_mask];
}

static entry **bucket_of(const shard *of, const unsigned char *digest)
{
    return &of->buckets[number_of(digest + 4) & of->mask];
}

/* Takes an entry out of the table. */
static void remove_entry(shard *from, entry *gone)
{
    entry **at = bucket_of(from, gone->digest);

    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    from->slots[gone->slot] = NULL;
    from->count--;
    from->empty[from->room - from->count - 1] = gone->slot;
    from->bytes -= gone->size;
    release(gone);
}

static void add_entry(shard *to, entry *added)
{
    entry **at = bucket_of(to, added->digest);

    added->slot = to->empty[to->room - to->count - 1];
    to->slots[added->slot] = added;
    to->count++;
    to->bytes += added->size;
    added->next = *at;
    *at = added;
}

/* The shard holds one, and has all that is needed once the hand has gone round often enough to take
 * every use away. */
static void make_room(shard *in, size_t size, int64_t now)
{
    while (in->count == in->room || in->bytes + size > in->most) {
        entry *seen = in->slots[in->hand];

        in->hand = (in->hand + 1) % in->room;
        if (seen != NULL && (seen->uses == 0 || seen->dies <= now))
            remove_entry(in, seen);
        else if (seen != NULL)
            seen->uses--;
    }
}

static entry *entry_of(const shard *in, const unsigned char *digest, const bearer_trust *trust)
{
    entry *one = *bucket_of(in, digest);

    while (one != NULL && (one->facts.trust != trust
                           || memcmp(one->digest, digest, sizeof(one->digest)) != 0))
        one = one->next;
    return one;
}

static entry *entry_among(const shard *in, const unsigned char *digest, bearer_trust *const *trusts)
{
    entry *one = *bucket_of(in, digest);

    while (one != NULL && (memcmp(one->digest, digest, sizeof(one->digest)) != 0
                           || !bearer_trust_among(trusts, one->facts.trust)))
        one = one->next;
    return one;
}

const bearer_facts *bearer_cache_find(bearer_cache *cache, apr_pool_t *pool,
                                      const unsigned char digest[BEARER_CACHE_DIGEST],
                                      bearer_trust *const *trusts, int64_t now)
{
    shard *in = shard_of(cache, digest);
    entry *found;

    apr_thread_mutex_lock(in->mutex);
    found = entry_among(in, digest, trusts);
    if (found != NULL && found->dies <= now) {
        remove_entry(in, found);
        found = NULL;
    }
    if (found != NULL) {
        found->uses += found->uses < USES_MOST;
        atomic_fetch_add(&found->holders, 1);
    }
    apr_thread_mutex_unlock(in->mutex);
    if (found == NULL)
        return NULL;
    apr_pool_cleanup_register(pool, found, release_held, apr_pool_cleanup_null);
    return &found->facts;
}

static entry *make_entry(const unsigned char *digest, const bearer_facts *facts)
{
    size_t size = offsetof(entry, facts) + bearer_facts_size(facts);
    entry *made = malloc(size);

    if (made == NULL)
        return NULL;
    made->holders = 1;
    made->uses = 0;
    made->size = size;
    made->dies = facts->claims.exp + BEARER_LEEWAY_MOST;
    memcpy(made->digest, digest, sizeof(made->digest));
    if (bearer_facts_copy(facts, &made->facts))
        return made;
    free(made);
    return NULL;
}

/* Another thread may have verified the same token; and the key of an older entry may be gone. */
static void exchange(shard *in, entry *added, int64_t now)
{
    entry *old = entry_of(in, added->digest, added->facts.trust);

    if (old != NULL)
        remove_entry(in, old);
    make_room(in, added->size, now);
    add_entry(in, added);
}

void bearer_cache_keep(bearer_cache *cache, const unsigned char digest[BEARER_CACHE_DIGEST],
                       const bearer_facts *facts, int64_t now)
{
    shard *in = shard_of(cache, digest);
    entry *added;

    if (facts->claims.exp_found != BEARER_PRESENT || facts->claims.exp + BEARER_LEEWAY_MOST <= now)
        return;
    added = make_entry(digest, facts);
    if (added == NULL)
        return;
    if (added->size > in->most) {
        release(added);
        return;
    }
    apr_thread_mutex_lock(in->mutex);
    exchange(in, added, now);
    apr_thread_mutex_unlock(in->mutex);
}

void bearer_cache_forget(bearer_cache *cache, const unsigned char digest[BEARER_CACHE_DIGEST],
                         const bearer_trust *trust)
{
    shard *in = shard_of(cache, digest);
    entry *gone;

    apr_thread_mutex_lock(in->mutex);
    gone = entry_of(in, digest, trust);
    if (gone != NULL)
        remove_entry(in, gone);
    apr_thread_mutex_unlock(in->mutex);
}

bearer_cache_level bearer_cache_measure(bearer_cache *cache)
{
    bearer_cache_level sum = { 0, 0 };

    for (size_t i = 0; i <= cache->shard_mask; i++) {
        shard *in = &cache->shards[i];

        apr_thread_mutex_lock(in->mutex);
        sum.entries += in->count;
        sum.bytes += in->bytes;
        apr_thread_mutex_unlock(in->mutex);
    }
    return sum;
}
