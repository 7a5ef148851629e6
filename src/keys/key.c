#include "bearer/key.h"
#include "bearer/jwk.h"
#include "bearer/scoped.h"
#include "bearer/signature.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 8192       /* beyond it, one check slows the server down */
#define SECRET_MIN_BYTES 32

static apr_status_t free_pkey(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

static apr_status_t wipe_secret(void *data)
{
    bearer_key *key = data;

    OPENSSL_cleanse((unsigned char *)(uintptr_t)key->secret, key->secret_len);
    return APR_SUCCESS;
}

static void md_ctx_done(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void pkey_ctx_done(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

/* The point is on its curve. */
static bool public_check(EVP_PKEY *pkey)
{
    BEARER_SCOPED(pkey_ctx_done) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);

    return ctx != NULL && EVP_PKEY_public_check(ctx) == 1;
}

static bool is_odd_above_one(EVP_PKEY *pkey, const char *name)
{
    BIGNUM *number = NULL;
    bool is = EVP_PKEY_get_bn_param(pkey, name, &number) == 1 && BN_is_odd(number)
              && !BN_is_one(number);

    BN_free(number);
    return is;
}

/* RFC 7518 section 3.3, RFC 8725 section 3.5. OpenSSL itself takes an exponent of 1. Its full check
 * of a public key tests the modulus for primality, 7 ms a key: a set of a thousand keys would take
 * seconds, and whoever publishes keys could publish worse ones than a prime. */
static const char *refuse_rsa(EVP_PKEY *pkey)
{
    int bits = EVP_PKEY_get_bits(pkey);

    if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS)
        return "an RSA key of 2048 to 8192 bits is wanted";
    if (!is_odd_above_one(pkey, OSSL_PKEY_PARAM_RSA_N))
        return "the RSA modulus is even";
    return is_odd_above_one(pkey, OSSL_PKEY_PARAM_RSA_E) ? NULL : "the RSA exponent is even or 1";
}

/* Little-endian y coordinates of the points whose order divides 8, RFC 7748's curve in Edwards
 * form: with them a signature can be made for any message. The sign bit of x (the last byte's
 * highest) is ignored, so is y written as y + p. */
static const unsigned char small_25519[][32] = {
    { 0 },
    { 1 },
    { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
    { 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
    { 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
    { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
      0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
      0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
    { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
      0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
      0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
};

static bool is_small_25519(const unsigned char *raw)
{
    unsigned char y[32];

    memcpy(y, raw, sizeof(y));
    y[31] &= 0x7f;
    for (size_t i = 0; i < sizeof(small_25519) / sizeof(small_25519[0]); i++)
        if (CRYPTO_memcmp(y, small_25519[i], sizeof(y)) == 0)
            return true;
    return false;
}

/* The same for edwards448 (cofactor 4), p = 2^448 - 2^224 - 1: y is 0, 1 or -1, or p or p + 1 as
 * other spellings of the first two. The sign byte behind the 56 of y is ignored. */
static bool is_small_448(const unsigned char *raw)
{
    static const struct { unsigned char first, low, middle, high; } points[] = {
        { 0x00, 0x00, 0x00, 0x00 }, { 0x01, 0x00, 0x00, 0x00 }, { 0xfe, 0xff, 0xfe, 0xff },
        { 0xff, 0xff, 0xfe, 0xff }, { 0x00, 0x00, 0xff, 0xff },
    };

    for (size_t p = 0; p < sizeof(points) / sizeof(points[0]); p++) {
        unsigned differ = raw[0] ^ points[p].first;

        for (size_t i = 1; i < 56; i++)
            differ |= raw[i]
                      ^ (i < 28    ? points[p].low
                         : i == 28 ? points[p].middle
                                   : points[p].high);
        if (differ == 0)
            return true;
    }
    return false;
}

static const char *refuse_okp(EVP_PKEY *pkey, bearer_curve curve)
{
    unsigned char raw[57];
    size_t len = sizeof(raw);

    if (EVP_PKEY_get_raw_public_key(pkey, raw, &len) != 1
        || len != bearer_curve_get(curve)->bytes)
        return "the public key cannot be read";
    if (curve == BEARER_ED25519 ? is_small_25519(raw) : is_small_448(raw))
        return "the public key is a point of small order";
    return NULL;
}

static bearer_curve group_of(EVP_PKEY *pkey)
{
    char name[64] = "";

    EVP_PKEY_get_group_name(pkey, name, sizeof(name), NULL);
    for (bearer_curve curve = BEARER_P256; curve <= BEARER_SECP256K1; curve++)
        if (strcmp(name, bearer_curve_get(curve)->openssl) == 0)
            return curve;
    return BEARER_CURVE_NONE;
}

/* What kind of key this is; BEARER_KTY_NONE for one that no algorithm of ours uses. */
static void classify(EVP_PKEY *pkey, bearer_key *key)
{
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        key->kty = BEARER_KTY_RSA;
        return;
    }
    key->curve = EVP_PKEY_is_a(pkey, "EC") ? group_of(pkey) : BEARER_CURVE_NONE;
    for (bearer_curve curve = BEARER_ED25519; curve < BEARER_CURVES; curve++)
        if (EVP_PKEY_is_a(pkey, bearer_curve_get(curve)->openssl))
            key->curve = curve;
    key->kty = bearer_curve_get(key->curve)->kty;
}

static const char *refuse_key(const bearer_key *key)
{
    const char *error = NULL;

    if (key->kty == BEARER_KTY_NONE)
        return "a key of this type or curve serves no algorithm here";
    if (key->kty == BEARER_KTY_RSA)
        error = refuse_rsa(key->pkey);
    if (key->kty == BEARER_KTY_OKP)
        error = refuse_okp(key->pkey, key->curve);
    if (error == NULL && (key->kty == BEARER_KTY_EC || key->kty == BEARER_KTY_OKP)
        && !public_check(key->pkey))
        error = "the public key is not valid";
    return error;
}

/* The first use exports a key to OpenSSL's provider under a lock: better now than in a request. */
static void warm(const bearer_key *key)
{
    static const char zeros[RSA_MAX_BITS / 8];
    size_t size = (size_t)EVP_PKEY_get_size(key->pkey);

    for (size_t i = 0; bearer_alg_at(i) != NULL; i++) {
        const bearer_alg *alg = bearer_alg_at(i);
        size_t len = alg->family == BEARER_ECDSA ? 2 * bearer_curve_get(alg->curve)->bytes
                     : size < sizeof(zeros)      ? size
                                                 : sizeof(zeros);

        if (bearer_key_fits(key, alg)) {
            bearer_signature_check(key, alg, (bearer_span){ "", 0 }, (bearer_span){ zeros, len });
            return;
        }
    }
}

const bearer_key *bearer_key_adopt(apr_pool_t *pool, EVP_PKEY *pkey, const char **error)
{
    bearer_key *key = apr_pcalloc(pool, sizeof(*key));

    key->pkey = pkey;
    key->ready = bearer_verifiers_make(pool);
    apr_pool_cleanup_register(pool, pkey, free_pkey, apr_pool_cleanup_null);
    classify(pkey, key);
    *error = refuse_key(key);
    ERR_clear_error();
    if (*error != NULL)
        return NULL;
    warm(key);
    return key;
}

static bearer_key *make_secret(apr_pool_t *pool, const void *bytes, size_t len)
{
    bearer_key *key = apr_pcalloc(pool, sizeof(*key));

    key->kty = BEARER_KTY_OCT;
    key->secret = apr_pmemdup(pool, bytes, len);
    key->secret_len = len;
    key->ready = bearer_verifiers_make(pool);
    apr_pool_cleanup_register(pool, key, wipe_secret, apr_pool_cleanup_null);
    return key;
}

const bearer_key *bearer_key_secret(apr_pool_t *pool, const void *bytes, size_t len,
                                    const char **error)
{
    if (len < SECRET_MIN_BYTES) {
        *error = "is too short: a secret of at least 32 bytes is wanted";
        return NULL;
    }
    return make_secret(pool, bytes, len);
}

/* RFC 7638 has the public numbers, a secret is its own; both with what narrows the key's use. */
static bool hash_identity(apr_pool_t *scratch, bearer_key *key)
{
    const char *members = bearer_jwk_members(scratch, key);
    bearer_span own = members != NULL ? bearer_span_of(members)
                                      : (bearer_span){ (const char *)key->secret, key->secret_len };
    const char *use = apr_pstrcat(scratch, members != NULL ? "public" : "secret", " ",
                                  key->alg != NULL ? key->alg->name : "-",
                                  key->kid != NULL ? " kid " : "", key->kid, NULL);
    BEARER_SCOPED(md_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    return (members != NULL || key->kty == BEARER_KTY_OCT) && ctx != NULL
        && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1
        && EVP_DigestUpdate(ctx, use, strlen(use) + 1) == 1
        && EVP_DigestUpdate(ctx, own.ptr, own.len) == 1
        && EVP_DigestFinal_ex(ctx, key->identity, NULL) == 1;
}

static bool identify(apr_pool_t *pool, bearer_key *key)
{
    apr_pool_t *scratch;
    bool done;

    if (apr_pool_create(&scratch, pool) != APR_SUCCESS)
        return false;
    done = hash_identity(scratch, key);
    apr_pool_destroy(scratch);
    return done;
}

const bearer_key *bearer_key_copy(apr_pool_t *pool, const bearer_key *key, const char *kid,
                                  const bearer_alg *alg)
{
    bearer_key *copy;

    if (key->kty == BEARER_KTY_OCT) {
        copy = make_secret(pool, key->secret, key->secret_len);
    }
    else {
        if (EVP_PKEY_up_ref(key->pkey) != 1)
            return NULL;
        copy = apr_pmemdup(pool, key, sizeof(*key));
        copy->ready = bearer_verifiers_make(pool);
        apr_pool_cleanup_register(pool, copy->pkey, free_pkey, apr_pool_cleanup_null);
    }
    copy->kid = kid != NULL ? apr_pstrdup(pool, kid) : NULL;
    copy->alg = alg;
    return identify(pool, copy) ? copy : NULL;
}

bool bearer_key_fits(const bearer_key *key, const bearer_alg *alg)
{
    return bearer_alg_fits(alg, key->kty, key->curve)
        && (key->alg == NULL || key->alg == alg)
        && (key->kty != BEARER_KTY_OCT || key->secret_len >= alg->hash_bytes);
}
