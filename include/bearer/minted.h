/* Tokens that were made for backends, kept for use until half their life is gone: few, of one
 * process, for its threads. Found by a digest of all that decides what such a token says. */
#ifndef BEARER_MINTED_H
#define BEARER_MINTED_H

#include <stdint.h>
#include <apr_pools.h>
#include "bearer/span.h"

#define BEARER_MINTED_DIGEST 32
#define BEARER_MINTED_LONGEST 16384     /* bytes of a token that is kept */

typedef struct bearer_minted bearer_minted;

/* Room for at least so many. NULL when memory fails. It belongs to no pool. */
bearer_minted *bearer_minted_make(size_t entries);

/* Wipes and frees all, when no thread uses it any more. NULL is nothing. */
void bearer_minted_free(bearer_minted *all);

/* A copy of the token of that digest, NULL if none is kept for this time (seconds since 1970). */
char *bearer_minted_find(bearer_minted *all, apr_pool_t *pool,
                         const unsigned char digest[BEARER_MINTED_DIGEST], int64_t now);

/* Keeps a copy, for use from now and before until. What makes room is the one nearest to its end
 * among a few. */
void bearer_minted_keep(bearer_minted *all, const unsigned char digest[BEARER_MINTED_DIGEST],
                        const char *token, int64_t now, int64_t until);

#endif
