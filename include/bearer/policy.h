/* What one location demands of a token, and the judgement of its claims (RFC 7519 section 4.1, RFC
 * 9068 section 4). */
#ifndef BEARER_POLICY_H
#define BEARER_POLICY_H

#include "bearer/claims.h"
#include "bearer/header.h"

/* The rules for one issuer. Filled at startup, read-only after. Lists are NULL-terminated. */
typedef struct {
    const char *name;               /* the exact `iss` */
    uint64_t algorithms;            /* bits of bearer_alg_index; 0: asymmetric that fit a key */
    bearer_types types;
    const char *const *audiences;   /* of the issuer's own line, or NULL: the location's apply */
    bool any_audience;              /* the line says audience=any */
    const bearer_path *const *users;/* of the issuer's own line, or NULL: the location's apply */
    const char *user_prefix;        /* put before the user name; "" for none */
} bearer_issuer;

#define BEARER_LEEWAY_MOST 300      /* seconds that clocks may be apart at most */

/* The rules of a location for any issuer. */
typedef struct {
    const char *const *audiences;   /* NULL or empty: none configured */
    bool any_audience;
    const bearer_path *const *users;
    const bearer_path *const *scopes;
    int leeway;                     /* seconds, 0 to BEARER_LEEWAY_MOST */
    int max_age;                    /* seconds; 0 for none */
} bearer_policy;

/* What applies where nothing is configured: users `sub client_id`, scopes `scope scp`. */
extern const bearer_path *const bearer_default_users[];
extern const bearer_path *const bearer_default_scopes[];

/* Steps 8 to 12 of the rules for a token: claim types, times, audience, kind of token, binding,
 * user. now is in seconds since 1970. True if none objects: *identity is filled then, pointing into
 * claims, issuer and pool. Else *refused says why; BEARER_NOT_CONFIGURED if neither issuer nor
 * policy names an audience or opts out. */
bool bearer_policy_check(apr_pool_t *pool, const bearer_policy *policy, const bearer_issuer *issuer,
                         const bearer_claims *claims, int64_t now, bearer_identity *identity,
                         bearer_verdict *refused);

#endif
