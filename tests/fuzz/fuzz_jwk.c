/* Property: every key that a set gives fits an algorithm, is no HMAC key, and is public; RSA has
 * 2048 to 8192 bits and an odd exponent above 1; written and read again it is the same key. A text
 * that gives no list says why. */
#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "fuzz.h"
#include "bearer/jwk.h"

static bool serves(const bearer_key *key)
{
    for (size_t i = 0; bearer_alg_at(i) != NULL; i++)
        if (bearer_key_fits(key, bearer_alg_at(i)))
            return bearer_alg_at(i)->kty == key->kty;
    return false;
}

static void check_rsa(const EVP_PKEY *pkey)
{
    BIGNUM *exponent = NULL;
    int bits = EVP_PKEY_get_bits(pkey);

    must(bits >= 2048 && bits <= 8192);
    must(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1);
    must(BN_is_odd(exponent) && !BN_is_one(exponent));
    BN_free(exponent);
}

static void check_key(const bearer_key *key)
{
    BIGNUM *private = NULL;

    must(key->kty != BEARER_KTY_OCT && key->kty != BEARER_KTY_NONE);
    must(key->pkey != NULL && key->secret == NULL && key->secret_len == 0);
    must(serves(key));
    if (key->alg != NULL)
        must(bearer_key_fits(key, key->alg));
    must((key->kty == BEARER_KTY_RSA) == (key->curve == BEARER_CURVE_NONE));
    if (key->kty == BEARER_KTY_RSA)
        check_rsa(key->pkey);
    must(EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_D, &private) != 1);
    must(EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, &private) != 1);
}

static void check_written(apr_pool_t *pool, const bearer_key *key)
{
    const char *error = NULL, *members = bearer_jwk_members(pool, key), *text;
    const bearer_key *const *again;

    must(members != NULL);
    text = apr_pstrcat(pool, "{", members, "}", NULL);
    again = bearer_jwk_read(pool, bearer_span_of(text), NULL, &error);
    must(again != NULL);
    if (again[0] == NULL) {
        must(key->kty == BEARER_KTY_RSA);   /* OpenSSL looks for small factors by chance */
        return;
    }
    must(again[1] == NULL);
    must(again[0]->kty == key->kty && again[0]->curve == key->curve && again[0]->kid == NULL);
    must(EVP_PKEY_eq(again[0]->pkey, key->pkey) == 1);
    must(strcmp(bearer_jwk_members(pool, again[0]), members) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bearer_span text = fuzz_span(data, size);
    apr_pool_t *pool = fuzz_pool();
    const char *error = NULL;
    const bearer_key *const *keys = bearer_jwk_read(pool, text, NULL, &error);

    must(keys != NULL || (error != NULL && *error != '\0'));
    for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
        must(i < BEARER_JWK_MAX_KEYS);
        check_key(keys[i]);
        check_written(pool, keys[i]);
    }
    apr_pool_destroy(pool);
    fuzz_span_free(text);
    return 0;
}
