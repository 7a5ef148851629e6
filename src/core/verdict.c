#include "bearer/verdict.h"

#include <stddef.h>

#define REQUEST "invalid_request"
#define TOKEN "invalid_token"
#define SCOPE "insufficient_scope"

static const bearer_answer answers[BEARER_REASONS] = {
    [BEARER_NOT_CONFIGURED] = { "not_configured", 503, NULL, NULL, false },
    [BEARER_NO_TOKEN] = { "no_token", 401, NULL, NULL, true },
    [BEARER_REQUEST_MALFORMED] = {
        "request_malformed", 400, REQUEST,
        "The request does not carry one well-formed bearer token", false },
    [BEARER_TOKEN_TOO_LARGE] = {
        "token_too_large", 400, REQUEST, "The token is too large", false },
    [BEARER_FORM_TOO_LARGE] = {
        "form_too_large", 413, NULL, "The form is too large to look for a token in it", false },
    [BEARER_TOKEN_MALFORMED] = {
        "token_malformed", 401, TOKEN, "The token is malformed", false },
    [BEARER_CRIT_REFUSED] = {
        "crit_refused", 401, TOKEN, "The token demands an extension that is not supported", false },
    [BEARER_ALG_REFUSED] = {
        "alg_refused", 401, TOKEN, "The signature algorithm of the token is not accepted", false },
    [BEARER_TYPE_WRONG] = {
        "type_wrong", 401, TOKEN, "The token is not of an accepted type", false },
    [BEARER_ISSUER_UNKNOWN] = {
        "issuer_unknown", 401, TOKEN, "The issuer of the token is not accepted here", false },
    [BEARER_KEY_UNKNOWN] = {
        "key_unknown", 401, TOKEN, "The signing key of the token is not known", false },
    [BEARER_KEYS_UNAVAILABLE] = { "keys_unavailable", 503, NULL, NULL, false },
    [BEARER_SIGNATURE_BAD] = {
        "signature_bad", 401, TOKEN, "The signature of the token is not valid", false },
    [BEARER_CLAIM_MALFORMED] = {
        "claim_malformed", 401, TOKEN, "A claim of the token is missing or malformed", false },
    [BEARER_EXPIRED] = {
        "expired", 401, TOKEN, "The token has expired", true },
    [BEARER_NOT_YET_VALID] = {
        "not_yet_valid", 401, TOKEN, "The token is not valid yet", false },
    [BEARER_TOO_OLD] = {
        "too_old", 401, TOKEN, "The token was issued too long ago", false },
    [BEARER_AUDIENCE_WRONG] = {
        "audience_wrong", 401, TOKEN, "The token is meant for another audience", false },
    [BEARER_BINDING_UNCHECKED] = {
        "binding_unchecked", 401, TOKEN,
        "The token is bound to a key and is no plain bearer token", false },
    [BEARER_USER_MISSING] = {
        "user_missing", 401, TOKEN, "The token does not name the user", false },
    [BEARER_TOKEN_REFUSED] = {
        "token_refused", 401, TOKEN, "The token is not accepted", false },
    [BEARER_PROVIDER_FAILED] = { "provider_failed", 503, NULL, NULL, false },
    [BEARER_SCOPE_LACKING] = {
        "scope_lacking", 403, SCOPE, "The token lacks a scope that is needed here", false },
    [BEARER_RULE_DENIED] = { "rule_denied", 403, NULL, NULL, false },
    [BEARER_ACCEPTED] = { "accepted", 200, NULL, NULL, true },
};

bool bearer_refuse(bearer_verdict *verdict, bearer_reason reason, const char *detail)
{
    *verdict = (bearer_verdict){ .reason = reason, .detail = detail };
    return false;
}

const bearer_answer *bearer_answer_get(bearer_reason reason)
{
    return &answers[(unsigned)reason < BEARER_REASONS ? reason : BEARER_NOT_CONFIGURED];
}

const char *bearer_reason_name(bearer_reason reason)
{
    return bearer_answer_get(reason)->name;
}
