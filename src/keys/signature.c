#include "bearer/signature.h"
#include "bearer/scoped.h"

#include <stdatomic.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

/* OpenSSL looks for digest and algorithm in its providers, under locks, each time that a check is
 * set up, which takes longer than an HMAC. By bearer_alg_slot; NULL: not used yet. */
struct bearer_verifiers {
    _Atomic(EVP_MD_CTX *) digests[BEARER_ALG_SLOTS];
    _Atomic(EVP_MAC_CTX *) macs[BEARER_ALG_SLOTS];      /* of an HMAC key */
};

static apr_status_t drop_verifiers(void *data)
{
    bearer_verifiers *verifiers = data;

    for (size_t i = 0; i < BEARER_ALG_SLOTS; i++) {
        EVP_MD_CTX_free(verifiers->digests[i]);
        EVP_MAC_CTX_free(verifiers->macs[i]);
    }
    return APR_SUCCESS;
}

bearer_verifiers *bearer_verifiers_make(apr_pool_t *pool)
{
    bearer_verifiers *verifiers = apr_pcalloc(pool, sizeof(*verifiers));

    apr_pool_cleanup_register(pool, verifiers, drop_verifiers, apr_pool_cleanup_null);
    return verifiers;
}

static void md_ctx_done(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void mac_ctx_done(EVP_MAC_CTX **ctx)
{
    EVP_MAC_CTX_free(*ctx);
}

static void ecdsa_done(ECDSA_SIG **signature)
{
    ECDSA_SIG_free(*signature);
}

static EVP_MAC_CTX *set_up_mac(const bearer_key *key, const bearer_alg *alg)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)alg->digest, 0),
        OSSL_PARAM_construct_end(),
    };

    EVP_MAC_free(mac);
    if (ctx != NULL && EVP_MAC_init(ctx, key->secret, key->secret_len, params) == 1)
        return ctx;
    EVP_MAC_CTX_free(ctx);
    return NULL;
}

/* The check that is set up for this key and algorithm; NULL if memory or OpenSSL fails. */
static const EVP_MAC_CTX *mac_of(const bearer_key *key, const bearer_alg *alg)
{
    _Atomic(EVP_MAC_CTX *) *slot = &key->ready->macs[bearer_alg_slot(alg)];
    EVP_MAC_CTX *found = atomic_load(slot), *made;

    if (found != NULL || (made = set_up_mac(key, alg)) == NULL)
        return found;
    if (atomic_compare_exchange_strong(slot, &found, made))
        return made;
    EVP_MAC_CTX_free(made);                     /* another thread was first */
    return found;
}

static bearer_signature check_hmac(const bearer_key *key, const bearer_alg *alg,
                                   bearer_span input, bearer_span signature)
{
    const EVP_MAC_CTX *ready = mac_of(key, alg);
    BEARER_SCOPED(mac_ctx_done) EVP_MAC_CTX *ctx = ready != NULL ? EVP_MAC_CTX_dup(ready) : NULL;
    unsigned char mac[EVP_MAX_MD_SIZE];
    size_t len = 0;
    bearer_signature result;

    if (ctx == NULL || EVP_MAC_update(ctx, (const unsigned char *)input.ptr, input.len) != 1
        || EVP_MAC_final(ctx, mac, &len, sizeof(mac)) != 1)
        return BEARER_SIGNATURE_UNJUDGED;
    result = signature.len == len && CRYPTO_memcmp(mac, signature.ptr, len) == 0
           ? BEARER_SIGNATURE_HOLDS : BEARER_SIGNATURE_WRONG;
    OPENSSL_cleanse(mac, sizeof(mac));
    return result;
}

static bool set_pss(EVP_PKEY_CTX *ctx)
{
    /* RFC 7518 section 3.5: the salt is as long as the hash, and MGF1 uses the same hash (OpenSSL's
     * default). */
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1
        && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool set_up_digest(EVP_MD_CTX *ctx, const bearer_key *key, const bearer_alg *alg)
{
    EVP_PKEY_CTX *params = NULL;                /* belongs to ctx */

    return EVP_DigestVerifyInit_ex(ctx, &params, alg->digest, NULL, NULL, key->pkey, NULL) == 1
        && (alg->family != BEARER_PSS || set_pss(params));
}

/* The check that is set up for this key and algorithm; NULL if memory or OpenSSL fails. */
static const EVP_MD_CTX *digest_of(const bearer_key *key, const bearer_alg *alg)
{
    _Atomic(EVP_MD_CTX *) *slot = &key->ready->digests[bearer_alg_slot(alg)];
    EVP_MD_CTX *found = atomic_load(slot), *made;

    if (found != NULL || (made = EVP_MD_CTX_new()) == NULL)
        return found;
    if (set_up_digest(made, key, alg) && atomic_compare_exchange_strong(slot, &found, made))
        return made;
    EVP_MD_CTX_free(made);                      /* a failure, or another thread was first */
    return found;
}

/* A provider need not know how to copy. */
static bool copy_digest(EVP_MD_CTX *ctx, const EVP_MD_CTX *ready, const bearer_key *key,
                        const bearer_alg *alg)
{
    if (EVP_MD_CTX_copy_ex(ctx, ready) == 1)
        return true;
    ERR_clear_error();
    return set_up_digest(ctx, key, alg);
}

/* Takes the queue of this thread; true if memory, not the signature, was what failed. */
static bool memory_failed(void)
{
    bool failed = false;
    unsigned long error;

    while ((error = ERR_get_error()) != 0)
        failed = failed || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    return failed;
}

/* What EVP has one call for: RSA, Edwards curves, ML-DSA, and ECDSA once its signature is DER. */
static bearer_signature check_evp(const bearer_key *key, const bearer_alg *alg,
                                  bearer_span input, bearer_span signature)
{
    BEARER_SCOPED(md_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD_CTX *ready = digest_of(key, alg);
    int result;

    if (ctx == NULL || ready == NULL || !copy_digest(ctx, ready, key, alg))
        return BEARER_SIGNATURE_UNJUDGED;
    result = EVP_DigestVerify(ctx, (const unsigned char *)signature.ptr, signature.len,
                              (const unsigned char *)input.ptr, input.len);
    if (result == 1)
        return BEARER_SIGNATURE_HOLDS;
    return memory_failed() || result < 0 ? BEARER_SIGNATURE_UNJUDGED : BEARER_SIGNATURE_WRONG;
}

/* RFC 8017 sections 8.1.2 and 8.2.2, step 1: exactly as long as the modulus. OpenSSL's PSS takes a
 * signature without the zeros that it begins with. */
static bearer_signature check_rsa(const bearer_key *key, const bearer_alg *alg, bearer_span input,
                                  bearer_span signature)
{
    int size = EVP_PKEY_get_size(key->pkey);

    if (size <= 0 || signature.len != (size_t)size)
        return BEARER_SIGNATURE_WRONG;
    return check_evp(key, alg, input, signature);
}

/* Longest: two 66-byte integers, each with a sign byte, tag and length, in a sequence. */
#define DER_MAX (2 * (66 + 1 + 2) + 4)

/* RFC 7518 section 3.4: R and S, each as long as a coordinate, without any structure around
 * them. */
static bearer_signature check_ecdsa(const bearer_key *key, const bearer_alg *alg,
                                    bearer_span input, bearer_span signature)
{
    BEARER_SCOPED(ecdsa_done) ECDSA_SIG *pair = ECDSA_SIG_new();
    const unsigned char *raw = (const unsigned char *)signature.ptr;
    size_t half = bearer_curve_get(alg->curve)->bytes;
    unsigned char der[DER_MAX], *end = der;
    BIGNUM *r, *s;
    int len;

    if (signature.len != 2 * half)
        return BEARER_SIGNATURE_WRONG;
    r = BN_bin2bn(raw, (int)half, NULL);
    s = BN_bin2bn(raw + half, (int)half, NULL);
    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return BEARER_SIGNATURE_UNJUDGED;
    }
    len = i2d_ECDSA_SIG(pair, NULL);
    if (len <= 0 || len > DER_MAX || i2d_ECDSA_SIG(pair, &end) != len)
        return BEARER_SIGNATURE_UNJUDGED;
    return check_evp(key, alg, input, (bearer_span){ (const char *)der, (size_t)len });
}

static bearer_signature (*const families[])(const bearer_key *, const bearer_alg *, bearer_span,
                                            bearer_span) = {
    [BEARER_HMAC] = check_hmac,   [BEARER_PKCS1] = check_rsa, [BEARER_PSS] = check_rsa,
    [BEARER_ECDSA] = check_ecdsa, [BEARER_PURE] = check_evp,
};

bearer_signature bearer_signature_check(const bearer_key *key, const bearer_alg *alg,
                                        bearer_span input, bearer_span signature)
{
    bearer_signature result;

    if (!bearer_key_fits(key, alg))
        return BEARER_SIGNATURE_WRONG;
    result = families[alg->family](key, alg, input, signature);
    /* The queue is per thread, and mod_ssl would blame the next connection for what is left in
     * it. */
    if (result != BEARER_SIGNATURE_HOLDS)
        ERR_clear_error();
    return result;
}

void bearer_signature_prepare(const bearer_key *key)
{
    const bearer_alg *alg;

    for (size_t i = 0; (alg = bearer_alg_at(i)) != NULL; i++)
        if (bearer_key_fits(key, alg)) {
            if (alg->family == BEARER_HMAC)
                mac_of(key, alg);
            else
                digest_of(key, alg);
            break;
        }
    ERR_clear_error();
}

static bool fetch_signature(const char *name)
{
    EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(NULL, name, NULL);

    EVP_SIGNATURE_free(signature);
    return signature != NULL;
}

static bool fetch_digest(const char *name)
{
    EVP_MD *digest = EVP_MD_fetch(NULL, name, NULL);

    EVP_MD_free(digest);
    return digest != NULL;
}

static bool have_group(bearer_curve curve)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(bearer_curve_get(curve)->openssl));

    EC_GROUP_free(group);
    return group != NULL;
}

bool bearer_signature_available(const bearer_alg *alg)
{
    bool available = alg->digest == NULL || fetch_digest(alg->digest);

    if (alg->kty == BEARER_KTY_RSA)
        available = available && fetch_signature("RSA");
    if (alg->kty == BEARER_KTY_EC)
        available = available && fetch_signature("ECDSA") && have_group(alg->curve);
    if (alg->kty == BEARER_KTY_AKP
        || (alg->kty == BEARER_KTY_OKP && alg->curve != BEARER_CURVE_NONE))
        available = fetch_signature(bearer_curve_get(alg->curve)->openssl);
    if (alg->kty == BEARER_KTY_OKP && alg->curve == BEARER_CURVE_NONE)
        available = fetch_signature("ED25519") || fetch_signature("ED448");
    ERR_clear_error();
    return available;
}
