/* Making signatures: the counterpart of signature.h, for keys that hold their private part. */
#ifndef BEARER_SIGN_H
#define BEARER_SIGN_H

#include "bearer/key.h"

/* Signs input as the algorithm says (RFC 7518 section 3, RFC 8037 section 3.1, RFC 9964). False if
 * the key does not fit, has no private part, or OpenSSL failed. *signature lives with the pool. */
bool bearer_sign(apr_pool_t *pool, const bearer_key *key, const bearer_alg *alg, bearer_span input,
                 bearer_span *signature);

#endif
