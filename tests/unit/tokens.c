#include "tokens.h"
#include "bearer/issuer.h"

static const test_member good_header[] = {
    { "alg", "\"ES256\"" }, { "kid", "\"main\"" }, { "typ", "\"at+jwt\"" }, { NULL, NULL }
};
static const test_member good_payload[] = {
    { "iss", "\"https://issuer.example\"" }, { "sub", "\"alice\"" }, { "aud", "[\"api\"]" },
    { "exp", "1700000300" }, { "nbf", "1699999990" }, { "iat", "1699999990" },
    { "scope", "\"read\"" },
    { NULL, NULL }
};

test_place place;

static char *as_is(apr_pool_t *pool, const char *file)
{
    return apr_pstrdup(pool, file);
}

static bearer_trust *open_trust(const char *const *words)
{
    const char *error = NULL;
    bearer_trust *trust = bearer_issuer_open(test_pool, words, as_is, &test_log, &error);

    if (trust == NULL)
        fail_msg("%s: %s", words[0], error);
    return trust;
}

static const bearer_path *const *paths_of(const char *a, const char *b)
{
    const char *texts[] = { a, b, NULL };
    const bearer_path *const *paths;

    assert_null(bearer_paths_read(test_pool, texts, &paths));
    return paths;
}

static apr_status_t free_cache(void *cache)
{
    bearer_cache_free(cache);
    return APR_SUCCESS;
}

void place_make(void)
{
    static const char *const audiences[] = { "api", NULL };
    const char *keys, *others;

    place.key = make_key("P-256");
    place.stranger = make_key("P-256");
    keys = apr_pstrcat(test_pool, "keys=jwks:", temp_write_text("keys",
                       public_jwk(place.key, "\"kid\":\"main\",")), NULL);
    others = apr_pstrcat(test_pool, "keys=jwks:", temp_write_text("others",
                         public_jwk(place.stranger, "\"kid\":\"main\",")), NULL);
    place.trusts[0] = open_trust((const char *const[]){ "https://other.example", others, NULL });
    place.trusts[1] = open_trust((const char *const[]){ "https://issuer.example", keys, NULL });
    place.policy = (bearer_policy){
        .audiences = audiences, .leeway = 30, .max_age = 3600,
        .users = paths_of("sub", "client_id"), .scopes = paths_of("scope", "scp"),
    };
    place.cache = bearer_cache_make(1000, 1000000);
    assert_non_null(place.cache);
    apr_pool_cleanup_register(test_pool, place.cache, free_cache, apr_pool_cleanup_null);
}

static const char *tail(const char *a, const char *b)
{
    return apr_pstrcat(test_pool, a != NULL ? a : "", b != NULL ? b : "", NULL);
}

const char *token_flip(const char *token)
{
    char *copy = apr_pstrdup(test_pool, token), *place_of = strrchr(copy, '.') + 10;

    *place_of = *place_of == 'A' ? 'B' : 'A';
    return copy;
}

const char *token_build(const token_change *one, const token_change *more)
{
    static const token_change none = { .name = "" };
    const char *header, *payload, *token;

    more = more != NULL ? more : &none;
    header = tail(tail(object_text(good_header, one->header, more->header), one->header_tail),
                  more->header_tail);
    payload = tail(tail(object_text(good_payload, one->payload, more->payload), one->payload_tail),
                   more->payload_tail);
    token = sign_token(one->other_key || more->other_key ? place.stranger : place.key, "ES256",
                       header, payload);
    if (one->flipped || more->flipped)
        token = token_flip(token);
    return tail(tail(token, one->token_tail), more->token_tail);
}

static bearer_verdict judge(const char *token, bearer_cache *cache, bearer_findings *found)
{
    return bearer_token_judge(test_pool, tight_text(token), place.trusts, &place.policy, cache, NOW,
                              found);
}

/* Of which trust, and as whom. */
static bool same_findings(const bearer_findings *a, const bearer_findings *b)
{
    return a->trust == b->trust && bearer_span_equal(a->kid, b->kid)
        && (a->identity.user == b->identity.user
            || strcmp(a->identity.user, b->identity.user) == 0)
        && (a->identity.scopes == NULL) == (b->identity.scopes == NULL);
}

bearer_verdict token_judge(const char *token, bearer_findings *found)
{
    bearer_findings fresh;
    bearer_verdict alone = judge(token, NULL, &fresh), with = alone;

    for (int i = 0; i < 2; i++) {
        with = judge(token, place.cache, found);
        if (with.reason != alone.reason || !same_findings(found, &fresh))
            fail_msg("%s: %s with the cache, %s without", token, bearer_reason_name(with.reason),
                     bearer_reason_name(alone.reason));
    }
    return with;
}

const char *token_payload(const test_member *edits)
{
    return object_text(good_payload, edits, NULL);
}
