#include "support.h"
#include "bearer/challenge.h"

/* What a strict reader makes of one challenge (RFC 9110 section 11.6.1, RFC 6750 section 3):
 * parameters of known names, each once and as a quoted-string, parted by ", "; realm first.
 * Values are unescaped. */
typedef struct {
    const char *realm, *error, *description, *scope;
} parsed;

static const char *read_quoted(const char **at)
{
    const char *in = *at;
    char *out = apr_palloc(test_pool, strlen(in) + 1), *end = out;

    if (*in++ != '"')
        return NULL;
    for (; *in != '\0' && *in != '"'; in++) {
        unsigned char c = (unsigned char)*in;

        if (c != '\t' && (c < 0x20 || c == 0x7f))
            return NULL;
        if (c == '\\' && *++in == '\0')
            return NULL;
        *end++ = *in;
    }
    if (*in++ != '"')
        return NULL;
    *end = '\0';
    *at = in;
    return out;
}

static const char **slot_of(parsed *into, const char *name, size_t len)
{
    static const char *const names[] = { "realm", "error", "error_description", "scope" };
    const char **slots[] = { &into->realm, &into->error, &into->description, &into->scope };

    for (size_t i = 0; i < COUNT(names); i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return slots[i];
    return NULL;
}

static bool strict_parse(const char *text, parsed *into)
{
    *into = (parsed){ .realm = NULL };
    if (strncmp(text, "Bearer ", 7) != 0)
        return false;
    for (text += 7; ; text += 2) {
        size_t len = strcspn(text, "=");
        const char **slot = slot_of(into, text, len);

        if (slot == NULL || *slot != NULL || text[len] != '=')
            return false;
        text += len + 1;
        *slot = read_quoted(&text);
        if (*slot == NULL)
            return false;
        if (*text == '\0')
            return into->realm != NULL;
        if (strncmp(text, ", ", 2) != 0)
            return false;
    }
}

static bool all_within(const char *text, const char *but)
{
    for (; text != NULL && *text != '\0'; text++)
        if (*text < 0x20 || *text > 0x7e || strchr(but, *text) != NULL)
            return false;
    return true;
}

/* RFC 6750 section 3: a scope is scope-tokens parted by one space. */
static bool is_scope(const char *text)
{
    return text == NULL || (all_within(text, "\"\\") && *text != '\0' && *text != ' '
                            && text[strlen(text) - 1] != ' ' && strstr(text, "  ") == NULL);
}

/* Bytes that have no place in a field became '?', and of the others each is itself; bytes above
 * ASCII are either. */
static bool realm_shows(const char *sent, const char *got)
{
    for (; *sent != '\0' && *got != '\0'; sent++, got++) {
        unsigned char c = (unsigned char)*sent;
        bool free_choice = c >= 0x80 || c == '\t', illegal = c < 0x20 || c == 0x7f;

        if (!(free_choice ? *got == *sent || *got == '?' : *got == (illegal ? '?' : *sent)))
            return false;
    }
    return *sent == '\0' && *got == '\0';
}

static void expect_legal(const char *realm, bearer_reason reason, const char *scope, bool detail)
{
    const char *text = bearer_challenge_make(test_pool, realm, reason, scope, detail);
    parsed got;

    if (!row_expect(strict_parse(text, &got), "not legal: %s", text))
        return;
    row_expect(realm_shows(realm, got.realm), "realm: %s", text);
    row_expect(all_within(got.error, "\"\\") && all_within(got.description,
                                                           "\"\\") && is_scope(got.scope),
               "characters: %s", text);
    row_expect(got.scope == NULL || (scope != NULL && strcmp(got.scope, scope) == 0), "scope: %s",
               text);
}

static void whole_texts(void **state)
{
    static const struct { const char *realm; bearer_reason reason; const char *scope; bool detail;
                          const char *error, *got_scope; bool described; } rows[] = {
        { "api", BEARER_NO_TOKEN, NULL, true, NULL, NULL, false },
        { "api", BEARER_NO_TOKEN, "read write", true, NULL, "read write", false },
        { "api", BEARER_EXPIRED, NULL, true, "invalid_token", NULL, true },
        { "api", BEARER_EXPIRED, NULL, false, "invalid_token", NULL, false },
        { "api", BEARER_REQUEST_MALFORMED, NULL, true, "invalid_request", NULL, true },
        { "api", BEARER_SCOPE_LACKING, "a", true, "insufficient_scope", "a", true },
        { "api", BEARER_SCOPE_LACKING, "a b:c/d", false, "insufficient_scope", "a b:c/d", false },
        { "api", BEARER_SCOPE_LACKING, NULL, false, "insufficient_scope", NULL, false },
        { "", BEARER_NO_TOKEN, NULL, true, NULL, NULL, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = bearer_challenge_make(test_pool, rows[i].realm, rows[i].reason,
                                                 rows[i].scope,
                                                 rows[i].detail);
        parsed got;

        if (!row_expect(strict_parse(text, &got), "row %zu: %s", i, text))
            continue;
        row_expect(strcmp(got.realm, rows[i].realm) == 0, "row %zu, realm: %s", i, text);
        row_expect((got.error == NULL) == (rows[i].error == NULL)
                   && (got.error == NULL || strcmp(got.error, rows[i].error) == 0),
                   "row %zu, error: %s", i, text);
        row_expect((got.scope == NULL) == (rows[i].got_scope == NULL)
                   && (got.scope == NULL || strcmp(got.scope, rows[i].got_scope) == 0),
                   "row %zu, scope: %s", i, text);
        row_expect((got.description != NULL) == rows[i].described, "row %zu, description: %s", i,
                   text);
    }
    assert_string_equal(bearer_challenge_make(test_pool, "a \"b\" \\c", BEARER_NO_TOKEN, "x", true),
                        "Bearer realm=\"a \\\"b\\\" \\\\c\", scope=\"x\"");
    rows_end();
}

static void scopes_that_are_none(void **state)
{
    static const char *const rows[] = {
        "", " ", "a\"b", "a\\b", "a\tb", "a\nb", "\x01", "a\x7f", "\xc3\xa9", " a", "a ", "a  b",
        "a\", error=\"x",
        "a\r\nSet-Cookie: x",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        parsed got;
        const char *text = bearer_challenge_make(test_pool, "r", BEARER_SCOPE_LACKING, rows[i],
                                                 true);

        row_expect(strict_parse(text, &got) && got.scope == NULL, "%s", text);
    }
    rows_end();
}

static void every_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < BEARER_REASONS; i++) {
        expect_legal("r", (bearer_reason)i, NULL, true);
        expect_legal("r", (bearer_reason)i, "a b", false);
    }
    rows_end();
}

static void any_bytes(void **state)
{
    uint32_t seed = 4711;

    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char text[4] = { 'a', (char)byte, 'b', '\0' };

        expect_legal(text, BEARER_NO_TOKEN, NULL, true);
        expect_legal(text + 1, BEARER_SCOPE_LACKING, text, true);
        expect_legal("r", BEARER_SCOPE_LACKING, text + 1, true);
    }
    for (int round = 0; round < 3000; round++) {
        char realm[24] = "", scope[24] = "";

        for (size_t i = 0; i < 20; i++) {
            seed = seed * 1664525 + 1013904223;
            realm[i] = (char)(i < (seed >> 8) % 24 ? (seed >> 24) : 0);
            scope[i] = (char)(seed >> 29 == 0 ? (seed >> 16) : 0x20 + (seed >> 16) % 0x5f);
        }
        expect_legal(realm, (bearer_reason)(seed % BEARER_REASONS), scope, seed >> 31);
    }
    rows_end();
}

static void fields_and_scheme(void **state)
{
    static const struct { const char *value; bool ours; } rows[] = {
        { "Bearer realm=\"x\"", true }, { "bearer realm=\"x\"", true }, { "BEARER", true },
        { "Basic realm=\"x\"", false }, { "BearerX realm=\"x\"", false }, { "Beare", false },
        { "", false }, { "Basic realm=\"Bearer\"", false }, { "DPoP", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        row_expect(bearer_challenge_is_ours(rows[i].value) == rows[i].ours, "%s", rows[i].value);
    assert_string_equal(bearer_challenge_field(false), "WWW-Authenticate");
    assert_string_equal(bearer_challenge_field(true), "Proxy-Authenticate");
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(whole_texts), TEST(scopes_that_are_none), TEST(every_reason), TEST(any_bytes),
        TEST(fields_and_scheme),
    };

    return tests_run(tests);
}
