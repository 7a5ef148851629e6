#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sign.h"
#include "support.h"
#include "bearer/jwk.h"
#include "bearer/keystore.h"

#define NOW INT64_C(1700000000)

static const char *one_key(const char *kid)
{
    return public_jwk(make_key("ED25519"), apr_psprintf(test_pool, "\"kid\":\"%s\",", kid));
}

static bearer_keystore *try_open(const char *source, const char *more, const char **error)
{
    const char *sources[] = { source, more, NULL };
    bearer_origin from = { .sources = sources, .issuer = "urn:x", .terms = bearer_terms_default };

    *error = NULL;
    return bearer_keystore_open(test_pool, &from, &test_log, error);
}

static void look(bearer_keystore *store)
{
    bearer_means with = { .now = NOW, .log = &test_log };

    bearer_keystore_look(test_pool, store, &with);
}

static bearer_keystore *must_open(const char *source, const char *more)
{
    const char *error;
    bearer_keystore *store = try_open(source, more, &error);

    if (store == NULL)
        fail_msg("%s: %s", source, error);
    return store;
}

static const char *jwks(const char *path)
{
    return apr_pstrcat(test_pool, "jwks:", path, NULL);
}

/* The kids of the present set, joined by bars. */
static const char *kids(bearer_keystore *store)
{
    bearer_keyset *set = bearer_keystore_hold(store);
    const char *joined = "";

    assert_non_null(set);
    for (size_t i = 0; i < bearer_keyset_count(set); i++) {
        const char *kid = bearer_keyset_at(set, i)->kid;

        joined = apr_pstrcat(test_pool, joined, kid != NULL ? kid : "-", "|", NULL);
    }
    bearer_keyset_release(set);
    return joined;
}

static void a_changed_file_is_seen(void **state)
{
    const char *path = temp_write_text("keys", one_key("a"));
    bearer_keystore *store = must_open(jwks(path), NULL);

    (void)state;
    assert_string_equal(kids(store), "a|");
    look(store);
    assert_string_equal(kids(store), "a|");
    temp_write_text("keys", one_key("bb"));
    look(store);
    assert_string_equal(kids(store), "bb|");
    temp_write_text("keys", one_key("cc"));                 /* of the same size */
    look(store);
    assert_string_equal(kids(store), "cc|");
}

static void a_broken_file_keeps_the_keys(void **state)
{
    static const char *const broken[] = { "", "{", "{\"keys\":[]}",
                                          "{\"keys\":[{\"kty\":\"oct\"}]}", "\n\n\n" };
    const char *path = temp_write_text("keys", one_key("a"));
    bearer_keystore *store = must_open(jwks(path), NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        temp_write_text("keys", broken[i]);
        log_clear();
        look(store);
        row_expect(strcmp(kids(store), "a|") == 0, "'%s' loses the keys", broken[i]);
        row_expect(strstr(log_text(), path) != NULL, "'%s' is logged as: %s", broken[i],
                   log_text());
        log_clear();
        look(store);
        row_expect(log_count() == 0, "'%s' is logged again: %s", broken[i], log_text());
    }
    temp_write_text("keys", one_key("b"));
    look(store);
    row_expect(strcmp(kids(store), "b|") == 0, "not cured");
    rows_end();
}

static void a_missing_file_keeps_the_keys(void **state)
{
    const char *path = temp_write_text("keys", one_key("a"));
    bearer_keystore *store = must_open(jwks(path), NULL);

    (void)state;
    assert_int_equal(unlink(path), 0);
    log_clear();
    look(store);
    look(store);
    look(store);
    assert_string_equal(kids(store), "a|");
    assert_int_equal(log_count(), 1);
    temp_write_text("keys", one_key("b"));
    look(store);
    assert_string_equal(kids(store), "b|");
}

/* The file is as it was at the next look, but was never read so. */
static void what_could_not_be_opened_is_tried_again(void **state)
{
    bearer_keystore *store = must_open(jwks(temp_write_text("keys", one_key("a"))), NULL);
    struct rlimit before, none;

    (void)state;
    temp_write_text("keys", one_key("b"));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){ 0, before.rlim_max };
    log_clear();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    look(store);
    look(store);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_string_equal(kids(store), "a|");
    assert_int_equal(log_count(), 1);
    look(store);
    assert_string_equal(kids(store), "b|");
}

/* A mount of Kubernetes: the file is a link through a folder link that is swapped. */
static void a_swapped_link_is_seen(void **state)
{
    const char *link = temp_path("keys");
    bearer_keystore *store;

    (void)state;
    temp_write_text("first", one_key("a"));
    temp_write_text("second", one_key("b"));
    assert_int_equal(symlink("first", temp_path("data")), 0);
    assert_int_equal(symlink("data", link), 0);
    store = must_open(jwks(link), NULL);
    look(store);
    assert_string_equal(kids(store), "a|");
    assert_int_equal(symlink("second", temp_path("data_new")), 0);
    assert_int_equal(rename(temp_path("data_new"), temp_path("data")), 0);
    look(store);
    assert_string_equal(kids(store), "b|");
}

static void a_held_set_stays(void **state)
{
    const char *path = temp_write_text("keys", one_key("a"));
    bearer_keystore *store = must_open(jwks(path), NULL);
    bearer_keyset *held = bearer_keystore_hold(store);

    (void)state;
    temp_write_text("keys", one_key("b"));
    look(store);
    assert_string_equal(kids(store), "b|");
    assert_string_equal(bearer_keyset_at(held, 0)->kid, "a");
    assert_true(EVP_PKEY_is_a(bearer_keyset_at(held, 0)->pkey, "ED25519"));
    bearer_keyset_release(held);
}

static void several_sources(void **state)
{
    const char *a = temp_write_text("a", one_key("a"));
    const char *b = apr_pstrcat(test_pool, "pem:",
                                temp_write_text("b", public_pem(make_key("P-256"))), NULL);
    bearer_keystore *store = must_open(jwks(a), b);

    (void)state;
    assert_string_equal(kids(store), "-|a|");
    assert_string_equal(bearer_keystore_file(store, 0), a);
    assert_string_equal(bearer_keystore_file(store, 1), b + strlen("pem:"));
    assert_null(bearer_keystore_file(store, 2));
    temp_write_text("a", "{");                              /* one broken, the other changed */
    temp_write_text("b", public_pem(make_key("P-384")));
    look(store);
    assert_string_equal(kids(store), "-|a|");
    temp_write_text("a", one_key("c"));
    look(store);
    assert_string_equal(kids(store), "-|c|");
}

static void secrets(void **state)
{
    static const struct { bearer_span bytes; bool taken, warned; } rows[] = {
        { SPAN_ROW("0123456789abcdef0123456789abcde"), false, false },
        { SPAN_ROW("0123456789abcdef0123456789abcdef"), true, false },
        { SPAN_ROW("0123456789abcdef0123456789abcdef\n"), true, true },
        { SPAN_ROW("\0\x01\x02\xff" "456789abcdef0123456789abcdef"), true, false },
        { SPAN_ROW("\0\x01\x02\xff" "456789abcdef0123456789abcde\n"), true, false },
        { SPAN_ROW(""), false, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *source = apr_pstrcat(test_pool, "secret:", temp_write("secret", rows[i].bytes),
                                         NULL), *error;
        bearer_keystore *store;
        bearer_keyset *set;

        log_clear();
        store = try_open(source, NULL, &error);
        row_expect((store != NULL) == rows[i].taken, "row %zu: %s", i, error != NULL ? error : "");
        row_expect((log_count() > 0) == rows[i].warned, "row %zu: log %s", i, log_text());
        if (store == NULL)
            continue;
        set = bearer_keystore_hold(store);
        row_expect(bearer_keyset_count(set) == 1 && bearer_keyset_at(set,
                                                                     0)->secret_len
                                                                         == rows[i].bytes.len
                   && memcmp(bearer_keyset_at(set, 0)->secret, rows[i].bytes.ptr,
                             rows[i].bytes.len) == 0,
                   "row %zu: bytes", i);
        row_expect(strstr(log_text(), "0123") == NULL, "row %zu: the secret is logged", i);
        bearer_keyset_release(set);
    }
    rows_end();
}

static void expect_no_store(const char *name, const char *source, const char *word)
{
    const char *error;
    bearer_keystore *store = try_open(source, NULL, &error);

    row_expect(store == NULL, "%s opens", name);
    row_expect(error != NULL && strstr(error, word) != NULL, "%s: %s", name,
               error != NULL ? error : "no reason");
}

static void sources_that_do_not_open(void **state)
{
    const char *fifo = temp_path("fifo"), *error;
    char *big = apr_pcalloc(test_pool, BEARER_JWK_MAX_BYTES + 1);

    (void)state;
    memset(big, ' ', BEARER_JWK_MAX_BYTES + 1);
    memcpy(big, "{\"keys\":[]}", 11);
    expect_no_store("missing", jwks(temp_path("missing")), "missing");
    expect_no_store("a folder", jwks(temp_path(".")), temp_path("."));
    expect_no_store("no usable key", jwks(temp_write_text("none", "{\"keys\":[]}")), "none");
    expect_no_store("garbage", jwks(temp_write_text("garbage", "<html>")), "garbage");
    expect_no_store("too large", jwks(temp_write("big",
                                                 (bearer_span){ big, BEARER_JWK_MAX_BYTES + 1 })),
                                                 "big");
    expect_no_store("PEM as JWKS", jwks(temp_write_text("pem", public_pem(make_key("P-256")))),
                    "pem");
    expect_no_store("JWKS as PEM", apr_pstrcat(test_pool, "pem:",
                                               temp_write_text("set", one_key("a")), NULL), "set");
    expect_no_store("a private key", apr_pstrcat(test_pool, "pem:", temp_write_text("private",
                    private_pem(make_key("P-256"))), NULL), "private");
    expect_no_store("no kind", temp_write_text("bare", one_key("a")), "jwks:");
    expect_no_store("another kind", "file:/x", "jwks:");
    expect_no_store("http elsewhere", "http://issuer.example/jwks", "loopback");
    expect_no_store("discovery of no URL", "discovery", "no https URL");
    expect_no_store("empty", "", "jwks:");
    expect_no_store("no file", "jwks:", "");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    /* a pipe without writer must not be waited for */
    alarm(20);
    expect_no_store("a pipe", jwks(fifo), "fifo");
    alarm(0);
    assert_null(try_open(jwks(temp_write_text("good", one_key("a"))), jwks(temp_path("missing")),
                         &error));
    rows_end();
}

static void words(void **state)
{
    (void)state;
    assert_true(bearer_keystore_is_secret("secret:/x"));
    assert_false(bearer_keystore_is_secret("jwks:/secret:"));
    assert_false(bearer_keystore_is_secret("pem:secret:x"));
    assert_false(bearer_keystore_is_secret("secret"));
    assert_non_null(strstr(bearer_keystore_kinds(), "jwks:"));
    assert_non_null(strstr(bearer_keystore_kinds(), "pem:"));
    assert_non_null(strstr(bearer_keystore_kinds(), "secret:"));
    assert_string_equal(bearer_keystore_file_of("pem:a:b"), "a:b");
    assert_null(bearer_keystore_file_of("x:y"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_changed_file_is_seen), TEST(a_broken_file_keeps_the_keys),
        TEST(a_missing_file_keeps_the_keys), TEST(what_could_not_be_opened_is_tried_again),
        TEST(a_swapped_link_is_seen), TEST(a_held_set_stays), TEST(several_sources), TEST(secrets),
        TEST(sources_that_do_not_open), TEST(words),
    };

    return tests_run(tests);
}
