/* One cache for many locations: whatever was judged before, and where, each judges by its own rules
 * as if nothing were kept. */
#include "tokens.h"
#include "bearer/issuer.h"

#define ISSUER "https://issuer.example"

/* Locations: how their line names the issuer, what they demand beside it, and what becomes of the
 * first token there. */
static const struct {
    const char *name, *line;        /* words of AuthBearerIssuer after the name */
    const char *audience;
    int leeway, max_age;
    const char *user;
    bearer_reason good;
} rows[] = {
    { "plain",          "keys=jwks:keys", "api", 30, 0, "sub", BEARER_ACCEPTED },
    { "other audience", "keys=jwks:keys", "elsewhere", 30, 0, "sub", BEARER_AUDIENCE_WRONG },
    { "own audience",   "keys=jwks:keys audience=elsewhere", "api", 30, 0, "sub",
      BEARER_AUDIENCE_WRONG },
    { "any audience",   "keys=jwks:keys audience=any", "none", 30, 0, "sub", BEARER_ACCEPTED },
    { "other key",      "keys=jwks:others", "api", 30, 0, "sub", BEARER_SIGNATURE_BAD },
    { "other kid",      "keys=jwks:renamed", "api", 30, 0, "sub", BEARER_KEY_UNKNOWN },
    { "narrow key",     "keys=jwks:narrow", "api", 30, 0, "sub", BEARER_ACCEPTED },
    { "both keys",      "keys=jwks:others keys=jwks:keys", "api", 30, 0, "sub", BEARER_ACCEPTED },
    { "algorithm",      "keys=jwks:pair algorithms=EdDSA", "api", 30, 0, "sub",
      BEARER_ALG_REFUSED },
    { "this algorithm", "keys=jwks:keys algorithms=ES256", "api", 30, 0, "sub", BEARER_ACCEPTED },
    { "type",           "keys=jwks:keys types=JWT", "api", 30, 0, "sub", BEARER_TYPE_WRONG },
    { "any type",       "keys=jwks:keys types=JWT,at+jwt,absent,id", "api", 30, 0, "sub",
      BEARER_ACCEPTED },
    { "no leeway",      "keys=jwks:keys", "api", 0, 0, "sub", BEARER_ACCEPTED },
    { "much leeway",    "keys=jwks:keys", "api", 300, 0, "sub", BEARER_ACCEPTED },
    { "fresh",          "keys=jwks:keys", "api", 30, 5, "sub", BEARER_TOO_OLD },
    { "other user",     "keys=jwks:keys", "api", 30, 0, "email", BEARER_ACCEPTED },
    { "no such user",   "keys=jwks:keys", "api", 30, 0, "nickname", BEARER_USER_MISSING },
    { "prefix",         "keys=jwks:keys user-prefix=x:", "api", 30, 0, "sub", BEARER_ACCEPTED },
};

typedef struct {
    bearer_trust *trusts[2];
    bearer_policy policy;
} place_of_row;

static place_of_row places[COUNT(rows)];
static const char *tokens[16];
static size_t token_count;

static const bearer_path *const *path_of(const char *text)
{
    const char *texts[] = { text, NULL };
    const bearer_path *const *paths;

    assert_null(bearer_paths_read(test_pool, texts, &paths));
    return paths;
}

static char *in_folder(apr_pool_t *pool, const char *file)
{
    return apr_pstrdup(pool, temp_path(file));
}

static void open_place(size_t i)
{
    const char *words[8] = { ISSUER }, *error = NULL;
    const char **audiences = apr_pcalloc(test_pool, 2 * sizeof(*audiences));
    char *rest = apr_pstrdup(test_pool, rows[i].line), *state;
    size_t n = 1;

    for (char *word = apr_strtok(rest, " ", &state); word != NULL;
         word = apr_strtok(NULL, " ", &state))
        words[n++] = word;
    audiences[0] = rows[i].audience;
    places[i].trusts[0] = bearer_issuer_open(test_pool, words, in_folder, &test_log, &error);
    if (places[i].trusts[0] == NULL)
        fail_msg("%s: %s", rows[i].name, error);
    places[i].policy = (bearer_policy){
        .audiences = audiences, .leeway = rows[i].leeway, .max_age = rows[i].max_age,
        .users = path_of(rows[i].user), .scopes = bearer_default_scopes,
    };
}

static void add_token(const token_change *change)
{
    tokens[token_count++] = token_build(change, NULL);
}

/* A key and tokens, and the same locations for each test. */
static void make_all(void)
{
    static const token_change changes[] = {
        { .name = "good", .payload = { { "email", "\"a@example\"" }, { NULL, NULL } } },
        { .name = "JWT", .header = { { "typ", "\"JWT\"" }, { NULL, NULL } } },
        { .name = "no type", .header = { { "typ", NULL }, { NULL, NULL } } },
        { .name = "no kid", .header = { { "kid", NULL }, { NULL, NULL } } },
        { .name = "expired", .payload = { { "exp", "1699999980" }, { NULL, NULL } } },
        { .name = "long expired", .payload = { { "exp", "1699999000" }, { NULL, NULL } } },
        { .name = "both", .payload = { { "aud", "[\"elsewhere\",\"api\"]" }, { NULL, NULL } } },
        { .name = "ID", .payload = { { "at_hash", "\"x\"" }, { NULL, NULL } } },
        { .name = "bound", .payload = { { "cnf", "{}" }, { NULL, NULL } } },
        { .name = "stranger", .other_key = true },
        { .name = "flipped", .flipped = true },
        { .name = "scope", .payload = { { "scope", "7" }, { NULL, NULL } } },
    };

    place_make();
    temp_write_text("renamed", public_jwk(place.key, "\"kid\":\"another\","));
    temp_write_text("narrow", public_jwk(place.key, "\"kid\":\"main\",\"alg\":\"ES256\","));
    temp_write_text("pair", apr_pstrcat(test_pool, "{\"keys\":[",
                                        public_jwk(place.key, "\"kid\":\"main\","), ",",
                                        public_jwk(make_key("ED25519"), "\"kid\":\"main\","),
                                        "]}", NULL));
    for (size_t i = 0; i < COUNT(rows); i++)
        open_place(i);
    token_count = 0;
    for (size_t i = 0; i < COUNT(changes); i++)
        add_token(&changes[i]);
}

static bearer_verdict judge(size_t at, size_t token, bearer_cache *cache, const char **user)
{
    bearer_findings found;
    bearer_verdict verdict = bearer_token_judge(test_pool, bearer_span_of(tokens[token]),
                                                places[at].trusts, &places[at].policy, cache, NOW,
                                                &found);

    *user = verdict.reason == BEARER_ACCEPTED ? found.identity.user : "";
    return verdict;
}

/* The verdicts without a cache, for the keys as they are now. */
static struct { bearer_reason reason; const char *user; } expected[COUNT(rows)][COUNT(tokens)];

static void judge_alone(void)
{
    for (size_t at = 0; at < COUNT(rows); at++)
        for (size_t t = 0; t < token_count; t++)
            expected[at][t].reason = judge(at, t, NULL, &expected[at][t].user).reason;
}

static bool accepted_somewhere(size_t token)
{
    for (size_t at = 0; at < COUNT(rows); at++)
        if (expected[at][token].reason == BEARER_ACCEPTED)
            return true;
    return false;
}

static void expect_same(size_t at, size_t token, const char *before)
{
    const char *user;
    bearer_reason reason = judge(at, token, place.cache, &user).reason;

    row_expect(reason == expected[at][token].reason && strcmp(user, expected[at][token].user) == 0,
               "token %zu at '%s' after %s: %s as '%s', not %s as '%s'", token, rows[at].name,
               before, bearer_reason_name(reason), user,
               bearer_reason_name(expected[at][token].reason), expected[at][token].user);
}

/* What is accepted somewhere, at two locations, from an empty cache on: the first token at every
 * two, the others at each fifth pair, for valgrind's sake. */
static void locations_do_not_meet(void **state)
{
    (void)state;
    make_all();
    judge_alone();
    for (size_t t = 0; t < token_count; t++) {
        size_t step = t == 0 ? 1 : 5, pairs = accepted_somewhere(t) ? COUNT(rows) * COUNT(rows) : 0;

        for (size_t pair = t % step; pair < pairs; pair += step) {
            size_t a = pair / COUNT(rows), b = pair % COUNT(rows);
            bearer_cache *cache = bearer_cache_make(16, 100000), *old = place.cache;

            place.cache = cache;
            expect_same(a, t, "nothing");
            expect_same(b, t, rows[a].name);
            expect_same(a, t, rows[b].name);
            place.cache = old;
            bearer_cache_free(cache);
        }
    }
    rows_end();
}

/* The table says what it seems to say. */
static void what_locations_say(void **state)
{
    const char *user;

    (void)state;
    make_all();
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_reason reason = judge(i, 0, NULL, &user).reason;

        row_expect(reason == rows[i].good, "%s: %s", rows[i].name, bearer_reason_name(reason));
    }
    rows_end();
}

static void look(void)
{
    bearer_means with = { .now = NOW, .log = &test_log };

    for (size_t i = 0; i < COUNT(rows); i++)
        bearer_keystore_look(test_pool, places[i].trusts[0]->keys, &with);
}

/* Stamps of files tell time in steps: a set of another length is always seen. */
static const char *padded(const char *jwk, int n)
{
    return apr_psprintf(test_pool, "{\"keys\":[%s]%*s}", jwk, n + 1, "");
}

/* The key goes, comes back, and changes under its name: at once for all, and as if nothing were
 * kept. */
static void rotation(void **state)
{
    const char *own, *another, *renamed, *with_new;

    (void)state;
    make_all();
    own = public_jwk(place.key, "\"kid\":\"main\",");
    another = public_jwk(place.stranger, "\"kid\":\"main\",");
    renamed = public_jwk(place.key, "\"kid\":\"next\",");
    with_new = apr_pstrcat(test_pool, public_jwk(place.stranger, "\"kid\":\"next\","), ",", own,
                           NULL);
    const struct { const char *set; bearer_reason reason; } steps[] = {
        { own, BEARER_ACCEPTED },          { with_new, BEARER_ACCEPTED },
        { another, BEARER_SIGNATURE_BAD }, { own, BEARER_ACCEPTED },
        { renamed, BEARER_KEY_UNKNOWN },   { own, BEARER_ACCEPTED },
    };

    for (size_t i = 0; i < COUNT(steps); i++) {
        const char *user;

        temp_write_text("keys", padded(steps[i].set, (int)i));
        look();
        for (int again = 0; again < 2; again++)
            row_expect(judge(0, 0, place.cache, &user).reason == steps[i].reason, "step %zu", i);
        judge_alone();
        for (size_t t = 0; t < token_count; t++)
            for (size_t at = 0; at < COUNT(rows); at++)
                expect_same(at, t, "the last set");
    }
    rows_end();
}

/* A token of a key that stays is not verified again because another key came. */
static void a_key_that_stays(void **state)
{
    const unsigned char *digest;
    unsigned char room[BEARER_CACHE_DIGEST];
    const bearer_facts *before, *after;
    const char *user, *own, *more;

    (void)state;
    make_all();
    digest = room;
    assert_true(bearer_cache_digest(place.cache, bearer_span_of(tokens[0]), room));
    judge(0, 0, place.cache, &user);
    before = bearer_cache_find(place.cache, test_pool, digest, places[0].trusts, NOW);
    own = public_jwk(place.key, "\"kid\":\"main\",");
    more = public_jwk(place.stranger, "\"kid\":\"next\",");
    temp_write_text("keys", padded(apr_pstrcat(test_pool, more, ",", own, NULL), 0));
    look();
    judge(0, 0, place.cache, &user);
    after = bearer_cache_find(place.cache, test_pool, digest, places[0].trusts, NOW);
    assert_non_null(before);
    assert_ptr_equal(before, after);
    temp_write_text("keys", padded(more, 0));
    look();
    judge(0, 0, place.cache, &user);
    assert_null(bearer_cache_find(place.cache, test_pool, digest, places[0].trusts, NOW));
}

static size_t place_named(const char *name)
{
    size_t i = 0;

    while (strcmp(rows[i].name, name) != 0)
        i++;
    return i;
}

/* The first key that a location has for ES256. */
static const bearer_key *key_at(size_t at)
{
    bearer_keyset *set = bearer_keystore_hold(places[at].trusts[0]->keys);
    const bearer_key *found[BEARER_KEYSET_TRIES];

    assert_true(bearer_keyset_find(set, bearer_alg_find(SPAN("ES256")), NULL, found) > 0);
    bearer_keyset_release(set);             /* the store holds it on */
    return found[0];
}

/* Puts facts about the first token where a location looks for them; they call its user mallory. */
static void forge(size_t at, const char *typ, const unsigned char *identity)
{
    static const test_member mallory[] = { { "sub", "\"mallory\"" }, { NULL, NULL } };
    bearer_facts facts = { .trust = places[at].trusts[0] };
    unsigned char digest[BEARER_CACHE_DIGEST];
    bearer_verdict refused;

    memcpy(facts.key, identity, sizeof(facts.key));
    facts.header = (bearer_header){ .alg = bearer_alg_find(SPAN("ES256")), .has_kid = true,
                                    .kid = SPAN("main"), .has_typ = true,
                                    .typ = bearer_span_of(typ) };
    assert_true(bearer_claims_read(json_of(token_payload(mallory)), &facts.claims, &refused));
    assert_true(bearer_cache_digest(place.cache, bearer_span_of(tokens[0]), digest));
    bearer_cache_keep(place.cache, digest, &facts, NOW);
}

/* Facts that a location's rules contradict count for nothing, wherever they come from: the token
 * itself is judged. The first row shows that the others would have been seen. */
static void facts_are_doubted(void **state)
{
    static const unsigned char nobody[BEARER_KEY_IDENTITY];
    const struct { const char *at, *typ; bool own_key; const char *user; } forged[] = {
        { "plain", "at+jwt", true, "mallory" },
        { "plain", "at+jwt", false, "alice" },
        { "plain", "dpop+jwt", true, "alice" },
        { "type", "at+jwt", true, "" },
        { "algorithm", "at+jwt", true, "" },
        { "no such user", "at+jwt", true, "" },
    };

    (void)state;
    make_all();
    for (size_t i = 0; i < COUNT(forged); i++) {
        size_t at = place_named(forged[i].at);
        const char *user;

        forge(at, forged[i].typ, forged[i].own_key ? key_at(at)->identity : nobody);
        judge(at, 0, place.cache, &user);
        row_expect(strcmp(user, forged[i].user) == 0, "row %zu: '%s'", i, user);
    }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(locations_do_not_meet), TEST(what_locations_say), TEST(rotation),
        TEST(a_key_that_stays), TEST(facts_are_doubted),
    };

    return tests_run(tests);
}
