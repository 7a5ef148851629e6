/* Tokens for backends: how their description is read, and what they say. */
#include <stdlib.h>
#include <jansson.h>
#include "sign.h"
#include "support.h"
#include "bearer/compact.h"
#include "bearer/minting.h"

static char *as_is(apr_pool_t *pool, const char *file)
{
    return apr_pstrdup(pool, file);
}

/* The words of a line, {key} being the source of a good key for ES256. */
static const bearer_minting *open_line(const char *line, const char **error)
{
    static const char *source;
    static apr_pool_t *made_for;
    apr_array_header_t *words = apr_array_make(test_pool, 8, sizeof(const char *));
    char *rest, *word = apr_strtok(apr_pstrdup(test_pool, line), " ", &rest);

    if (made_for != test_pool) {
        source = apr_pstrcat(test_pool, "key=pem:",
                             temp_write_text("mint.pem", private_pem(make_key("P-256"))), NULL);
        made_for = test_pool;
    }
    for (; word != NULL; word = apr_strtok(NULL, " ", &rest))
        APR_ARRAY_PUSH(words, const char *) = strcmp(word, "{key}") == 0 ? source : word;
    APR_ARRAY_PUSH(words, const char *) = NULL;
    *error = NULL;
    return bearer_minting_open(test_pool, (const char *const *)words->elts, as_is, error);
}

#define BASE "{key} algorithm=ES256 issuer=gate audience=inner"

static void lines(void **state)
{
    static const struct { const char *line, *word; } rows[] = {
        { BASE, NULL },
        { BASE " ttl=5 kid=a claims=sub", NULL },
        { BASE " claims=realm_access.roles=roles,/a.b,azp=client_id", NULL },
        { "{key} algorithm=ES256 issuer=gate audience=a,b", NULL },
        { "", "key=" },
        { "{key} algorithm=ES256 issuer=gate", "audience=" },
        { "{key} algorithm=ES256 audience=a", "issuer=" },
        { "{key} issuer=gate audience=a", "algorithm=" },
        { "algorithm=ES256 issuer=gate audience=a", "key=" },
        { BASE " keys=x", "'key='" },
        { BASE " audiences=x", "'audience='" },
        { BASE " nonsense", "nonsense" },
        { BASE " ttl=60 ttl=61", "ttl=" },
        { BASE " ttl=", "ttl=" },
        { BASE " ttl=4", "5 to 3600" },
        { BASE " ttl=3601", "5 to 3600" },
        { BASE " ttl=1m", "1m" },
        { BASE " ttl=-5", "-5" },
        { BASE " claims=a..b", "a..b" },
        { BASE " claims=,", "claims=" },
        { BASE " claims=a.b", "a.b=roles" },
        { BASE " claims=sub,sub", "sub" },
        { BASE " claims=a=x,b=x", "'x'" },
        { BASE " claims=iss", "iss" },
        { BASE " claims=a=exp", "exp" },
        { BASE " claims=act", "act" },
        { BASE " claims=cnf", "cnf" },
        { BASE " claims=a=", "a=" },
        { "{key} algorithm=ES257 issuer=gate audience=a", "'ES256' meant" },
        { "{key} algorithm=none issuer=gate audience=a", "none" },
        { "{key} algorithm=, issuer=gate audience=a", "algorithm" },
        { "{key} algorithm=ES384 issuer=gate audience=a", "does not fit" },
        { "{key} algorithm=RS256 issuer=gate audience=a", "does not fit" },
        { "{key} algorithm=HS256 issuer=gate audience=a", "does not fit" },
        { "{key} algorithm=ES256 issuer=gate audience=a,,b", "audience=" },
        { "{key} algorithm=ES256 issuer=\xff audience=a", "UTF-8" },
        { "key=pem: algorithm=ES256 issuer=gate audience=a", "pem:file" },
        { "key=jwks:x algorithm=ES256 issuer=gate audience=a", "pem:file" },
        { "key=/x algorithm=ES256 issuer=gate audience=a", "pem:file" },
        { "key=pem:/none/of/these algorithm=ES256 issuer=gate audience=a", "/none/of/these" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *error;
        bool made = open_line(rows[i].line, &error) != NULL;

        row_expect(made == (rows[i].word == NULL) && made == (error == NULL), "%s: %s",
                   rows[i].line, error);
        row_expect(made || strstr(error, rows[i].word) != NULL, "%s: %s", rows[i].line, error);
    }
    rows_end();
}

static bearer_claims claims_of(const char *json)
{
    bearer_claims claims = { .json = json_of(json) };
    bearer_verdict refused;

    assert_true(bearer_claims_read(claims.json, &claims, &refused));
    return claims;
}

/* What the token says; its times in *iat and *exp. */
static const bearer_json *payload(const char *token, int64_t *iat, int64_t *exp)
{
    bearer_compact parts;
    const bearer_json *json;

    assert_non_null(token);
    assert_true(bearer_compact_split(bearer_span_of(token), &parts));
    assert_int_equal(bearer_json_read(test_pool, decoded(parts.payload), &json), BEARER_JSON_OK);
    assert_int_equal(bearer_json_time(json, "iat", iat), BEARER_PRESENT);
    assert_int_equal(bearer_json_time(json, "exp", exp), BEARER_PRESENT);
    return json;
}

static void times(void **state)
{
    static const struct { int64_t claims_exp, now, exp; } rows[] = {
        { 2000, 1000, 1060 }, { 1060, 1000, 1060 }, { 1059, 1000, 1059 }, { 1001, 1000, 1001 },
        { 1000, 1000, 1000 }, { 990, 1000, 990 },
    };
    const char *error;
    const bearer_minting *how = open_line(BASE, &error);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_claims from = claims_of(apr_psprintf(test_pool, "{\"iss\":\"a\",\"exp\":%d}",
                                                    (int)rows[i].claims_exp));
        int64_t iat, exp;

        payload(bearer_minting_token(test_pool, how, &from, NULL, rows[i].now, &error), &iat, &exp);
        row_expect(iat == rows[i].now && exp == rows[i].exp, "row %d: iat %d, exp %d", (int)i,
                   (int)iat, (int)exp);
    }
    rows_end();
}

static bool count_member(void *count, const char *name, const bearer_json *value)
{
    (void)name, (void)value;
    ++*(size_t *)count;
    return true;
}

static size_t count_members(const bearer_json *object)
{
    size_t count = 0;

    bearer_json_each(object, count_member, &count);
    return count;
}

typedef struct {
    const bearer_json *found;
    size_t equal;
} comparison;

static bool compare_member(void *context, const char *name, const bearer_json *value)
{
    comparison *with = context;
    const bearer_json *found = bearer_json_member(with->found, name);

    with->equal += found != NULL && strcmp(bearer_json_print(test_pool, found),
                                           bearer_json_print(test_pool, value)) == 0;
    return true;
}

/* Members of the server's own, and these; nothing else. */
static bool says(const bearer_json *found, const bearer_json *wanted)
{
    static const char own[] = "{\"iss\":\"gate\",\"aud\":\"inner\",\"iat\":1000,\"exp\":1060}";
    comparison with = { found, 0 };
    bearer_span jti;

    bearer_json_each(json_of(own), compare_member, &with);
    bearer_json_each(wanted, compare_member, &with);
    return with.equal == 4 + count_members(wanted) && count_members(found) == with.equal + 1
        && bearer_json_string(found, "jti", &jti) == BEARER_PRESENT && jti.len == 32;
}

static void contents(void **state)
{
    static const struct { const char *words, *claims, *wanted; } rows[] = {
        { "", "\"sub\":\"a\",\"scope\":\"x\",\"nonce\":1", "{\"sub\":\"a\",\"scope\":\"x\"}" },
        { "", "\"client_id\":\"c\",\"act\":{\"sub\":\"b\"}",
          "{\"client_id\":\"c\",\"act\":{\"sub\":\"b\"}}" },
        { "", "\"aud\":\"other\",\"iat\":1,\"jti\":\"x\",\"nbf\":1", "{}" },
        { "claims=r.s=t,/x.y", "\"r\":{\"s\":[1,null]},\"x.y\":\"\\u00e9\\\"\"",
          "{\"t\":[1,null],\"x.y\":\"\\u00e9\\\"\"}" },
        { "claims=azp=client_id", "\"azp\":\"a\",\"client_id\":\"c\"", "{\"client_id\":\"a\"}" },
        { "claims=iss=idp", "\"sub\":\"a\"", "{\"idp\":\"them\"}" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *error;
        const bearer_minting *how = open_line(apr_pstrcat(test_pool, BASE " ", rows[i].words, NULL),
                                              &error);
        bearer_claims from = claims_of(apr_psprintf(test_pool,
                                                    "{\"iss\":\"them\",\"exp\":5000,%s}",
                                                    rows[i].claims));
        int64_t iat, exp;
        const bearer_json *found = payload(
            bearer_minting_token(test_pool, how, &from, NULL, 1000, &error), &iat, &exp);

        row_expect(says(found, json_of(rows[i].wanted)), "%s gives %s", rows[i].claims,
                   bearer_json_print(test_pool, found));
    }
    rows_end();
}

static void kept_tokens(void **state)
{
    const char *error;
    const bearer_minting *how = open_line(BASE " ttl=60", &error);
    const bearer_minting *other = open_line(BASE " ttl=60", &error);
    bearer_minted *kept = bearer_minted_make(16);
    bearer_claims a = claims_of("{\"iss\":\"i\",\"sub\":\"a\",\"exp\":2000}");
    bearer_claims b = claims_of("{\"iss\":\"i\",\"sub\":\"b\",\"exp\":2000}");
    bearer_claims sooner = claims_of("{\"iss\":\"i\",\"sub\":\"a\",\"exp\":1999}");
    bearer_claims unread = claims_of("{\"iss\":\"i\",\"sub\":\"a\",\"exp\":2000,\"nonce\":5}");
    const char *first = bearer_minting_token(test_pool, how, &a, kept, 1000, &error);

    (void)state;
    assert_string_equal(bearer_minting_token(test_pool, how, &a, kept, 1029, &error), first);
    assert_string_equal(bearer_minting_token(test_pool, how, &unread, kept, 1029, &error), first);
    assert_string_not_equal(bearer_minting_token(test_pool, how, &a, kept, 999, &error), first);
    first = bearer_minting_token(test_pool, how, &a, kept, 1100, &error);
    assert_string_not_equal(bearer_minting_token(test_pool, how, &a, kept, 1130, &error), first);
    assert_string_not_equal(bearer_minting_token(test_pool, how, &b, kept, 1100, &error), first);
    assert_string_not_equal(bearer_minting_token(test_pool, how, &sooner, kept, 1100, &error),
                            first);
    assert_string_not_equal(bearer_minting_token(test_pool, other, &a, kept, 1100, &error), first);
    assert_string_not_equal(bearer_minting_token(test_pool, how, &a, NULL, 1100, &error), first);
    bearer_minted_free(kept);
}

/* The allocation after so many fails, and with `on` all that follow; none fails below zero. */
static int left = -1;
static bool on, failed;

static void *failing_malloc(size_t size)
{
    if (left == 0) {
        failed = true;
        left = on ? 0 : -1;
        return NULL;
    }
    left -= left > 0;
    return malloc(size);
}

#define MEMBERS "\"sub\":\"a\",\"scope\":\"x\",\"act\":{\"sub\":\"b\"}}"

/* Without memory for JSON there is no token, or the whole one. OpenSSL signs: no libjwt knows this
 * name, and old ones read through null pointers then. */
static void memory(void **state)
{
    const char *pem = temp_write_text("ed448.pem", private_pem(make_key("ED448"))), *error;
    const bearer_minting *how = open_line(apr_psprintf(test_pool, "key=pem:%s algorithm=Ed448"
                                                       " issuer=gate audience=inner", pem), &error);
    bearer_claims from = claims_of("{\"iss\":\"i\",\"exp\":5000," MEMBERS);
    const bearer_json *wanted = json_of("{" MEMBERS);
    json_malloc_t take;
    json_free_t give;
    size_t refused = 0;

    (void)state;
    assert_non_null(how);
    json_get_alloc_funcs(&take, &give);
    json_set_alloc_funcs(failing_malloc, free);
    failed = true;
    for (int turn = 0; turn < 2000 && failed; turn++) {
        const char *token;
        int64_t iat, exp;

        on = turn % 2 == 1;
        failed = false;
        left = turn / 2;
        token = bearer_minting_token(test_pool, how, &from, NULL, 1000, &error);
        left = -1;
        refused += token == NULL;
        row_expect(token == NULL || says(payload(token, &iat, &exp), wanted),
                   "after %d allocations", turn / 2);
    }
    json_set_alloc_funcs(take, give);
    assert_false(failed);
    assert_true(refused > 20);
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(lines), TEST(times), TEST(contents), TEST(kept_tokens), TEST(memory),
    };

    return tests_run(tests);
}
