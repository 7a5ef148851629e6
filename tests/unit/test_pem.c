#include "sign.h"
#include "support.h"
#include "bearer/pem.h"

static int read_count(const char *text, const char **error)
{
    const bearer_key *const *keys;
    int n = 0;

    log_clear();
    *error = NULL;
    keys = bearer_pem_read(test_pool, tight_text(text), &test_log, error);
    if (keys == NULL)
        return -1;
    while (keys[n] != NULL)
        n++;
    return n;
}

static void expect_keys(const char *name, int wanted, const char *text)
{
    const char *error;
    int got = read_count(text, &error);

    row_expect(got == wanted, "%s: %d keys, not %d (%s) %s", name, got, wanted,
               error != NULL ? error : "",
               log_text());
    row_expect(got >= 0 || (error != NULL && strlen(error) > 5), "%s: no reason", name);
}

static const char *join(const char *a, const char *b)
{
    return apr_pstrcat(test_pool, a, b, NULL);
}

static void public_keys(void **state)
{
    static const struct { const char *kind, *alg; } kinds[] = {
        { "RSA", "RS256" }, { "P-256", "ES256" }, { "P-384", "ES384" }, { "P-521", "ES512" },
        { "secp256k1", "ES256K" }, { "ED25519", "EdDSA" }, { "ED448", "Ed448" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        EVP_PKEY *key = make_key(kinds[i].kind);
        const bearer_key *const *keys;
        const char *error;

        expect_keys(kinds[i].kind, 1, public_pem(key));
        expect_keys("certificate", 1, certificate_pem(key));
        keys = bearer_pem_read(test_pool, bearer_span_of(public_pem(key)), &test_log, &error);
        if (row_expect(keys != NULL && keys[0] != NULL, "%s", kinds[i].kind)) {
            row_expect(keys[0]->kid == NULL && keys[0]->alg == NULL && EVP_PKEY_eq(keys[0]->pkey,
                                                                                   key) == 1,
                       "%s is what was written", kinds[i].kind);
            row_expect(bearer_key_fits(keys[0], bearer_alg_find(bearer_span_of(kinds[i].alg))),
                       "%s fits %s",
                       kinds[i].kind, kinds[i].alg);
        }
    }
    rows_end();
}

static const char *with_crlf(const char *text)
{
    const char *out = "";

    for (const char *line = text; *line != '\0'; ) {
        size_t len = strcspn(line, "\n");

        out = apr_pstrcat(test_pool, out, apr_pstrmemdup(test_pool, line, len), "\r\n", NULL);
        line += len + (line[len] == '\n');
    }
    return out;
}

static void files(void **state)
{
    const char *ec = public_pem(make_key("P-256")), *ed = public_pem(make_key("ED25519"));
    const char *certificate = certificate_pem(make_key("P-384"));

    (void)state;
    expect_keys("two keys", 2, join(ec, ed));
    expect_keys("three with text around", 3,
                apr_pstrcat(test_pool, "# keys\n", ec, "\nsome text\n", certificate,
                                                         ed, "\nend", NULL));
    expect_keys("CRLF", 1, with_crlf(ec));
    expect_keys("no line end", 1, apr_pstrmemdup(test_pool, ec, strlen(ec) - 1));
    expect_keys("weak key beside a good one", 1, join(public_pem(make_rsa(1024)), ec));
    assert_int_equal(log_count(), 1);
    expect_keys("weak key alone", 0, public_pem(make_rsa(1024)));
    expect_keys("weak key in a certificate", 0, certificate_pem(make_rsa(1024)));
    expect_keys("X25519", 0, "-----BEGIN PUBLIC KEY-----\n"
                "MCowBQYDK2VuAyEA3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=\n-----END PUBLIC "
                "KEY-----\n");
    expect_keys("Ed25519, all zero", 0, "-----BEGIN PUBLIC KEY-----\n"
                "MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC "
                "KEY-----\n");
    expect_keys("garbage inside a block", 0,
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    expect_keys("certificate as key", 0, "-----BEGIN CERTIFICATE-----\n"
                "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END "
                "CERTIFICATE-----\n");
    rows_end();
}

static void no_pem(void **state)
{
    static const char *const rows[] = {
        "", "\n", "x", "{\"keys\":[]}", "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n",
        "-----END PUBLIC KEY-----\n",
        "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        expect_keys(apr_psprintf(test_pool, "row %zu", i), -1, rows[i]);
    rows_end();
}

static void private_keys(void **state)
{
    static const char *const kinds[] = { "RSA", "P-256", "ED25519" };
    const char *good = public_pem(make_key("P-256"));
    const char *broken = "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\n";

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const char *private = private_pem(make_key(kinds[i]));
        const char *error;

        expect_keys(kinds[i], -1, private);
        expect_keys("before a public key", -1, join(private, good));
        expect_keys("behind a public key", -1, join(good, private));
        expect_keys("behind a broken block", -1,
                    apr_pstrcat(test_pool, good, broken, private, NULL));
        read_count(private, &error);
        row_expect(error != NULL && strstr(error, "private") != NULL, "%s: %s", kinds[i], error);
    }
    expect_keys("traditional RSA", -1,
                "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n");
    expect_keys("traditional EC", -1,
                "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
    expect_keys("encrypted", -1, join(good, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
                                            "-----END ENCRYPTED PRIVATE KEY-----\n"));
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = { TEST(public_keys), TEST(files), TEST(no_pem),
                                               TEST(private_keys) };

    return tests_run(tests);
}
