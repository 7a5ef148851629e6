/* mod_auth_bearer for other modules: what it knows of a request, and how to teach it another kind
 * of token. The only public header; C and C++. Nothing needs to be linked: without the module the
 * optional functions are not found, and providers are not asked. */
#ifndef MOD_AUTH_BEARER_H
#define MOD_AUTH_BEARER_H

#include <httpd.h>
#include <apr_optional.h>
#include <apr_tables.h>
#include <mod_auth.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reading.
 *
 * Retrieve the functions with APR_RETRIEVE_OPTIONAL_FN in post_config or optional_fn_retrieve, anew
 * in each generation of the configuration; NULL means that the module is not loaded. Call them when
 * authentication is done: as an authorization provider, in fixups, in the handler, in filters, for
 * the log. Before that nobody is known.
 *
 * All but the reason speak of a token that was accepted for this very request_rec, which includes
 * subrequests and internal redirects where httpd itself did not authenticate again. They know
 * nothing (0, NULL) before the acceptance, after Require refused the request, for requests without
 * a token, with a password of another module, or in sections where this module has no part. A page
 * of ErrorDocument may see the reason of the refusal that led to it, never a claim. The token
 * itself cannot be had.
 *
 * What is returned lives in r->pool and is the caller's. No text holds control characters, but what
 * a client made an issuer write may well be markup: escape it where it is shown. */

/* Why the request was refused, or `accepted`: one of the names in docs/security.md. That of the
 * request that led here by an internal redirect, if this one was not judged itself. NULL where
 * neither was. */
APR_DECLARE_OPTIONAL_FN(const char *, auth_bearer_reason, (request_rec *r));

/* 1 if a token was accepted and Require did not refuse since, else 0. */
APR_DECLARE_OPTIONAL_FN(int, auth_bearer_accepted, (request_rec *r));

/* Who the token names, with the issuer's prefix: never empty. r->user is the same unless another
 * module changed it. */
APR_DECLARE_OPTIONAL_FN(const char *, auth_bearer_user, (request_rec *r));

/* The issuer as it is configured. NULL also where a provider of another module accepted. */
APR_DECLARE_OPTIONAL_FN(const char *, auth_bearer_issuer, (request_rec *r));

/* The scopes, each once, in the token's order: an array of const char *, empty if it has none. NULL
 * without an accepted token. */
APR_DECLARE_OPTIONAL_FN(apr_array_header_t *, auth_bearer_scopes, (request_rec *r));

/* A claim by its path (`sub`, `realm_access.roles`, `/kubernetes.io/namespace`), as bearer('path')
 * gives it: a string as it is, anything else as JSON. NULL if it is absent, if the path is none, or
 * for a string with control characters. */
APR_DECLARE_OPTIONAL_FN(const char *, auth_bearer_claim, (request_rec *r, const char *path));

/* The same as JSON text: strings are quoted, and control characters in them escaped. */
APR_DECLARE_OPTIONAL_FN(const char *, auth_bearer_claim_json, (request_rec *r, const char *path));

/* Providers.
 *
 * A module that knows another kind of token registers, in its register_hooks,
 *
 *     static const autht_provider provider = { check_token };
 *
 *     ap_register_auth_provider(pool, AUTHT_PROVIDER_GROUP, "name", AUTHT_PROVIDER_VERSION,
 *                               &provider, AP_AUTH_INTERNAL_PER_CONF);
 *
 * and is asked where AuthBearerProvider has that name. The interface is that of httpd's development
 * branch, whose mod_auth.h declares it.
 *
 * check_token gets "bearer" and the token, a string that RFC 6750 allows and AuthBearerMaxTokenSize
 * lets through, and answers
 *
 *     AUTHT_MISMATCH        not of its kind: the next provider is asked
 *     AUTHT_GRANTED         proven, and r->user is set to a name without control characters
 *     AUTHT_DENIED          401, reason token_refused
 *     AUTHT_INVALID         the same (httpd's own provider means: not valid yet)
 *     AUTHT_EXPIRED         401, reason expired
 *     AUTHT_GENERAL_ERROR   503, reason provider_failed; so does any value not named here
 *
 * It may run in many threads at once, and it may not write the answer. What it leaves in r->user
 * and r->ap_auth_type counts with AUTHT_GRANTED alone. The identity is a name and nothing else: it
 * has no issuer, scopes or claims, so that such lines of Require deny it. */
#ifndef AUTHT_PROVIDER_GROUP
#define AUTHT_PROVIDER_GROUP "autht"
#define AUTHT_PROVIDER_VERSION "0"

typedef enum {
    AUTHT_DENIED,
    AUTHT_GRANTED,
    AUTHT_GENERAL_ERROR,
    AUTHT_MISMATCH,
    AUTHT_EXPIRED,
    AUTHT_INVALID
} autht_status;

typedef struct {
    autht_status (*check_token)(request_rec *r, const char *type, const char *token);
} autht_provider;
#endif

/* In r->notes while a provider is asked: the name by which. */
#ifndef AUTHT_PROVIDER_NAME_NOTE
#define AUTHT_PROVIDER_NAME_NOTE "autht_provider_name"
#endif

#ifdef __cplusplus
}
#endif

#endif
