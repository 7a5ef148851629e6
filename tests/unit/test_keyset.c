#include "sign.h"
#include "support.h"
#include "bearer/keyset.h"

static const bearer_alg *alg(const char *name)
{
    return bearer_alg_find(bearer_span_of(name));
}

static const bearer_key *key_of(const char *kind)
{
    EVP_PKEY *pkey = make_key(kind);
    const char *error = NULL;
    const bearer_key *key;

    EVP_PKEY_up_ref(pkey);
    key = bearer_key_adopt(test_pool, pkey, &error);
    if (key == NULL)
        fail_msg("%s: %s", kind, error);
    return key;
}

static const bearer_key *named(const bearer_key *key, const char *kid, const char *only)
{
    const bearer_key *copy = bearer_key_copy(test_pool, key, kid, only != NULL ? alg(only) : NULL);

    assert_non_null(copy);
    return copy;
}

/* Kids of what is found, joined by bars, "-" for none. */
static const char *found(const bearer_keyset *set, const char *algorithm, const char *kid)
{
    const bearer_key *keys[BEARER_KEYSET_TRIES];
    bearer_span span = bearer_span_of(kid);
    size_t n = bearer_keyset_find(set, alg(algorithm), kid != NULL ? &span : NULL, keys);
    const char *joined = "";

    assert_true(n <= BEARER_KEYSET_TRIES);
    for (size_t i = 0; i < n; i++)
        joined = apr_pstrcat(test_pool, joined, keys[i]->kid != NULL ? keys[i]->kid : "-", "|",
                             NULL);
    return joined;
}

static void choice(void **state)
{
    const bearer_key *ec = key_of("P-256"), *ec384 = key_of("P-384"), *rsa = key_of("RSA"),
    *ed = key_of("ED25519");
    const bearer_key *keys[] = {
        named(ec, "a", NULL), named(ec384, "b", NULL), named(rsa, "r", NULL),
        named(rsa, "r256", "RS256"),
        named(ed, "e", NULL), named(ec, "", NULL), named(ec, "same", NULL),
        named(ec384, "same", NULL),
        named(ec, "same", NULL),
    };
    static const struct { const char *alg, *kid, *kids; } rows[] = {
        { "ES256", "a", "a|" }, { "ES384", "a", "" }, { "ES384", "b", "b|" }, { "RS256", "a", "" },
        { "RS256", "r", "r|" }, { "PS512", "r", "r|" }, { "RS256", "r256", "r256|" },
        { "RS384", "r256", "" }, { "PS256", "r256", "" }, { "EdDSA", "e", "e|" },
        { "Ed25519", "e", "e|" }, { "Ed448", "e", "" }, { "ES256", "A", "" }, { "ES256", "aa", "" },
        { "ES256", "", "|" }, { "ES256", "sam", "" }, { "ES256", "samee", "" },
        { "ES256", "same", "same|same|" }, { "ES384", "same", "same|" }, { "HS256", "a", "" },
        { "HS256", NULL, "" }, { "EdDSA", NULL, "e|" }, { "RS384", NULL, "r|" },
        { "ES256K", NULL, "" }, { "ML-DSA-44", NULL, "" }, { "ES256", "zzz", "" },
        { "ES256", "\xff", "" },
    };
    bearer_keyset *set = bearer_keyset_make(keys, COUNT(keys));

    (void)state;
    assert_non_null(set);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *kids = found(set, rows[i].alg, rows[i].kid);

        row_expect(strcmp(kids, rows[i].kids) == 0, "%s with kid %s gives %s", rows[i].alg,
                   rows[i].kid != NULL ? rows[i].kid : "none", kids);
    }
    assert_int_equal(bearer_keyset_count(set), COUNT(keys));
    assert_null(bearer_keyset_at(set, COUNT(keys)));
    bearer_keyset_release(set);
    rows_end();
}

/* A key from a file without names serves any token, after the keys of that very name. */
static void nameless_keys(void **state)
{
    const bearer_key *ec = key_of("P-256");
    const bearer_key *keys[] = { named(ec, NULL, NULL), named(ec, "x", NULL),
                                 named(ec, NULL, NULL) };
    bearer_keyset *set = bearer_keyset_make(keys, COUNT(keys));

    (void)state;
    assert_string_equal(found(set, "ES256", "x"), "x|-|-|");
    assert_string_equal(found(set, "ES256", "y"), "-|-|");
    assert_int_equal(strlen(found(set, "ES256", NULL)), strlen("x|-|-|"));
    assert_string_equal(found(set, "ES384", "x"), "");
    bearer_keyset_release(set);
}

static void at_most_eight(void **state)
{
    const bearer_key *ec = key_of("P-256"), *keys[21];
    bearer_keyset *set;

    (void)state;
    for (size_t i = 0; i < 10; i++)
        keys[i] = named(ec, NULL, NULL);
    for (size_t i = 10; i < 20; i++)
        keys[i] = named(ec, "same", NULL);
    keys[20] = named(ec, "last", NULL);
    set = bearer_keyset_make(keys, COUNT(keys));
    assert_string_equal(found(set, "ES256", "same"), "same|same|same|same|same|same|same|same|");
    assert_string_equal(found(set, "ES256", "last"), "last|-|-|-|-|-|-|-|");
    assert_string_equal(found(set, "ES256", "other"), "-|-|-|-|-|-|-|-|");
    assert_true(found(set, "ES256", NULL)[0] != '\0');
    bearer_keyset_release(set);
}

static void a_thousand_keys(void **state)
{
    const bearer_key *ec = key_of("P-256"), **keys = apr_pcalloc(test_pool, 1000 * sizeof(*keys));
    bearer_keyset *set;

    (void)state;
    for (int i = 0; i < 1000; i++)
        keys[i] = named(ec, apr_psprintf(test_pool, "kid-%d", (i * 7919) % 1000), NULL);
    set = bearer_keyset_make(keys, 1000);
    for (int i = 0; i < 1000; i++) {
        const char *kid = apr_psprintf(test_pool, "kid-%d", i);

        row_expect(strcmp(found(set, "ES256", kid), apr_pstrcat(test_pool, kid, "|", NULL)) == 0,
                   "%s", kid);
    }
    row_expect(strcmp(found(set, "ES256", "kid-1000"), "") == 0, "beyond the last");
    row_expect(strcmp(found(set, "ES256", "kid-"), "") == 0, "a prefix");
    row_expect(strcmp(found(set, "ES256", "a"), "") == 0, "before the first");
    bearer_keyset_release(set);
    rows_end();
}

static void holders(void **state)
{
    const char *error;
    const bearer_key *keys[] = { key_of("ED25519"),
                                 bearer_key_secret(test_pool, "0123456789abcdef0123456789abcdef",
                                                                      32, &error) };
    bearer_keyset *set = bearer_keyset_make(keys, 2), *empty = bearer_keyset_make(keys, 0);
    const bearer_key *got[BEARER_KEYSET_TRIES];

    (void)state;
    assert_ptr_equal(bearer_keyset_hold(set), set);
    bearer_keyset_release(set);
    /* the set keeps its keys without those it was made from */
    apr_pool_clear(test_pool);
    assert_int_equal(bearer_keyset_find(set, alg("EdDSA"), NULL, got), 1);
    assert_true(EVP_PKEY_is_a(got[0]->pkey, "ED25519"));
    assert_int_equal(bearer_keyset_find(set, alg("HS256"), NULL, got), 1);
    assert_memory_equal(got[0]->secret, "0123456789abcdef0123456789abcdef", 32);
    assert_int_equal(bearer_keyset_find(set, alg("HS384"), NULL, got), 0);
    bearer_keyset_release(set);
    assert_non_null(empty);
    assert_int_equal(bearer_keyset_count(empty), 0);
    assert_int_equal(bearer_keyset_find(empty, alg("EdDSA"), NULL, got), 0);
    bearer_keyset_release(empty);
    bearer_keyset_release(NULL);
}

static void algorithms(void **state)
{
    const bearer_key *keys[] = { named(key_of("P-256"), "a", NULL),
                                 named(key_of("RSA"), "b", "PS256"),
                                 named(key_of("ED25519"), NULL, NULL) };
    static const char *const expected[] = { "ES256", "PS256", "EdDSA", "Ed25519" };
    bearer_keyset *set = bearer_keyset_make(keys, COUNT(keys));
    uint64_t bits = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++)
        bits |= UINT64_C(1) << bearer_alg_index(alg(expected[i]));
    assert_true(bearer_keyset_algorithms(set) == bits);
    bearer_keyset_release(set);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(choice), TEST(nameless_keys), TEST(at_most_eight), TEST(a_thousand_keys),
        TEST(holders), TEST(algorithms),
    };

    return tests_run(tests);
}
