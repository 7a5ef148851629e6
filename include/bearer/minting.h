/* The tokens that this server makes for a backend, as an administrator describes them:
 * `key=pem:file|secret:file algorithm=name issuer=name audience=name,... [ttl=seconds] [kid=text]
 * [claims=path[=name],...]`. */
#ifndef BEARER_MINTING_H
#define BEARER_MINTING_H

#include "bearer/claims.h"
#include "bearer/minted.h"

#define BEARER_MINTING_LEAST 5          /* seconds, of ttl= */
#define BEARER_MINTING_MOST 3600

typedef struct bearer_minting bearer_minting;

/* Reads the words (NULL-terminated) and opens the key. Relative file names are resolved by resolve,
 * which returns NULL for one that cannot be. NULL and *error, a sentence without key material. */
const bearer_minting *bearer_minting_open(apr_pool_t *pool, const char *const *words,
                                          char *(*resolve)(apr_pool_t *pool, const char *file),
                                          const char **error);

/* A token that speaks for the person or program of these claims. It says `iss`, `aud`, `exp`,
 * `iat`, a random `jti`, what claims= names, and `client_id` and `act` (RFC 8693 sections 4.1 and
 * 4.3) if they are there. It lives for ttl= at most, and never longer than the claims' own `exp`.
 * One of `kept` (which may be NULL) is used again until half its life is gone. NULL and *error, a
 * sentence for the log, if none could be made. */
const char *bearer_minting_token(apr_pool_t *pool, const bearer_minting *how,
                                 const bearer_claims *from, bearer_minted *kept, int64_t now,
                                 const char **error);

#endif
