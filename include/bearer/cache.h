/* Facts about tokens that were verified, kept for the next time, for the threads of one process.
 * Found by SHA-256 of the whole token and by the trust: no text of a token is kept, and what one
 * trust proved serves no other one. */
#ifndef BEARER_CACHE_H
#define BEARER_CACHE_H

#include "bearer/facts.h"

typedef struct bearer_cache bearer_cache;

#define BEARER_CACHE_DIGEST 32

/* Room for so many tokens and so many bytes of them, whichever is reached first; both at least 1.
 * NULL when memory or OpenSSL fails. The cache belongs to no pool. */
bearer_cache *bearer_cache_make(size_t entries, size_t bytes);

/* Frees it, when no thread uses it any more. What was found lives as long as the pools for which it
 * was. NULL is nothing. */
void bearer_cache_free(bearer_cache *cache);

/* What a token is found by. False if OpenSSL fails. */
bool bearer_cache_digest(const bearer_cache *cache, bearer_span token,
                         unsigned char digest[BEARER_CACHE_DIGEST]);

/* The facts that some trust of the list (NULL-terminated) proved of the token, until the pool ends;
 * NULL if none are kept. Whether they still count (bearer_token_judge) is not asked. now is in
 * seconds since 1970. */
const bearer_facts *bearer_cache_find(bearer_cache *cache, apr_pool_t *pool,
                                      const unsigned char digest[BEARER_CACHE_DIGEST],
                                      bearer_trust *const *trusts, int64_t now);

/* Keeps a copy of the facts, if the token has an `exp`; when no location accepts it any more they
 * are not found. What makes room is what a hand, which goes round, meets first: facts of a token
 * that expired, or has paid for staying, pass by pass, with each of its last finds, 3 at most. A
 * token that wants more than its share (bytes by the number of shards, at most 32 of at least 64
 * KB) is not kept. */
void bearer_cache_keep(bearer_cache *cache, const unsigned char digest[BEARER_CACHE_DIGEST],
                       const bearer_facts *facts, int64_t now);

/* Lets go of what one trust proved of the token. */
void bearer_cache_forget(bearer_cache *cache, const unsigned char digest[BEARER_CACHE_DIGEST],
                         const bearer_trust *trust);

/* How much is kept now. */
typedef struct {
    size_t entries, bytes;
} bearer_cache_level;

bearer_cache_level bearer_cache_measure(bearer_cache *cache);

#endif
