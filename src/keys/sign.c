#include "bearer/sign.h"
#include "bearer/scoped.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

static void md_ctx_done(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void ecdsa_done(ECDSA_SIG **signature)
{
    ECDSA_SIG_free(*signature);
}

static bool sign_hmac(apr_pool_t *pool, const bearer_key *key, const bearer_alg *alg,
                      bearer_span input, bearer_span *signature)
{
    unsigned char *mac = apr_palloc(pool, EVP_MAX_MD_SIZE);
    unsigned int len = 0;

    if (HMAC(EVP_get_digestbyname(alg->digest), key->secret, (int)key->secret_len,
             (const unsigned char *)input.ptr, input.len, mac, &len) == NULL)
        return false;
    *signature = (bearer_span){ (char *)mac, len };
    return true;
}

/* RFC 7518 section 3.5: the salt is as long as the hash. */
static bool set_pss(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1
        && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool sign_evp(apr_pool_t *pool, const bearer_key *key, const bearer_alg *alg,
                     bearer_span input, bearer_span *signature)
{
    BEARER_SCOPED(md_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const unsigned char *bytes = (const unsigned char *)input.ptr;
    EVP_PKEY_CTX *params = NULL;                /* belongs to ctx */
    unsigned char *out;
    size_t len;

    if (ctx == NULL
        || EVP_DigestSignInit_ex(ctx, &params, alg->digest, NULL, NULL, key->pkey, NULL) != 1
        || (alg->family == BEARER_PSS && !set_pss(params))
        || EVP_DigestSign(ctx, NULL, &len, bytes, input.len) != 1)
        return false;
    out = apr_palloc(pool, len);
    if (EVP_DigestSign(ctx, out, &len, bytes, input.len) != 1)
        return false;
    *signature = (bearer_span){ (char *)out, len };
    return true;
}

/* RFC 7518 section 3.4: R and S, each as long as a coordinate, in place of OpenSSL's DER. */
static bool sign_ecdsa(apr_pool_t *pool, const bearer_key *key, const bearer_alg *alg,
                       bearer_span input, bearer_span *signature)
{
    BEARER_SCOPED(ecdsa_done) ECDSA_SIG *pair = NULL;
    int half = (int)bearer_curve_get(alg->curve)->bytes;
    unsigned char *raw = apr_palloc(pool, 2 * (size_t)half);
    const unsigned char *der;
    bearer_span text;

    if (!sign_evp(pool, key, alg, input, &text))
        return false;
    der = (const unsigned char *)text.ptr;
    pair = d2i_ECDSA_SIG(NULL, &der, (long)text.len);
    if (pair == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, half) < 0
        || BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + half, half) < 0)
        return false;
    *signature = (bearer_span){ (char *)raw, 2 * (size_t)half };
    return true;
}

static bool (*const families[])(apr_pool_t *, const bearer_key *, const bearer_alg *, bearer_span,
                                bearer_span *) = {
    [BEARER_HMAC] = sign_hmac,   [BEARER_PKCS1] = sign_evp, [BEARER_PSS] = sign_evp,
    [BEARER_ECDSA] = sign_ecdsa, [BEARER_PURE] = sign_evp,
};

bool bearer_sign(apr_pool_t *pool, const bearer_key *key, const bearer_alg *alg, bearer_span input,
                 bearer_span *signature)
{
    bool signed_now = bearer_key_fits(key, alg)
                   && families[alg->family](pool, key, alg, input, signature);

    /* The queue is per thread, and mod_ssl would blame the next connection for what is left. */
    if (!signed_now)
        ERR_clear_error();
    return signed_now;
}
