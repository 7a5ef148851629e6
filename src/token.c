#include "bearer/token.h"
#include "bearer/b64url.h"
#include "bearer/compact.h"
#include "bearer/json_text.h"
#include "bearer/signature.h"

#include <string.h>
#include <apr_strings.h>

/* A token on its way through the steps. */
typedef struct {
    bearer_compact parts;
    bearer_span header_text, payload_text, signature;   /* decoded */
    bearer_header header;
    const bearer_json *payload;
    unsigned char key[BEARER_KEY_IDENTITY];             /* under which the signature holds */
} token_parts;

/* Where it is judged. */
typedef struct {
    apr_pool_t *pool;
    bearer_trust *const *trusts;
    bearer_cache *cache;            /* or NULL */
    int64_t now;
} scene;

bool bearer_token_is_jwt(bearer_span token)
{
    bearer_compact parts;

    return bearer_compact_split(token, &parts) && bearer_b64url_alphabet(parts.header)
        && bearer_b64url_alphabet(parts.payload) && bearer_b64url_alphabet(parts.signature);
}

static bool decode(apr_pool_t *pool, bearer_span text, bearer_span *bytes)
{
    unsigned char *out = apr_palloc(pool, BEARER_B64URL_DECODED(text.len));

    bytes->ptr = (const char *)out;
    return bearer_b64url_decode(text, out, &bytes->len);
}

/* Step 2, but for the JSON, of a token that was split. */
static bool decode_parts(apr_pool_t *pool, token_parts *token, bearer_verdict *refused)
{
    if (!decode(pool, token->parts.header, &token->header_text)
        || !decode(pool, token->parts.payload, &token->payload_text)
        || !decode(pool, token->parts.signature, &token->signature))
        return bearer_refuse(refused, BEARER_TOKEN_MALFORMED,
                             "a part is not base64url to its last bit");
    return true;
}

static bool split(bearer_span text, token_parts *token, bearer_verdict *refused)
{
    return bearer_compact_split(text, &token->parts)
        || bearer_refuse(refused, BEARER_TOKEN_MALFORMED, "not three parts of base64url");
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

static bool allows(uint64_t algorithms, const bearer_alg *alg)
{
    return (algorithms >> bearer_alg_index(alg) & 1) != 0;
}

/* Steps 6 and 7 for a set that somebody holds. algorithms is never 0. */
static bool signature_holds(token_parts *token, const bearer_keyset *keys, uint64_t algorithms,
                            bearer_verdict *refused)
{
    const bearer_header *header = &token->header;
    const bearer_key *found[BEARER_KEYSET_TRIES];
    bearer_signature result = BEARER_SIGNATURE_WRONG;
    size_t count, i;

    if (!allows(algorithms, header->alg))
        return bearer_refuse(refused, BEARER_ALG_REFUSED, header->alg->name);
    count = bearer_keyset_find(keys, header->alg, header->has_kid ? &header->kid : NULL, found);
    if (count == 0)
        return bearer_refuse(refused, BEARER_KEY_UNKNOWN, header->alg->name);
    for (i = 0; i < count && result == BEARER_SIGNATURE_WRONG; i++)
        result = bearer_signature_check(found[i], header->alg, token->parts.signing_input,
                                        token->signature);
    if (result == BEARER_SIGNATURE_UNJUDGED)
        return bearer_refuse(refused, BEARER_KEYS_UNAVAILABLE, "memory or OpenSSL failed");
    if (result != BEARER_SIGNATURE_HOLDS)
        return bearer_refuse(refused, BEARER_SIGNATURE_BAD, header->alg->name);
    memcpy(token->key, found[i - 1]->identity, sizeof(token->key));
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

static bool issuer_signed(token_parts *token, const bearer_trust *trust, int64_t now,
                          bearer_verdict *refused)
{
    bearer_keyset *keys = bearer_keystore_hold(trust->keys);
    bool holds;

    if (trust->rules.algorithms != 0 && !allows(trust->rules.algorithms, token->header.alg))
        holds = bearer_refuse(refused, BEARER_ALG_REFUSED, token->header.alg->name);
    else if (keys == NULL || bearer_keyset_count(keys) == 0)
        holds = bearer_refuse(refused, BEARER_KEYS_UNAVAILABLE,
                              "there are no keys yet, or too old ones");
    else
        holds = signature_holds(token, keys, bearer_trust_algorithms(trust, keys), refused);
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

static const bearer_trust *find_trust(const bearer_json *payload, bearer_trust *const *trusts,
                                      bearer_span *name)
{
    return bearer_json_string(payload, "iss", name) == BEARER_PRESENT
        ? bearer_trust_find(trusts, *name) : NULL;
}

/* The names differ by a slash more often than not. */
static bool refuse_issuer(const scene *at, bearer_span name, bearer_verdict *refused)
{
    const char *trusted = at->trusts[0] != NULL ? at->trusts[0]->rules.name : "";

    return bearer_refuse(refused, BEARER_ISSUER_UNKNOWN,
                         apr_psprintf(at->pool, "iss is \"%s\", and trusted here is \"%s\"%s",
                                      bearer_span_loggable(at->pool, name), trusted,
                                      at->trusts[0] != NULL && at->trusts[1] != NULL
                                          ? " or another" : ""));
}

/* Steps 2 to 7: what must hold before the claims mean anything. The type is first judged against
 * what any issuer of the location may send, since which one it is stands in the payload. */
static bool is_genuine(const scene *at, token_parts *token, bearer_findings *found,
                       bearer_verdict *refused)
{
    apr_pool_t *pool = at->pool;
    bearer_span name = { "", 0 };

    if (!decode_parts(pool, token, refused) || !read_header(pool, token, refused))
        return false;
    found->kid = token->header.kid;
    if (!bearer_trust_any_takes(at->trusts, &token->header))
        return refuse_type(pool, &token->header, refused);
    if (!read_payload(pool, token, refused))
        return false;
    found->trust = find_trust(token->payload, at->trusts, &name);
    if (found->trust == NULL)
        return refuse_issuer(at, name, refused);
    if (!bearer_header_type_in(&token->header, &found->trust->rules.types))
        return refuse_type(pool, &token->header, refused);
    return issuer_signed(token, found->trust, at->now, refused);
}

/* The facts of a token that is judged in full; NULL and *refused if it is not genuine or its claims
 * are malformed. */
static const bearer_facts *establish(const scene *at, token_parts *token, bearer_findings *found,
                                     bearer_verdict *refused)
{
    bearer_facts *facts = apr_palloc(at->pool, sizeof(*facts));

    if (!is_genuine(at, token, found, refused)
        || !bearer_claims_read(token->payload, &facts->claims, refused))
        return NULL;
    facts->trust = found->trust;
    facts->header = token->header;
    memcpy(facts->key, token->key, sizeof(facts->key));
    return facts;
}

/* The key is one that would be tried now, under an algorithm that is allowed now. */
static bool key_counts(const bearer_facts *facts)
{
    const bearer_header *header = &facts->header;
    bearer_keyset *keys = bearer_keystore_hold(facts->trust->keys);
    const bearer_key *found[BEARER_KEYSET_TRIES];
    size_t count = 0;
    bool counts = false;

    if (keys != NULL && allows(bearer_trust_algorithms(facts->trust, keys), header->alg))
        count = bearer_keyset_find(keys, header->alg, header->has_kid ? &header->kid : NULL, found);
    for (size_t i = 0; i < count && !counts; i++)
        counts = memcmp(found[i]->identity, facts->key, sizeof(facts->key)) == 0;
    bearer_keyset_release(keys);
    return counts;
}

/* What a trust of this location proved of the token before and that still holds here, or NULL. */
static const bearer_facts *recall(const scene *at, const unsigned char *digest,
                                  bearer_findings *found)
{
    const bearer_facts *facts = bearer_cache_find(at->cache, at->pool, digest, at->trusts, at->now);

    if (facts == NULL || !bearer_header_type_in(&facts->header, &facts->trust->rules.types))
        return NULL;
    if (!key_counts(facts)) {
        bearer_cache_forget(at->cache, digest, facts->trust);
        return NULL;
    }
    found->trust = facts->trust;
    found->kid = facts->header.kid;
    return facts;
}

/* Facts from the cache, or established now and kept there. */
static const bearer_facts *facts_of(const scene *at, bearer_span text, bearer_findings *found,
                                    bearer_verdict *refused)
{
    unsigned char digest[BEARER_CACHE_DIGEST];
    token_parts token = { .payload = NULL };
    const bearer_facts *facts = NULL;
    bool cached;

    cached = at->cache != NULL && bearer_cache_digest(at->cache, text, digest);
    if (cached)
        facts = recall(at, digest, found);
    if (facts != NULL || !split(text, &token, refused))
        return facts;
    facts = establish(at, &token, found, refused);
    if (facts != NULL && cached)
        bearer_cache_keep(at->cache, digest, facts, at->now);
    return facts;
}

static bearer_verdict conclude(bool every_rule_held, bearer_verdict refused)
{
    return every_rule_held ? (bearer_verdict){ .reason = BEARER_ACCEPTED } : refused;
}

bearer_verdict bearer_token_judge(apr_pool_t *pool, bearer_span text, bearer_trust *const *trusts,
                                  const bearer_policy *policy, bearer_cache *cache, int64_t now,
                                  bearer_findings *found)
{
    bearer_verdict refused = { .reason = BEARER_NOT_CONFIGURED,
                               .detail = "no issuer is configured" };
    scene at = { pool, trusts, cache, now };
    const bearer_facts *facts;

    *found = (bearer_findings){ .trust = NULL };
    if (trusts == NULL || *trusts == NULL)
        return refused;
    facts = facts_of(&at, text, found, &refused);
    return conclude(facts != NULL
                    && bearer_policy_check(pool, policy, &facts->trust->rules, &facts->claims, now,
                                           &found->identity, &refused), refused);
}

/* A foreign token says nothing that could be read here: an object without members. */
static const bearer_json nothing = { .kind = BEARER_JSON_OBJECT, .name_len = sizeof(nothing) };
static const bearer_claims no_claims = {
    .json = &nothing, .issuer = { "", 0 }, .exp_found = BEARER_ABSENT, .nbf_found = BEARER_ABSENT,
    .iat_found = BEARER_ABSENT,
};
static const bearer_json *const no_scopes[] = { NULL };

bearer_verdict bearer_token_vouched(apr_pool_t *pool, const char *user, bearer_findings *found)
{
    bearer_verdict refused = { .reason = BEARER_USER_MISSING,
                               .detail = "the provider named no user" };
    bool named = user != NULL && *user != '\0';

    if (named && bearer_span_has_control(bearer_span_of(user)))
        named = bearer_refuse(&refused, BEARER_USER_MISSING,
                              "the user that the provider named holds control characters");
    if (named)
        found->identity = (bearer_identity){ .claims = &no_claims, .scopes = no_scopes,
                                             .user = apr_pstrdup(pool, user) };
    return conclude(named, refused);
}

bool bearer_token_names(apr_pool_t *pool, bearer_span text, bearer_trust *const *trusts)
{
    token_parts token;
    bearer_verdict ignored;
    bearer_span name;

    return split(text, &token, &ignored) && decode_parts(pool, &token, &ignored)
        && read_payload(pool, &token, &ignored)
        && find_trust(token.payload, trusts, &name) != NULL;
}

bearer_verdict bearer_token_verify(apr_pool_t *pool, bearer_span text, const bearer_keyset *keys,
                                   uint64_t algorithms)
{
    bearer_verdict refused = { .reason = BEARER_NOT_CONFIGURED };
    token_parts token;

    return conclude(split(text, &token, &refused) && decode_parts(pool, &token, &refused)
                    && read_header(pool, &token, &refused)
                    && signature_holds(&token, keys, algorithms, &refused), refused);
}
