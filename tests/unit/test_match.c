#include <time.h>
#include "support.h"
#include "bearer/match.h"

static const char payload[] =
    "{\"s\":\"5\",\"n\":5,\"neg\":-2,\"r\":1.5,\"big\":9007199254740993,\"t\":true,\"f\":false,"
    "\"nul\":null,\"str\":\"true\",\"o\":{\"k\":\"v\"},\"roles\":[\"user\",\"admin\"],"
    "\"nums\":[1,5,\"7\"],\"empty\":[],\"mix\":[\"user\",5,true,null,{}],\"blank\":\"a b\","
    "\"quote\":\"say \\\"hi\\\"\",\"eq\":\"=\",\"ex\":\"exists\",\"name\":\"adm-1\","
    "\"lines\":\"adm\\nx\",\"line\":\"adm\\n\",\"\":1,\"accent\":\"\xc3\xa9\","
    "\"none\":\"\",\"a.b\":\"dot\","
    "\"evil\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"}";

static const struct { const char *rule; bool holds; } rules[] = {
    /* types: a bare number, true or false is that JSON type, everything else is a string */
    { "n 5", true }, { "n = 5", true }, { "n \"5\"", false }, { "n '5'", false }, { "s 5", false },
    { "s \"5\"", true }, { "s = '5'", true }, { "n 5.0", true }, { "n 6", false },
    { "neg -2", true }, { "r 1.5", true }, { "r 15e-1", true }, { "t true", true },
    { "t false", false }, { "t \"true\"", false }, { "f false", true }, { "f true", false },
    { "str true", false }, { "str \"true\"", true }, { "t TRUE", false }, { "t 1", false },
    { "f 0", false }, { "nul null", false }, { "nul \"null\"", false }, { "nul \"\"", false },
    { "none \"\"", true }, { "o v", false }, { "o \"\"", false }, { "o.k v", true },
    { "n 05", false }, { "s 05", false },
    /* exactness beyond a double */
    { "big 9007199254740993", true }, { "big 9007199254740992", false },
    { "big 9007199254740994", false }, { "big > 9007199254740992", true },
    { "big < 9007199254740994", true }, { "big <= 9007199254740992", false },
    /* several values, arrays */
    { "n 1 5", true }, { "n 1 2", false }, { "s x \"5\" y", true }, { "roles admin", true },
    { "roles adm", false }, { "roles ADMIN", false }, { "roles x admin", true },
    { "roles x", false }, { "roles useradmin", false }, { "roles \"user admin\"", false },
    { "nums 5", true }, { "nums \"5\"", false }, { "nums \"7\"", true }, { "nums 7", false },
    { "empty x", false }, { "mix true", true }, { "mix 5", true }, { "blank \"a b\"", true },
    { "blank a b", false }, { "quote \"say \\\"hi\\\"\"", true }, { "accent \xc3\xa9", true },
    /* absent, prefixes */
    { "missing x", false }, { "missing != x", false }, { "missing !~ x", false },
    { "missing exists", false }, { "N 5", false }, { "role admin", false }, { "/a.b dot", true },
    { "a.b dot", false }, { "name adm", false }, { "name adm-1", true }, { "name adm-12", false },
    { "/roles/1 admin", true },
    /* operators */
    { "n != 6", true }, { "n != 5", false }, { "n != 5 6", false }, { "n != 6 7", true },
    { "roles != admin", false }, { "roles != x", true }, { "roles != x y user", false },
    { "n exists", true }, { "o exists", true }, { "n < 6", true }, { "n < 5", false },
    { "n <= 5", true }, { "n > 4", true }, { "n > 5", false }, { "n >= 5", true },
    { "n >= 5.5", false }, { "r < 1.6", true }, { "r > 1.5", false }, { "neg < 0", true },
    { "s < 6", false }, { "s > 4", false }, { "s >= 5", false }, { "t > 0", false },
    { "nul <= 0", false }, { "o < 1", false }, { "eq \"=\"", true }, { "eq = \"=\"", true },
    { "eq = =", true }, { "ex \"exists\"", true }, { "ex = exists", true },
    { "name \"~\" x", false }, { "n \"!=\" 6", false },
    /* regular expressions */
    { "name ~ ^adm-[0-9]+$", true }, { "name ~ dm", true }, { "name ~ ^dm", false },
    { "name ~ \"^adm\"", true }, { "name ~ x adm", true }, { "name !~ ^x", true },
    { "name !~ adm", false }, { "name !~ x adm", false }, { "name ~ ADM", false },
    { "name ~ (?i)ADM", true }, { "roles ~ ^adm", true }, { "roles !~ ^adm", false },
    { "roles !~ ^x", true }, { "n ~ 5", false }, { "t ~ true", false }, { "empty ~ .", false },
    { "line ~ ^adm$", false }, { "line ~ ^adm", true }, { "lines ~ ^adm$", false },
    { "none ~ ^$", true }, { "none ~ .", false }, { "accent ~ ^.$", true }, { "o ~ v", false },
    { "evil ~ ^(a+)+$", false }, { "evil !~ ^(a+)+$", false }, { "evil ~ ^(a|aa)+$", false },
    { "evil !~ ^((a*)*)*$", false }, { "evil ~ (a*)*b", false },
};

static bearer_identity *identity_of(const char *json, const char *scopes)
{
    bearer_claims *claims = apr_pcalloc(test_pool, sizeof(*claims));
    bearer_identity *identity = apr_pcalloc(test_pool, sizeof(*identity));

    claims->json = json_of(json);
    identity->claims = claims;
    identity->issuer = "https://issuer.example/a";
    identity->user = "u";
    identity->scopes = apr_pcalloc(test_pool, 2 * sizeof(*identity->scopes));
    if (scopes != NULL)
        *(const bearer_json **)(uintptr_t)identity->scopes =
            bearer_json_member(json_of("{\"scope\":\"read files:write x\"}"), "scope");
    return identity;
}

static const bearer_word *words_of(const char *line)
{
    const char *error = NULL;
    const bearer_word *words = bearer_words_split(test_pool, line, &error);

    if (words == NULL)
        fail_msg("words of %s: %s", line, error != NULL ? error : "");
    return words;
}

static void claim_rules(void **state)
{
    bearer_identity *identity = identity_of(payload, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(rules); i++) {
        const bearer_match *match = NULL;
        const char *error = bearer_match_claim_make(test_pool, words_of(rules[i].rule), &match);
        clock_t start = clock();

        if (!row_expect(error == NULL, "'%s' is refused: %s", rules[i].rule,
                        error != NULL ? error : ""))
            continue;
        row_expect(bearer_match_holds(match, identity) == rules[i].holds, "'%s' %s", rules[i].rule,
                   rules[i].holds ? "fails" : "holds");
        row_expect(bearer_match_scopes(match) == NULL, "'%s' has scopes", rules[i].rule);
        row_expect(clock() - start < 10 * CLOCKS_PER_SEC, "'%s' takes long", rules[i].rule);
    }
    rows_end();
}

static void wrong_claim_rules(void **state)
{
    static const char *const rows[] = {
        "", "n", "n =", "n !=", "n ~", "n !~", "n <", "n >=", "n < x", "n < \"5\"", "n <= true",
        "n > 1 2", "n >= 05",
        "n exists 5", "n exists exists", "n ~ (", "n ~ [a", "n ~ *", "n !~ (?<x", "n ~ ok (",
        ".a x", "a..b x", "a. x",
        "/a~ x", "\"\" x", "n < 1e999", "n 99999999999999999999", "n > 9223372036854775808",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const bearer_match *match = NULL;
        const char *error = bearer_match_claim_make(test_pool, words_of(rows[i]), &match);

        row_expect(error != NULL && strlen(error) > 5, "'%s' is taken", rows[i]);
    }
    rows_end();
}

static void scope_rules(void **state)
{
    static const struct { const char *rule; bool holds; } rows[] = {
        { "read", true }, { "read files:write", true }, { "files:write x read", true },
        { "\"read\"", true }, { "rea", false }, { "reads", false }, { "READ", false },
        { "read write", false }, { "write read", false }, { "write", false }, { "!read", false },
        { "=", false },
    };
    bearer_identity *with = identity_of("{}", "read"), *without = identity_of("{}", NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const bearer_match *match = NULL;

        if (!row_expect(bearer_match_scope_make(test_pool, words_of(rows[i].rule), &match) == NULL,
                        "'%s' is refused",
                        rows[i].rule))
            continue;
        row_expect(bearer_match_holds(match, with) == rows[i].holds, "'%s'", rows[i].rule);
        row_expect(!bearer_match_holds(match, without), "'%s' without scopes", rows[i].rule);
        row_expect(bearer_match_scopes(match) != NULL && bearer_match_scopes(match)[0] != NULL,
                   "words of '%s'",
                   rows[i].rule);
    }
    rows_end();
}

static void wrong_scope_rules(void **state)
{
    static const char *const rows[] = {
        "", "\"\"", "\"a b\"", "read \"a b\"", "a\\b", "'a\"b'", "r\xc3\xa9" "ad", "a\x01", "a\x7f",
        "read \"\"",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const bearer_match *match = NULL;

        row_expect(bearer_match_scope_make(test_pool, words_of(rows[i]), &match) != NULL,
                   "'%s' is taken", rows[i]);
    }
    rows_end();
}

static void words_of_a_scope_rule(void **state)
{
    const bearer_match *match = NULL;
    const char *const *words;

    (void)state;
    assert_null(bearer_match_scope_make(test_pool, words_of("b  a\tc"), &match));
    words = bearer_match_scopes(match);
    assert_string_equal(words[0], "b");
    assert_string_equal(words[1], "a");
    assert_string_equal(words[2], "c");
    assert_null(words[3]);
}

static void issuer_rules(void **state)
{
    static const struct { const char *rule; bool holds; } rows[] = {
        { "https://issuer.example/a", true },   { "x https://issuer.example/a", true },
        { "https://issuer.example/a/", false }, { "https://issuer.example/", false },
        { "https://issuer.example/A", false },  { "https://issuer.example/ab", false },
        { "a b c", false },                     { "\"https://issuer.example/a\"", true },
        { "*", false },
    };
    bearer_identity *identity = identity_of("{\"iss\":\"a\"}", NULL);
    const bearer_match *match = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!row_expect(bearer_match_issuer_make(test_pool, words_of(rows[i].rule), &match) == NULL,
                        "'%s' is refused",
                        rows[i].rule))
            continue;
        row_expect(bearer_match_holds(match, identity) == rows[i].holds, "'%s'", rows[i].rule);
        row_expect(bearer_match_scopes(match) == NULL, "'%s' has scopes", rows[i].rule);
    }
    assert_non_null(bearer_match_issuer_make(test_pool, words_of(""), &match));
    rows_end();
}

/* Words joined by bars, quoted ones in brackets; NULL: an error. */
static const struct { const char *line, *words; } lines[] = {
    { "", "" }, { "   ", "" }, { "a", "a|" }, { "a b", "a|b|" }, { "  a \t b  ", "a|b|" },
    { "\"a b\" c", "[a b]|c|" }, { "'a b' c", "[a b]|c|" }, { "\"\"", "[]|" }, { "''", "[]|" },
    { "\"a\\\"b\"", "[a\"b]|" }, { "'a\\'b'", "[a'b]|" }, { "\"a\\\\b\"", "[a\\b]|" },
    { "\"a\\nb\"", "[a\\nb]|" }, { "\"it's\"", "[it's]|" }, { "'say \"x\"'", "[say \"x\"]|" },
    { "a\\b", "a\\b|" }, { "a\"b", "a\"b|" }, { "x = '='", "x|=|[=]|" }, { "\"a", NULL },
    { "'a", NULL }, { "\"a\\\"", NULL }, { "x \"", NULL }, { "'a\"", NULL }, { "\"", NULL },
};

static void word_splitting(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        const char *error = NULL, *joined = "";
        const bearer_word *words = bearer_words_split(test_pool, lines[i].line, &error);

        row_expect((words != NULL) == (lines[i].words != NULL), "<%s>", lines[i].line);
        row_expect(words != NULL || error != NULL, "<%s> without a reason", lines[i].line);
        for (; words != NULL && words->text != NULL; words++)
            joined = apr_pstrcat(test_pool, joined, words->quoted ? "[" : "", words->text,
                                 words->quoted ? "]|" : "|", NULL);
        if (lines[i].words != NULL)
            row_expect(strcmp(joined, lines[i].words) == 0, "<%s> gives %s", lines[i].line, joined);
    }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(claim_rules), TEST(wrong_claim_rules), TEST(scope_rules), TEST(wrong_scope_rules),
        TEST(words_of_a_scope_rule), TEST(issuer_rules), TEST(word_splitting),
    };

    return tests_run(tests);
}
