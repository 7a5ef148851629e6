/* Keys as PEM: public keys (RFC 5280 SubjectPublicKeyInfo) and certificates, of which the public
 * key is taken. */
#ifndef BEARER_PEM_H
#define BEARER_PEM_H

#include "bearer/key.h"
#include "bearer/log.h"

/* Reads every block PUBLIC KEY, RSA PUBLIC KEY (RFC 8017 appendix A.1.1), CERTIFICATE or X509
 * CERTIFICATE. A private key is refused as a whole: it has no place on a server that only checks.
 * Otherwise as bearer_jwk_read. */
const bearer_key *const *bearer_pem_read(apr_pool_t *pool, bearer_span text, const bearer_log *log,
                                         const char **error);

#endif
