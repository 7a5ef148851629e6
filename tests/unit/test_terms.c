#include <sys/stat.h>
#include <unistd.h>
#include "sign.h"
#include "support.h"
#include "bearer/terms.h"

#include <openssl/err.h>

/* As the server root does it: below the folder of the test; no name that begins with '!'. */
static char *resolve(apr_pool_t *pool, const char *file)
{
    if (file[0] == '!')
        return NULL;
    return apr_pstrdup(pool, file[0] == '/' ? file : temp_path(file));
}

static size_t index_of(const char *name)
{
    for (size_t i = 0; bearer_terms_name(i) != NULL; i++)
        if (strcmp(bearer_terms_name(i), name) == 0)
            return i;
    fail_msg("no option %s", name);
    return 0;
}

static const char *read_option(bearer_terms *terms, const char *name, const char *value)
{
    return bearer_terms_read(test_pool, terms, index_of(name), value, resolve);
}

static void names(void **state)
{
    static const char *const all[] = { "ca", "client-cert", "client-key", "auth", "proxy",
                                       "refresh", "timeout", "max-stale" };

    (void)state;
    for (size_t i = 0; i < COUNT(all); i++)
        index_of(all[i]);
    assert_null(bearer_terms_name(COUNT(all)));
    assert_null(bearer_terms_name(SIZE_MAX));
}

static void defaults(void **state)
{
    const bearer_terms *terms = &bearer_terms_default;

    (void)state;
    assert_null(terms->access.ca);
    assert_null(terms->access.client_cert);
    assert_null(terms->access.client_key);
    assert_null(terms->access.auth);
    assert_null(terms->access.proxy);
    assert_int_equal(terms->access.timeout, 5);
    assert_int_equal(terms->refresh, 3600);
    assert_int_equal(terms->max_stale, 86400);
    assert_null(bearer_terms_refuse(terms));
}

static void expect_refused(const char *name, const char *value)
{
    bearer_terms terms = bearer_terms_default;
    const char *error = read_option(&terms, name, value);

    if (row_expect(error != NULL, "%s=%s is taken", name, value))
        row_expect(strstr(error, name) != NULL, "%s=%s: %s", name, value, error);
}

static const char *file_of(const bearer_terms *terms, const char *name)
{
    return strcmp(name, "ca") == 0 ? terms->access.ca
         : strcmp(name, "client-cert") == 0 ? terms->access.client_cert
         : strcmp(name, "client-key") == 0 ? terms->access.client_key : terms->access.auth;
}

/* A certificate and its key in one file, which is good for every option. */
static const char *write_pair(const char *name)
{
    EVP_PKEY *key = make_key("P-256");

    return temp_write_text(name, apr_pstrcat(test_pool, certificate_pem(key), private_pem(key),
                                             NULL));
}

static void files(void **state)
{
    static const char *const options[] = { "ca", "client-cert", "client-key", "auth" };
    const char *path = write_pair("file");

    (void)state;
    assert_int_equal(symlink("file", temp_path("link")), 0);
    assert_int_equal(mkfifo(temp_path("fifo"), 0600), 0);
    for (size_t i = 0; i < COUNT(options); i++) {
        const char *name = options[i];
        bearer_terms terms = bearer_terms_default;
        const char *error = read_option(&terms, name, "file");

        if (row_expect(error == NULL, "%s: %s", name, error))
            row_expect(strcmp(file_of(&terms, name), path) == 0, "%s: %s", name,
                       file_of(&terms, name));
        row_expect(read_option(&terms, name, path) == NULL, "%s: absolute", name);
        row_expect(read_option(&terms, name, "link") == NULL, "%s: a link", name);
        expect_refused(name, "");
        expect_refused(name, "missing");
        expect_refused(name, temp_path("missing"));
        expect_refused(name, "file/below");
        expect_refused(name, temp_path("."));
        expect_refused(name, "fifo");
        expect_refused(name, "!file");
    }
    rows_end();
}

/* What an option's file must hold, wherever in the file it stands. */
static void contents(void **state)
{
    EVP_PKEY *key = make_key("ED25519");
    const char *broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const struct { const char *name, *text; bool certificate, key; } rows[] = {
        { "empty", "", false, false }, { "text", "x", false, false },
        { "certificate", certificate_pem(key), true, false },
        { "private key", private_pem(key), false, true },
        { "public key", public_pem(key), false, false },
        { "key, certificate", apr_pstrcat(test_pool, private_pem(key), certificate_pem(key), NULL),
          true, true },
        { "text, certificate", apr_pstrcat(test_pool, "CN = x\n", certificate_pem(key), NULL), true,
          false },
        { "broken", broken, false, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_terms terms = bearer_terms_default;

        temp_write_text("file", rows[i].text);
        row_expect((read_option(&terms, "ca", "file") == NULL) == rows[i].certificate, "ca: %s",
                   rows[i].name);
        row_expect((read_option(&terms, "client-cert", "file") == NULL) == rows[i].certificate,
                   "client-cert: %s", rows[i].name);
        row_expect((read_option(&terms, "client-key", "file") == NULL) == rows[i].key,
                   "client-key: %s", rows[i].name);
        row_expect(read_option(&terms, "auth", "file") == NULL, "auth: %s", rows[i].name);
        row_expect(ERR_peek_error() == 0, "%s: an error is left behind", rows[i].name);
    }
    rows_end();
}

static void proxies(void **state)
{
    static const struct { const char *value; bool taken; } rows[] = {
        { "http://proxy.example.com:3128", true }, { "https://proxy.example.com:3128", true },
        { "http://user:word@proxy.example.com:3128", false }, { "http://192.0.2.1:3128", true },
        { "http://user@proxy.example.com:3128", false },
        { "http://proxy.example.com:99999", false },
        { "http://", false }, { "http:", false },
        { "HTTP://proxy.example.com", true },
        { "", false }, { "proxy.example.com:3128", false }, { "3128", false },
        { "socks5://proxy.example.com", false }, { "file:///etc/passwd", false },
        { "//proxy.example.com:3128", false }, { "none", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_terms terms = bearer_terms_default;

        if (!rows[i].taken)
            expect_refused("proxy", rows[i].value);
        else if (row_expect(read_option(&terms, "proxy", rows[i].value) == NULL, "%s",
                            rows[i].value))
            row_expect(strcmp(terms.access.proxy, rows[i].value) == 0, "%s", terms.access.proxy);
    }
    rows_end();
}

static int seconds_of(const bearer_terms *terms, const char *name)
{
    return strcmp(name, "refresh") == 0 ? terms->refresh
         : strcmp(name, "timeout") == 0 ? terms->access.timeout : terms->max_stale;
}

static void seconds(void **state)
{
    static const struct { const char *name; int most; } options[] = {
        { "refresh", 86400 }, { "timeout", 60 }, { "max-stale", 31536000 },
    };
    static const char *const wrong[] = {
        "", "0", "-1", "+5", " 5", "5 ", "5s", "1m", "x", "5.5", "1e1", "0x5", "5,5",
        "4294967297", "9223372036854775808", "18446744073709551617",
        "99999999999999999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(options); i++) {
        const char *name = options[i].name;
        const int right[] = { 1, 5, options[i].most };

        for (size_t k = 0; k < COUNT(right); k++) {
            bearer_terms terms = bearer_terms_default;
            const char *value = apr_itoa(test_pool, right[k]);
            const char *error = read_option(&terms, name, value);

            row_expect(error == NULL && seconds_of(&terms, name) == right[k], "%s=%s: %s", name,
                       value, error != NULL ? error : "another value");
        }
        for (size_t k = 0; k < COUNT(wrong); k++)
            expect_refused(name, wrong[k]);
        expect_refused(name, apr_itoa(test_pool, options[i].most + 1));
    }
    rows_end();
}

/* One option changes nothing else. */
static void one_at_a_time(void **state)
{
    static const char *const values[] = { "file", "file", "file", "file", "http://p.example",
                                          "7", "7", "7" };
    static const char *const options[] = { "ca", "client-cert", "client-key", "auth", "proxy",
                                           "refresh", "timeout", "max-stale" };

    (void)state;
    write_pair("file");
    for (size_t i = 0; i < COUNT(options); i++) {
        bearer_terms terms = bearer_terms_default, old = bearer_terms_default;
        int changed;

        assert_null(read_option(&terms, options[i], values[i]));
        changed = (terms.access.ca != old.access.ca)
            + (terms.access.client_cert != old.access.client_cert)
            + (terms.access.client_key != old.access.client_key)
            + (terms.access.auth != old.access.auth) + (terms.access.proxy != old.access.proxy)
            + (terms.refresh != old.refresh) + (terms.access.timeout != old.access.timeout)
            + (terms.max_stale != old.max_stale);
        row_expect(changed == 1, "%s changes %d", options[i], changed);
    }
    rows_end();
}

static void what_goes_together(void **state)
{
    static const struct { const char *cert, *key; bool taken; } rows[] = {
        { NULL, NULL, true }, { "c", "k", true }, { "c", NULL, false }, { NULL, "k", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_terms terms = bearer_terms_default;
        const char *error;

        terms.access.client_cert = rows[i].cert;
        terms.access.client_key = rows[i].key;
        error = bearer_terms_refuse(&terms);
        row_expect((error == NULL) == rows[i].taken, "row %zu: %s", i,
                   error != NULL ? error : "taken");
        row_expect(error == NULL || strstr(error, "client-") != NULL, "row %zu: %s", i, error);
    }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(names), TEST(defaults), TEST(files), TEST(contents), TEST(proxies), TEST(seconds),
        TEST(one_at_a_time), TEST(what_goes_together),
    };

    return tests_run(tests);
}
