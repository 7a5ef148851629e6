/* The claims of a token whose signature held, and the person or program they make at one
 * location. */
#ifndef BEARER_CLAIMS_H
#define BEARER_CLAIMS_H

#include "bearer/json.h"
#include "bearer/path.h"
#include "bearer/verdict.h"

/* True of the token wherever it is presented. Strings live as long as the JSON. */
typedef struct {
    const bearer_json *json;        /* all of it */
    bearer_span issuer;             /* `iss` */
    bearer_found exp_found, nbf_found, iat_found;
    int64_t exp, nbf, iat;          /* seconds since 1970, each where found is BEARER_PRESENT */
    const bearer_json *audience;    /* `aud`: a string or array of strings, NULL if absent */
    bool other_token;               /* marked as what is no access token: an ID token, and others */
    bool bound;                     /* `cnf` is present: of use only to who holds a key */
} bearer_claims;

/* What one location reads from accepted claims. */
typedef struct {
    const bearer_claims *claims;
    const char *issuer;             /* as configured; NULL where another module vouches */
    const char *user;               /* REMOTE_USER: not empty, no control characters */
    const bearer_json *const *scopes;   /* claims that hold them, NULL-terminated */
} bearer_identity;

/* Reads the registered claims of RFC 7519 from a parsed payload. False, and BEARER_CLAIM_MALFORMED
 * with the claim's name in *refused, if one that is present has a wrong type or a number out of
 * range. What is absent is not judged here. */
bool bearer_claims_read(const bearer_json *json, bearer_claims *claims, bearer_verdict *refused);

/* The identity holds this scope. */
bool bearer_identity_has_scope(const bearer_identity *identity, bearer_span scope);

/* Finds the scopes at these paths (NULL-terminated list), each a string of words parted by spaces
 * or an array of strings. False if one that is present is neither. */
bool bearer_identity_read_scopes(apr_pool_t *pool, const bearer_path *const *paths,
                                 bearer_identity *identity);

/* All scopes, each once, in the order of the token; *count says how many. */
const bearer_span *bearer_identity_scopes(apr_pool_t *pool, const bearer_identity *identity,
                                          size_t *count);

#endif
