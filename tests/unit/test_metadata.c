#include "support.h"
#include "bearer/address.h"
#include "bearer/metadata.h"

#define ISSUER "https://issuer.example/a"
#define KEYS "https://issuer.example/keys"
#define LOCAL "http://127.0.0.1:8080"
#define RIGHT "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"" KEYS "\"}"
#define OF(issuer) "{\"issuer\":" issuer ",\"jwks_uri\":\"" KEYS "\"}"
#define NAMES(uri) "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":" uri "}"
#define LOCAL_NAMES(uri) "{\"issuer\":\"" LOCAL "\",\"jwks_uri\":\"" uri "\"}"

/* uri NULL: refused. word: what the reason must hold. */
static const struct { bearer_span text; const char *issuer, *uri, *word; } rows[] = {
    { SPAN_ROW(RIGHT), ISSUER, KEYS, NULL },
    { SPAN_ROW(" \n\t" RIGHT "\r\n "), ISSUER, KEYS, NULL },
    { SPAN_ROW("{\"jwks_uri\":\"" KEYS "\",\"x\":[1,{\"issuer\":\"other\"}],\"issuer\":\"" ISSUER
               "\"}"), ISSUER, KEYS, NULL },
    { SPAN_ROW(OF("\"https://issuer.example/\\u0061\"")), ISSUER, KEYS, NULL },
    { SPAN_ROW(OF("\"https:\\/\\/issuer.example\\/a\"")), ISSUER, KEYS, NULL },
    { SPAN_ROW("{\"\\u0069ssuer\":\"" ISSUER "\",\"jwks_uri\":\"" KEYS "\"}"), ISSUER, KEYS,
      NULL },
    { SPAN_ROW(NAMES("\"https://keys.example:8443/k?v=1\"")), ISSUER,
      "https://keys.example:8443/k?v=1", NULL },
    { SPAN_ROW(LOCAL_NAMES("http://127.0.0.1:8080/k")), LOCAL, "http://127.0.0.1:8080/k", NULL },
    { SPAN_ROW(LOCAL_NAMES("http://[::1]:8080/k")), LOCAL, "http://[::1]:8080/k", NULL },
    { SPAN_ROW(LOCAL_NAMES(KEYS)), LOCAL, KEYS, NULL },
    /* the issuer: RFC 8414 section 3.3 */
    { SPAN_ROW(OF("\"" ISSUER "/\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(RIGHT), ISSUER "/", NULL, "another issuer" },
    { SPAN_ROW(OF("\"https://issuer.example/A\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\"https://ISSUER.example/a\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\"HTTPS://issuer.example/a\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\"https://issuer.example:443/a\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\"https://issuer.example/%61\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\"https://issuer.example/\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\" " ISSUER "\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\"" ISSUER "\\n\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\"" ISSUER "b\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\"\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\"\\\"\\\\\\r\\n\\u001b[2J\\u007f\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\"\xc3\xa4\\u202e\\ud83d\\ude00\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("\"%s%n%s%n\"")), ISSUER, NULL, "another issuer" },
    { SPAN_ROW(OF("null")), ISSUER, NULL, "issuer" },
    { SPAN_ROW(OF("1")), ISSUER, NULL, "issuer" },
    { SPAN_ROW(OF("[\"" ISSUER "\"]")), ISSUER, NULL, "issuer" },
    { SPAN_ROW(OF("{\"issuer\":\"" ISSUER "\"}")), ISSUER, NULL, "issuer" },
    { SPAN_ROW("{\"jwks_uri\":\"" KEYS "\"}"), ISSUER, NULL, "issuer" },
    { SPAN_ROW("{\"Issuer\":\"" ISSUER "\",\"jwks_uri\":\"" KEYS "\"}"), ISSUER, NULL, "issuer" },
    { SPAN_ROW("{}"), ISSUER, NULL, "issuer" },
    /* the address of the keys */
    { SPAN_ROW("{\"issuer\":\"" ISSUER "\"}"), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("null")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("1")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("[\"" KEYS "\"]")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("{\"keys\":[]}")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"/keys\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"keys\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"//issuer.example/keys\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"file:///etc/passwd\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"ftp://issuer.example/keys\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"http://issuer.example/keys\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"http://127.0.0.1/keys\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"HTTP://localhost/keys\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(LOCAL_NAMES("http://issuer.example/keys")), LOCAL, NULL, "jwks_uri" },
    { SPAN_ROW(LOCAL_NAMES("http://169.254.169.254/keys")), LOCAL, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"https://user:word@issuer.example/keys\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"" KEYS "#x\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\" " KEYS "\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"" KEYS "\\n\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"" KEYS "\\r\\nX-Injected: 1\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"http://\\u001b]0;x\\u0007/\\\"\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"https://issuer.example/\xc3\xa4\"")), ISSUER, NULL, "jwks_uri" },
    { SPAN_ROW(NAMES("\"gopher://%s%n%s%n\"")), ISSUER, NULL, "jwks_uri" },
    /* no strict JSON object */
    { SPAN_ROW(OF("\"" ISSUER "\\u0000\"")), ISSUER, NULL, "JSON" },
    { SPAN_ROW(NAMES("\"" KEYS "\\u0000.evil.example\"")), ISSUER, NULL, "JSON" },
    { SPAN_ROW(OF("\"" ISSUER "\n\"")), ISSUER, NULL, "JSON" },
    { SPAN_ROW(OF("\"" ISSUER "\",\"issuer\":\"" ISSUER "\"")), ISSUER, NULL, "JSON" },
    { SPAN_ROW(OF("\"x\",\"issuer\":\"" ISSUER "\"")), ISSUER, NULL, "JSON" },
    { SPAN_ROW(OF("\"" ISSUER "\",\"\\u0069ssuer\":\"x\"")), ISSUER, NULL, "JSON" },
    { SPAN_ROW(NAMES("\"" KEYS "\",\"jwks_uri\":\"https://evil.example/\"")), ISSUER, NULL,
      "JSON" },
    { SPAN_ROW(RIGHT "x"), ISSUER, NULL, "JSON" },
    { SPAN_ROW(RIGHT RIGHT), ISSUER, NULL, "JSON" },
    { SPAN_ROW(RIGHT "\0"), ISSUER, NULL, "JSON" },
    { SPAN_ROW("\xef\xbb\xbf" RIGHT), ISSUER, NULL, "JSON" },
    { SPAN_ROW("[" RIGHT "]"), ISSUER, NULL, "JSON" },
    { SPAN_ROW("\"" ISSUER "\""), ISSUER, NULL, "JSON" },
    { SPAN_ROW("null"), ISSUER, NULL, "JSON" },
    { SPAN_ROW("{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"" KEYS "\""), ISSUER, NULL, "JSON" },
    { SPAN_ROW("{'issuer':'" ISSUER "'}"), ISSUER, NULL, "JSON" },
    { SPAN_ROW("<!DOCTYPE html><title>Moved</title>"), ISSUER, NULL, "JSON" },
    { SPAN_ROW("\0\1\2\xff"), ISSUER, NULL, "JSON" },
    { SPAN_ROW(OF("\"\xff\"")), ISSUER, NULL, "JSON" },
    { SPAN_ROW(OF("\"\\ud800\"")), ISSUER, NULL, "JSON" },
    { SPAN_ROW(""), ISSUER, NULL, "JSON" },
};

static bool is_printable(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return false;
    return *text != '\0';
}

static void documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *error = NULL;
        const char *uri = bearer_metadata_jwks_uri(test_pool, tight(rows[i].text), rows[i].issuer,
                                                   &error);

        if (rows[i].uri != NULL) {
            row_expect(uri != NULL && strcmp(uri, rows[i].uri) == 0, "row %zu, %s: %s", i,
                       rows[i].text.ptr, uri != NULL ? uri : error);
            continue;
        }
        row_expect(uri == NULL, "row %zu, %s: %s", i, rows[i].text.ptr, uri);
        if (row_expect(error != NULL && is_printable(error), "row %zu: no reason, or a wild one",
                       i))
            row_expect(strstr(error, rows[i].word) != NULL, "row %zu: %s", i, error);
    }
    rows_end();
}

/* A document may be long; a log line may not. */
static void long_documents(void **state)
{
    char *name = apr_pcalloc(test_pool, 100001);
    const char *error = NULL, *text;

    (void)state;
    memset(name, 'a', 100000);
    text = apr_pstrcat(test_pool, "{\"issuer\":\"", name, "\",\"jwks_uri\":\"" KEYS "\"}", NULL);
    assert_null(bearer_metadata_jwks_uri(test_pool, tight_text(text), ISSUER, &error));
    assert_true(strlen(error) < 1000);
    text = apr_pstrcat(test_pool, "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://", name,
                       "\"}", NULL);
    assert_null(bearer_metadata_jwks_uri(test_pool, tight_text(text), ISSUER, &error));
    assert_true(strlen(error) < 1000);
    text = apr_pstrcat(test_pool, "{\"issuer\":\"" ISSUER "\",\"x\":\"", name,
                       "\",\"jwks_uri\":\"" KEYS "\"}", NULL);
    assert_non_null(bearer_metadata_jwks_uri(test_pool, tight_text(text), ISSUER, &error));
}

int main(void)
{
    static const struct CMUnitTest tests[] = { TEST(documents), TEST(long_documents) };

    return tests_run(tests);
}
