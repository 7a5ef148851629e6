#include "bearer/claims.h"

#include <apr_tables.h>

/* RFC 7519 sections 4.1.2 and 4.1.7, RFC 9068 section 2.2: strings where they are present. */
static const char *const strings[] = { "sub", "jti", "client_id" };

/* Claims by which issuers mark what is no access token. */
static bool is_other_token(const bearer_json *json)
{
    static const char *const kinds[] = { "ID", "Refresh", "Offline", "Logout" };
    static const char *const hashes[] = { "at_hash", "c_hash", "s_hash" };
    bearer_span text;

    if (bearer_json_string(json, "typ", &text) == BEARER_PRESENT)
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
            if (bearer_span_is_nocase(text, kinds[i]))
                return true;
    if (bearer_json_string(json, "token_use", &text) == BEARER_PRESENT
        && bearer_span_is(text, "id"))
        return true;
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
        if (bearer_json_member(json, hashes[i]) != NULL)
            return true;
    return false;
}

bool bearer_claims_read(const bearer_json *json, bearer_claims *claims, bearer_verdict *refused)
{
    bearer_span ignored;

    *claims = (bearer_claims){ .json = json };
    if (bearer_json_string(json, "iss", &claims->issuer) == BEARER_WRONG)
        return bearer_refuse(refused, BEARER_CLAIM_MALFORMED, "iss");
    claims->exp_found = bearer_json_time(json, "exp", &claims->exp);
    if (claims->exp_found == BEARER_WRONG)
        return bearer_refuse(refused, BEARER_CLAIM_MALFORMED, "exp");
    claims->nbf_found = bearer_json_time(json, "nbf", &claims->nbf);
    if (claims->nbf_found == BEARER_WRONG)
        return bearer_refuse(refused, BEARER_CLAIM_MALFORMED, "nbf");
    claims->iat_found = bearer_json_time(json, "iat", &claims->iat);
    if (claims->iat_found == BEARER_WRONG)
        return bearer_refuse(refused, BEARER_CLAIM_MALFORMED, "iat");
    if (bearer_json_strings(json, "aud", &claims->audience) == BEARER_WRONG)
        return bearer_refuse(refused, BEARER_CLAIM_MALFORMED, "aud");
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        if (bearer_json_string(json, strings[i], &ignored) == BEARER_WRONG)
            return bearer_refuse(refused, BEARER_CLAIM_MALFORMED, strings[i]);
    claims->other_token = is_other_token(json);
    claims->bound = bearer_json_member(json, "cnf") != NULL;
    return true;
}

/* A string is parted at its spaces (RFC 6749 section 3.3). */
static bool text_has_scope(bearer_span text, bearer_span scope)
{
    bearer_span word;

    while (bearer_span_next_word(&text, ' ', &word))
        if (bearer_span_equal(word, scope))
            return true;
    return false;
}

/* An element of an array is one scope as it stands. */
static bool array_has_scope(const bearer_json *array, bearer_span scope)
{
    for (size_t i = 0; i < bearer_json_count(array); i++)
        if (bearer_span_equal(bearer_json_text(bearer_json_item(array, i)), scope))
            return true;
    return false;
}

bool bearer_identity_has_scope(const bearer_identity *identity, bearer_span scope)
{
    for (const bearer_json *const *one = identity->scopes; scope.len > 0 && *one != NULL; one++)
        if (bearer_json_kind_of(*one) == BEARER_JSON_STRING
                ? text_has_scope(bearer_json_text(*one), scope) : array_has_scope(*one, scope))
            return true;
    return false;
}

bool bearer_identity_read_scopes(apr_pool_t *pool, const bearer_path *const *paths,
                                 bearer_identity *identity)
{
    const bearer_json **found;
    size_t n = 0;

    while (paths != NULL && paths[n] != NULL)
        n++;
    identity->scopes = found = apr_palloc(pool, (n + 1) * sizeof(*found));
    for (size_t i = 0; i < n; i++) {
        const bearer_json *value = bearer_path_find(paths[i], identity->claims->json);

        if (value != NULL && !bearer_json_is_strings(value))
            return false;
        if (value != NULL)
            *found++ = value;
    }
    *found = NULL;
    return true;
}

static void add_scope(apr_array_header_t *scopes, bearer_span scope)
{
    for (int i = 0; i < scopes->nelts; i++)
        if (bearer_span_equal(APR_ARRAY_IDX(scopes, i, bearer_span), scope))
            return;
    if (scope.len > 0)
        APR_ARRAY_PUSH(scopes, bearer_span) = scope;
}

const bearer_span *bearer_identity_scopes(apr_pool_t *pool, const bearer_identity *identity,
                                          size_t *count)
{
    apr_array_header_t *scopes = apr_array_make(pool, 8, sizeof(bearer_span));

    for (const bearer_json *const *one = identity->scopes; *one != NULL; one++) {
        bearer_span text = bearer_json_text(*one), word;

        while (bearer_span_next_word(&text, ' ', &word))
            add_scope(scopes, word);
        for (size_t i = 0; i < bearer_json_count(*one); i++)
            add_scope(scopes, bearer_json_text(bearer_json_item(*one, i)));
    }
    *count = (size_t)scopes->nelts;
    return (const bearer_span *)scopes->elts;
}
