/* Making tokens: with libjwt where the libjwt at hand knows the algorithm, with OpenSSL otherwise.
 * mint.c is the only file that sees libjwt, of which 1.x and 2.x have one interface and 3.x has
 * another. */
#ifndef BEARER_MINT_H
#define BEARER_MINT_H

#include <apr_pools.h>
#include "bearer/alg.h"

typedef struct bearer_mint_key bearer_mint_key;

/* Opens the signing key of one algorithm: `pem:file` (one private key without a password) or
 * `secret:file` (exactly its bytes). NULL and *error, a sentence, for a source of another kind, a
 * file that cannot be read, a key that is weak or does not fit the algorithm, an algorithm that
 * this OpenSSL lacks. Opened once, used by any thread; lives with the pool, which wipes it. */
const bearer_mint_key *bearer_mint_key_open(apr_pool_t *pool, const char *source,
                                            const bearer_alg *alg, const char **error);

/* A token: header and claims are JSON objects; `alg` is put into the header here, never by the
 * caller. NULL and *error if one is no strict JSON object, the header names an `alg`, or signing
 * failed. OpenSSL signs too where the header has no typ or one that this libjwt overwrites. */
char *bearer_mint(apr_pool_t *pool, const bearer_mint_key *key, const char *header,
                  const char *claims, const char **error);

/* The libjwt at hand knows this algorithm. Whether it takes a key and signs rightly with it is
 * tried when that is opened; if not, OpenSSL signs (1.17 knows PS256, but no plain RSA keys). */
bool bearer_mint_libjwt_knows(const bearer_alg *alg);

#endif
