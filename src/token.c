#include "bearer/token.h"
#include "bearer/b64url.h"
#include "bearer/compact.h"
#include "bearer/signature.h"

#include <apr_strings.h>

/* A token on its way through the steps. */
typedef struct {
    bearer_compact parts;
    bearer_span header_text, payload_text, signature;   /* decoded */
    bearer_header header;
    const bearer_json *payload;
} token_parts;

bool bearer_token_is_jwt(bearer_span token)
{
    bearer_compact parts;

    return bearer_compact_split(token, &parts);
}

static bool decode(apr_pool_t *pool, bearer_span text, bearer_span *bytes)
{
    unsigned char *out = apr_palloc(pool, BEARER_B64URL_DECODED(text.len));

    bytes->ptr = (const char *)out;
    return bearer_b64url_decode(text, out, &bytes->len);
}

/* Step 2, but for the JSON. */
static bool take_apart(apr_pool_t *pool, bearer_span text, token_parts *token,
                       bearer_verdict *refused)
{
    if (!bearer_compact_split(text, &token->parts))
        return bearer_refuse(refused, BEARER_TOKEN_MALFORMED, "not three parts of base64url");
    if (!decode(pool, token->parts.header, &token->header_text)
        || !decode(pool, token->parts.payload, &token->payload_text)
        || !decode(pool, token->parts.signature, &token->signature))
        return bearer_refuse(refused, BEARER_TOKEN_MALFORMED,
                             "a part is not base64url to its last bit");
    return true;
}

static bool read_json(apr_pool_t *pool, bearer_span text, const char *what,
                      const bearer_json **json, bearer_verdict *refused)
{
    switch (bearer_json_read(pool, text, json)) {
    case BEARER_JSON_OK:
        return true;
    case BEARER_JSON_NO_MEMORY:
        return bearer_refuse(refused, BEARER_KEYS_UNAVAILABLE, "memory failed");
    default:
        return bearer_refuse(refused, BEARER_TOKEN_MALFORMED, what);
    }
}

static bool read_header(apr_pool_t *pool, token_parts *token, bearer_verdict *refused)
{
    const bearer_json *json;

    return read_json(pool, token->header_text, "the header is not one strict JSON object", &json,
                     refused)
           && bearer_header_read(json, &token->header, refused);
}

static bool read_payload(apr_pool_t *pool, token_parts *token, bearer_verdict *refused)
{
    return read_json(pool, token->payload_text, "the payload is not one strict JSON object",
                     &token->payload, refused);
}

static const bearer_trust *trust_find(const bearer_json *payload, bearer_trust *const *trusts,
                                      bearer_span *name_sent)
{
    bearer_span name;

    if (bearer_json_string(payload, "iss", &name) != BEARER_PRESENT)
        return NULL;
    *name_sent = name;
    for (; *trusts != NULL; trusts++)
        if (bearer_span_is(name, (*trusts)->rules.name))
            return *trusts;
    return NULL;
}

/* Before the issuer is known: a type that none of the location's issuers may send. */
static bool type_is_possible(const bearer_header *header, bearer_trust *const *trusts)
{
    for (; *trusts != NULL; trusts++)
        if (bearer_header_type_in(header, &(*trusts)->rules.types))
            return true;
    return false;
}

static uint64_t asymmetric(uint64_t algorithms)
{
    const bearer_alg *alg;

    for (size_t i = 0; (alg = bearer_alg_at(i)) != NULL; i++)
        if (alg->kty == BEARER_KTY_OCT)
            algorithms &= ~(UINT64_C(1) << bearer_alg_index(alg));
    return algorithms;
}

static bool allows(uint64_t algorithms, const bearer_alg *alg)
{
    return (algorithms >> bearer_alg_index(alg) & 1) != 0;
}

/* Steps 6 and 7 for a set that somebody holds. algorithms is never 0. */
static bool signature_holds(const token_parts *token, const bearer_keyset *keys,
                            uint64_t algorithms, bearer_verdict *refused)
{
    const bearer_header *header = &token->header;
    const bearer_key *found[BEARER_KEYSET_TRIES];
    bearer_signature result = BEARER_SIGNATURE_WRONG;
    size_t count;

    if (!allows(algorithms, header->alg))
        return bearer_refuse(refused, BEARER_ALG_REFUSED, header->alg->name);
    count = bearer_keyset_find(keys, header->alg, header->has_kid ? &header->kid : NULL, found);
    if (count == 0)
        return bearer_refuse(refused, BEARER_KEY_UNKNOWN, header->alg->name);
    for (size_t i = 0; i < count && result == BEARER_SIGNATURE_WRONG; i++)
        result = bearer_signature_check(found[i], header->alg, token->parts.signing_input,
                                        token->signature);
    if (result == BEARER_SIGNATURE_UNJUDGED)
        return bearer_refuse(refused, BEARER_KEYS_UNAVAILABLE, "memory or OpenSSL failed");
    if (result != BEARER_SIGNATURE_HOLDS)
        return bearer_refuse(refused, BEARER_SIGNATURE_BAD, header->alg->name);
    return true;
}

/* Keys that the issuer published since the last look may tell: it is asked for them. A key without
 * a name can be exchanged without one seeing it. Where the keys decide about the algorithms, new
 * ones may bring another. */
static bool may_be_news(const token_parts *token, const bearer_trust *trust, bearer_verdict refused)
{
    return refused.reason == BEARER_KEY_UNKNOWN
        || (refused.reason == BEARER_SIGNATURE_BAD && !token->header.has_kid)
        || (refused.reason == BEARER_ALG_REFUSED && trust->rules.algorithms == 0
            && token->header.alg->kty != BEARER_KTY_OCT);
}

static bool issuer_signed(const token_parts *token, const bearer_trust *trust, int64_t now,
                          bearer_verdict *refused)
{
    bearer_keyset *keys = bearer_keystore_hold(trust->keys);
    uint64_t algorithms = trust->rules.algorithms;
    bool holds;

    if (algorithms != 0 && !allows(algorithms, token->header.alg))
        holds = bearer_refuse(refused, BEARER_ALG_REFUSED, token->header.alg->name);
    else if (keys == NULL || bearer_keyset_count(keys) == 0)
        holds = bearer_refuse(refused, BEARER_KEYS_UNAVAILABLE,
                              "there are no keys yet, or too old ones");
    else {
        if (algorithms == 0)
            algorithms = asymmetric(bearer_keyset_algorithms(keys));
        holds = signature_holds(token, keys, algorithms, refused);
    }
    bearer_keyset_release(keys);
    if (!holds && may_be_news(token, trust, *refused))
        bearer_keystore_ask(trust->keys, now);
    return holds;
}

static bool refuse_type(apr_pool_t *pool, const bearer_header *header, bearer_verdict *refused)
{
    if (!header->has_typ)
        return bearer_refuse(refused, BEARER_TYPE_WRONG, "the header has no typ");
    return bearer_refuse(refused, BEARER_TYPE_WRONG,
                         apr_psprintf(pool, "the header's typ is \"%s\"",
                                      bearer_span_loggable(pool, header->typ)));
}

/* Steps 2 to 7: what must hold before the claims mean anything. */
static bool is_genuine(apr_pool_t *pool, bearer_span text, bearer_trust *const *trusts,
                       int64_t now, token_parts *token, bearer_findings *found,
                       bearer_verdict *refused)
{
    bearer_span name = { "", 0 };

    if (!take_apart(pool, text, token, refused) || !read_header(pool, token, refused))
        return false;
    found->kid = token->header.kid;
    if (!type_is_possible(&token->header, trusts))
        return refuse_type(pool, &token->header, refused);
    if (!read_payload(pool, token, refused))
        return false;
    found->trust = trust_find(token->payload, trusts, &name);
    if (found->trust == NULL)
        return bearer_refuse(refused, BEARER_ISSUER_UNKNOWN,
                             apr_psprintf(pool, "iss is \"%s\"", bearer_span_loggable(pool, name)));
    if (!bearer_header_type_in(&token->header, &found->trust->rules.types))
        return refuse_type(pool, &token->header, refused);
    return issuer_signed(token, found->trust, now, refused);
}

static bearer_verdict conclude(bool every_rule_held, bearer_verdict refused)
{
    return every_rule_held ? (bearer_verdict){ .reason = BEARER_ACCEPTED } : refused;
}

bearer_verdict bearer_token_judge(apr_pool_t *pool, bearer_span text, bearer_trust *const *trusts,
                                  const bearer_policy *policy, int64_t now, bearer_findings *found)
{
    bearer_verdict refused = { .reason = BEARER_NOT_CONFIGURED,
                               .detail = "no issuer is configured" };
    bearer_claims *claims = apr_palloc(pool, sizeof(*claims));
    token_parts token = { .payload = NULL };

    *found = (bearer_findings){ .trust = NULL };
    if (trusts == NULL || *trusts == NULL)
        return refused;
    return conclude(is_genuine(pool, text, trusts, now, &token, found, &refused)
                    && bearer_claims_read(token.payload, claims, &refused)
                    && bearer_policy_check(pool, policy, &found->trust->rules, claims, now,
                                           &found->identity, &refused), refused);
}

bool bearer_token_names(apr_pool_t *pool, bearer_span text, bearer_trust *const *trusts)
{
    token_parts token;
    bearer_verdict ignored;
    bearer_span name;

    return take_apart(pool, text, &token, &ignored) && read_payload(pool, &token, &ignored)
        && trust_find(token.payload, trusts, &name) != NULL;
}

bearer_verdict bearer_token_verify(apr_pool_t *pool, bearer_span text, const bearer_keyset *keys,
                                   uint64_t algorithms)
{
    bearer_verdict refused = { .reason = BEARER_NOT_CONFIGURED };
    token_parts token;

    return conclude(take_apart(pool, text, &token, &refused) && read_header(pool, &token, &refused)
                    && signature_holds(&token, keys, algorithms, &refused), refused);
}
