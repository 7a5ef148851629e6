#include "rfc.h"
#include "sign.h"
#include "support.h"
#include "bearer/jwk.h"

#include <openssl/sha.h>

#define SECRET "0123456789abcdef0123456789abcdef"

/* The one key of a JWK; NULL fails the row. */
static const bearer_key *read_one(const char *name, const char *jwk)
{
    const char *error = NULL;
    const bearer_key *const *keys;

    log_clear();
    keys = bearer_jwk_read(test_pool, tight_text(jwk), &test_log, &error);
    if (row_expect(keys != NULL && keys[0] != NULL && keys[1] == NULL, "%s: %s %s", name, jwk,
                   log_text()))
        return keys[0];
    return NULL;
}

static void round_trips(void **state)
{
    static const char *const kinds[] = { "RSA", "P-256", "P-384", "P-521", "secp256k1", "ED25519",
                                         "ED448" };

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const bearer_key *key = read_one(kinds[i], public_jwk(make_key(kinds[i]),
                                                              "\"kid\":\"k\","));
        const char *members = key != NULL ? bearer_jwk_members(test_pool, key) : NULL;
        const bearer_key *again;

        if (!row_expect(members != NULL, "%s is not written", kinds[i]))
            continue;
        row_expect(strcmp(key->kid, "k") == 0, "kid of %s", kinds[i]);
        again = read_one(kinds[i], apr_pstrcat(test_pool, "{", members, "}", NULL));
        row_expect(again != NULL && EVP_PKEY_eq(again->pkey, key->pkey) == 1, "%s again: %s",
                   kinds[i], members);
    }
    rows_end();
}

static void a_secret_has_none(void **state)
{
    const char *error;

    (void)state;
    assert_null(bearer_jwk_members(test_pool, bearer_key_secret(test_pool, SECRET, strlen(SECRET),
                                                                &error)));
}

/* RFC 7638 section 3.1. */
static void thumbprint(void **state)
{
    const bearer_key *key = read_one("RFC 7638", "{\"kty\":\"RSA\",\"n\":\"" RFC7517_A1_N "\","
                                     "\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}");
    unsigned char hash[SHA256_DIGEST_LENGTH];
    const char *text;

    (void)state;
    assert_non_null(key);
    text = apr_pstrcat(test_pool, "{", bearer_jwk_members(test_pool, key), "}", NULL);
    SHA256((const unsigned char *)text, strlen(text), hash);
    assert_string_equal(encoded((bearer_span){ (const char *)hash, sizeof(hash) }),
                        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(round_trips), TEST(a_secret_has_none), TEST(thumbprint),
    };

    return tests_run(tests);
}
