#include "bearer/b64url.h"
#include "bearer/jwk.h"

#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

static const char *encoded(apr_pool_t *pool, const unsigned char *bytes, size_t len)
{
    char *text = apr_palloc(pool, BEARER_B64URL_ENCODED(len));

    bearer_b64url_encode(bytes, len, text);
    return text;
}

/* A number of the key in `bytes` bytes, or as many as it needs for 0. */
static const char *number(apr_pool_t *pool, EVP_PKEY *pkey, const char *name, size_t bytes)
{
    BIGNUM *value = NULL;
    unsigned char *raw;
    size_t len;

    if (EVP_PKEY_get_bn_param(pkey, name, &value) != 1)
        return NULL;
    len = bytes != 0 ? bytes : (size_t)BN_num_bytes(value);
    raw = apr_pcalloc(pool, len);
    if (BN_bn2binpad(value, raw, (int)len) < 0)
        raw = NULL;
    BN_free(value);
    return raw != NULL ? encoded(pool, raw, len) : NULL;
}

static const char *raw_public(apr_pool_t *pool, EVP_PKEY *pkey, size_t len)
{
    unsigned char *raw = apr_palloc(pool, len);

    return EVP_PKEY_get_raw_public_key(pkey, raw, &len) == 1 ? encoded(pool, raw, len) : NULL;
}

static char *write_rsa(apr_pool_t *pool, const bearer_key *key)
{
    const char *n = number(pool, key->pkey, OSSL_PKEY_PARAM_RSA_N, 0);
    const char *e = number(pool, key->pkey, OSSL_PKEY_PARAM_RSA_E, 0);

    if (n == NULL || e == NULL)
        return NULL;
    return apr_psprintf(pool, "\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"", e, n);
}

static char *write_ec(apr_pool_t *pool, const bearer_key *key)
{
    const bearer_curve_info *info = bearer_curve_get(key->curve);
    const char *x = number(pool, key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, info->bytes);
    const char *y = number(pool, key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, info->bytes);

    if (x == NULL || y == NULL)
        return NULL;
    return apr_psprintf(pool, "\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"", info->name,
                        x, y);
}

static char *write_okp(apr_pool_t *pool, const bearer_key *key)
{
    const bearer_curve_info *info = bearer_curve_get(key->curve);
    const char *x = raw_public(pool, key->pkey, info->bytes);

    if (x == NULL)
        return NULL;
    return apr_psprintf(pool, "\"crv\":\"%s\",\"kty\":\"OKP\",\"x\":\"%s\"", info->name, x);
}

static char *write_akp(apr_pool_t *pool, const bearer_key *key)
{
    const bearer_curve_info *info = bearer_curve_get(key->curve);
    const char *pub = raw_public(pool, key->pkey, info->bytes);

    if (pub == NULL)
        return NULL;
    return apr_psprintf(pool, "\"alg\":\"%s\",\"kty\":\"AKP\",\"pub\":\"%s\"", info->name, pub);
}

char *bearer_jwk_members(apr_pool_t *pool, const bearer_key *key)
{
    static char *(*const writers[])(apr_pool_t *, const bearer_key *) = {
        [BEARER_KTY_RSA] = write_rsa, [BEARER_KTY_EC] = write_ec,
        [BEARER_KTY_OKP] = write_okp, [BEARER_KTY_AKP] = write_akp,
    };

    if (key->kty == BEARER_KTY_OCT || key->kty == BEARER_KTY_NONE)
        return NULL;
    return writers[key->kty](pool, key);
}
