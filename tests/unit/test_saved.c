#include "support.h"
#include "bearer/saved.h"

#define SOURCE "https://issuer.example/a"
#define URI "https://issuer.example/keys"
#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SET "{\"keys\":[{\"kty\":\"x\"}]}"
#define NOW INT64_C(1700000000)

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void digests(void **state)
{
    static const struct { bearer_span document; const char *digest; } rows[] = {
        { SPAN_ROW(""), DIGEST },
        { SPAN_ROW("abc"),                                  /* FIPS 180-2 appendix B.1 */
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { SPAN_ROW("\0"), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char digest[BEARER_SAVED_DIGEST + 1] = "";

        row_expect(bearer_saved_digest(tight(rows[i].document), digest)
                   && strcmp(digest, rows[i].digest) == 0, "row %zu: %s", i, digest);
    }
    rows_end();
}

static void round_trip(void **state)
{
    static const struct { bearer_saved saved; const char *set; } rows[] = {
        { { SOURCE, URI, "\"abc\"", NOW, DIGEST }, SET },
        { { SOURCE, URI, NULL, NOW, DIGEST }, SET },
        { { SOURCE, URI, "W/\"a\\b\"", 0, DIGEST }, " \n{ \"keys\" : [ ] }\r\n" },
        { { SOURCE, SOURCE, "\xc3\xa4", INT64_C(253402300799), DIGEST }, "{}" },
        { { "urn:x", "%s%n", "%s%n", 1, DIGEST }, "{\"%s%n\":\"%s%n\"}" },
        { { SOURCE, URI, NULL, NOW, DIGEST },
          "{\"version\":2,\"source\":\"x\",\"digest\":\"x\",\"set\":null}" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const bearer_saved *in = &rows[i].saved;
        bearer_saved out = { NULL };
        const char *text = bearer_saved_write(test_pool, in, tight_text(rows[i].set)), *error;

        assert_non_null(text);
        error = bearer_saved_read(test_pool, tight_text(text), in->source, &out);
        if (!row_expect(error == NULL, "row %zu: %s", i, error))
            continue;
        row_expect(same_text(in->source, out.source) && same_text(in->uri, out.uri)
                   && same_text(in->etag, out.etag) && in->confirmed == out.confirmed
                   && same_text(in->digest, out.digest), "row %zu: %s", i, text);
        row_expect(same_text(bearer_json_print(test_pool, out.set),
                             bearer_json_print(test_pool, json_of(rows[i].set))),
                   "row %zu: the set of %s", i, text);
    }
    rows_end();
}

static const test_member whole[] = {
    { "version", "1" }, { "source", "\"" SOURCE "\"" }, { "uri", "\"" URI "\"" },
    { "etag", "\"x\"" }, { "confirmed", "1700000000" }, { "digest", "\"" DIGEST "\"" },
    { "set", SET }, { NULL, NULL },
};

#define HALF "e3b0c44298fc1c149afbf4c8996fb924"

/* value NULL: the member is absent. */
static const struct { const char *name, *value; bool taken; } members[] = {
    { "other", "1", true },
    { "version", NULL, false }, { "version", "null", false }, { "version", "\"1\"", false },
    { "version", "0", false }, { "version", "2", false }, { "version", "-1", false },
    { "version", "[1]", false }, { "version", "true", false },
    { "source", NULL, false }, { "source", "null", false }, { "source", "1", false },
    { "source", "[\"" SOURCE "\"]", false }, { "source", "\"\"", false },
    { "source", "\"" SOURCE "/\"", false }, { "source", "\"https://issuer.example/A\"", false },
    { "source", "\"https://issuer.example/\\u0061\"", true },
    { "source", "\"https://other.example/a\"", false },
    { "source", "\"" SOURCE "\\u0000\"", false },
    { "uri", NULL, false }, { "uri", "null", false }, { "uri", "1", false },
    { "uri", "[\"" URI "\"]", false }, { "uri", "\"" URI "\\u0000\"", false },
    { "etag", NULL, false }, { "etag", "null", false }, { "etag", "1", false },
    { "etag", "{}", false }, { "etag", "\"\"", true },
    { "confirmed", NULL, false }, { "confirmed", "null", false },
    { "confirmed", "\"1700000000\"", false }, { "confirmed", "-1", false },
    { "confirmed", "253402300800", false }, { "confirmed", "1e300", false },
    { "confirmed", "18446744073709551617", false }, { "confirmed", "0", true },
    { "digest", NULL, false }, { "digest", "null", false }, { "digest", "1", false },
    { "digest", "[\"" DIGEST "\"]", false }, { "digest", "\"\"", false },
    { "digest", "\"" HALF "\"", false }, { "digest", "\"" DIGEST "0\"", false },
    { "digest", "\"" DIGEST DIGEST "\"", false },
    { "digest", "\"" HALF "649b934ca495991b7852b855649b934\"", false },
    { "digest", "\"" HALF "649b934ca495991b7852b855649b934z\"", false },
    { "digest", "\"" HALF "649b934ca495991b7852b855649b934\\\"\"", false },
    { "digest", "\"" HALF "649b934ca495991b7852b855649b934\\n\"", false },
    { "set", NULL, false }, { "set", "null", false }, { "set", "1", false },
    { "set", "\"{}\"", false }, { "set", "[]", false }, { "set", "[{\"keys\":[]}]", false },
    { "set", "{}", true }, { "set", "{\"a\":1,\"a\":2}", false },
};

static void each_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(members); i++) {
        test_member edits[] = { { members[i].name, members[i].value }, { NULL, NULL } };
        const char *text = object_text(whole, edits, NULL);
        bearer_saved saved = { NULL };
        const char *error = bearer_saved_read(test_pool, tight_text(text), SOURCE, &saved);

        row_expect((error == NULL) == members[i].taken, "%s = %s: %s", members[i].name,
                   members[i].value != NULL ? members[i].value : "absent",
                   error != NULL ? error : "taken");
    }
    rows_end();
}

static void of_another_source(void **state)
{
    const char *text = object_text(whole, NULL, NULL);
    bearer_saved saved;

    (void)state;
    assert_null(bearer_saved_read(test_pool, tight_text(text), SOURCE, &saved));
    assert_non_null(bearer_saved_read(test_pool, tight_text(text), SOURCE "/", &saved));
    assert_non_null(bearer_saved_read(test_pool, tight_text(text), "", &saved));
    assert_non_null(bearer_saved_read(test_pool, tight_text(text), URI, &saved));
}

static void garbage(void **state)
{
    static const bearer_span texts[] = {
        SPAN_ROW(""), SPAN_ROW("{"), SPAN_ROW("{}"), SPAN_ROW("null"), SPAN_ROW("[]"),
        SPAN_ROW("\0\0\0"), SPAN_ROW("\xff"), SPAN_ROW(SET), SPAN_ROW("[" SET "]"),
    };
    const char *good = object_text(whole, NULL, NULL);
    bearer_saved saved;

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        row_expect(bearer_saved_read(test_pool, tight(texts[i]), SOURCE, &saved) != NULL,
                   "row %zu is taken", i);
    for (size_t len = 0; len < strlen(good); len++)
        row_expect(bearer_saved_read(test_pool, tight((bearer_span){ good, len }), SOURCE, &saved)
                   != NULL, "%zu bytes are taken", len);
    row_expect(bearer_saved_read(test_pool, tight_text(apr_pstrcat(test_pool, good, good, NULL)),
                                 SOURCE, &saved) != NULL, "two are taken");
    rows_end();
}

static const char *of_length(size_t length, char filler)
{
    char *text = apr_palloc(test_pool, length + 1);

    memset(text, filler, length);
    text[length] = '\0';
    return text;
}

/* What is written is never longer than what is read: the set and BEARER_SAVED_FRAME. */
static void the_frame_is_limited(void **state)
{
    static const struct { size_t source, uri, etag; char filler; bool written; } rows[] = {
        { 2000, 2000, 1000, 'a', true },
        { 2000, 2000, 8000, 'a', true },
        { 10, 10, BEARER_SAVED_FRAME, 'a', false },
        { 10, BEARER_SAVED_FRAME, 10, 'a', false },
        { BEARER_SAVED_FRAME, 10, 10, 'a', false },
        { 6000, 6000, 6000, 'a', false },
        { 10, 10, 3000, '\x01', false },                    /* six bytes each, escaped */
        { 10, 10, 1000, '"', true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_saved saved = {
            .source = of_length(rows[i].source, rows[i].filler),
            .uri = of_length(rows[i].uri, rows[i].filler),
            .etag = of_length(rows[i].etag, rows[i].filler), .confirmed = NOW, .digest = DIGEST,
        }, read;
        const char *text = bearer_saved_write(test_pool, &saved, SPAN(SET));

        row_expect((text != NULL) == rows[i].written, "row %zu", i);
        row_expect(text == NULL || strlen(text) < strlen(SET) + BEARER_SAVED_FRAME,
                   "row %zu: long", i);
        row_expect(text == NULL || bearer_saved_read(test_pool, tight_text(text), saved.source,
                                                     &read) == NULL, "row %zu: not read", i);
    }
    rows_end();
}

/* An etag may hold any byte above the blank (RFC 9110 section 8.8.3); without one, the set is just
 * fetched again. */
static void an_etag_that_is_no_text(void **state)
{
    bearer_saved saved = { SOURCE, URI, "\"\xff\"", NOW, DIGEST }, read;
    const char *text = bearer_saved_write(test_pool, &saved, SPAN(SET));

    (void)state;
    assert_non_null(text);
    assert_null(bearer_saved_read(test_pool, tight_text(text), SOURCE, &read));
    assert_null(read.etag);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(digests), TEST(round_trip), TEST(each_member), TEST(of_another_source), TEST(garbage),
        TEST(the_frame_is_limited), TEST(an_etag_that_is_no_text),
    };

    return tests_run(tests);
}
