/* The pipeline: bytes, keys, policy and time in, verdict and identity out. The rules and their
 * order are those of docs/security.md, "What a token must be". */
#ifndef BEARER_TOKEN_H
#define BEARER_TOKEN_H

#include "bearer/cache.h"

/* What is to be known of a judged token beside the verdict: for the log, and for other modules. */
typedef struct {
    const bearer_trust *trust;      /* whose name the token bears, once read; else NULL */
    bearer_span kid;                /* of the header, once read; else empty */
    const char *provider;           /* of another module, whose answer it is; else NULL */
    bearer_identity identity;       /* only if accepted */
} bearer_findings;

/* Judges a token for a location that trusts these issuers (NULL-terminated). now is in seconds
 * since 1970. Returns BEARER_ACCEPTED only if every rule held; *found is filled as far as the
 * judgement came and lives as long as the pool. When memory or a library fails the answer is
 * BEARER_KEYS_UNAVAILABLE: not judged, not accepted.
 *
 * The cache, which may be NULL, spares reading and verifying a token again, never an opinion of the
 * location: facts count only where one of these very trusts proved them, its header type is still
 * welcome, its algorithm allowed, and the key one that would be tried for it now. Then the verdict
 * is what it would be without them; anything else is judged as if there were none. */
bearer_verdict bearer_token_judge(apr_pool_t *pool, bearer_span token, bearer_trust *const *trusts,
                                  const bearer_policy *policy, bearer_cache *cache, int64_t now,
                                  bearer_findings *found);

/* What becomes of a token that another module knows and grants: its word is the proof, and all that
 * it says is a name. Accepted if that is one (not NULL or empty, no control characters), with an
 * identity that has no issuer, claims and scopes; else BEARER_USER_MISSING. The name is copied. */
bearer_verdict bearer_token_vouched(apr_pool_t *pool, const char *user, bearer_findings *found);

/* The token is of this provider's shape: three base64url parts. */
bool bearer_token_is_jwt(bearer_span token);

/* The token's payload, unverified, names one of these issuers: such a token is final, whatever else
 * is wrong with it. */
bool bearer_token_names(apr_pool_t *pool, bearer_span token, bearer_trust *const *trusts);

/* Only the signature of a compact JWS with any payload, under these algorithms (a set of
 * bearer_alg_index bits) and keys. */
bearer_verdict bearer_token_verify(apr_pool_t *pool, bearer_span token, const bearer_keyset *keys,
                                   uint64_t algorithms);

#endif
