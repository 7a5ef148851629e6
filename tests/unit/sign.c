#include "sign.h"
#include "support.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static apr_status_t free_key(void *key)
{
    EVP_PKEY_free(key);
    return APR_SUCCESS;
}

static EVP_PKEY *adopt(EVP_PKEY *key)
{
    assert_non_null(key);
    apr_pool_cleanup_register(test_pool, key, free_key, apr_pool_cleanup_null);
    return key;
}

EVP_PKEY *make_rsa(unsigned bits)
{
    return adopt(EVP_RSA_gen(bits));
}

EVP_PKEY *make_key(const char *kind)
{
    static EVP_PKEY *rsa;

    if (strcmp(kind, "RSA") == 0) {
        if (rsa == NULL)
            rsa = EVP_RSA_gen(2048);
        EVP_PKEY_up_ref(rsa);
        return adopt(rsa);
    }
    if (strncmp(kind, "ED", 2) == 0)
        return adopt(EVP_PKEY_Q_keygen(NULL, NULL, kind));
    return adopt(EVP_EC_gen(kind));
}

static const struct { const char *alg; test_signer how; } signers[] = {
    { "RS256", { "SHA256", false, 0, 0 } },   { "RS384", { "SHA384", false, 0, 0 } },
    { "RS512", { "SHA512", false, 0, 0 } },   { "PS256", { "SHA256", true, -1, 0 } },
    { "PS384", { "SHA384", true, -1, 0 } },   { "PS512", { "SHA512", true, -1, 0 } },
    { "ES256", { "SHA256", false, 0, 32 } },  { "ES384", { "SHA384", false, 0, 48 } },
    { "ES512", { "SHA512", false, 0, 66 } },  { "ES256K", { "SHA256", false, 0, 32 } },
    { "EdDSA", { NULL, false, 0, 0 } },
};

test_signer signer_of(const char *alg)
{
    for (size_t i = 0; i < COUNT(signers); i++)
        if (strcmp(signers[i].alg, alg) == 0)
            return signers[i].how;
    fail_msg("no signer for %s", alg);
    return signers[0].how;
}

/* DER to R||S, RFC 7518 section 3.4. */
static bearer_span raw_ecdsa(const unsigned char *der, size_t len, size_t coordinate)
{
    unsigned char *raw = apr_palloc(test_pool, 2 * coordinate);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);

    assert_non_null(pair);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, (int)coordinate), coordinate);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + coordinate, (int)coordinate),
                     coordinate);
    ECDSA_SIG_free(pair);
    return (bearer_span){ (const char *)raw, 2 * coordinate };
}

bearer_span sign_bytes(EVP_PKEY *key, test_signer how, bearer_span input)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *params = NULL;
    const unsigned char *bytes = (const unsigned char *)input.ptr;
    unsigned char *out;
    size_t len = 0;

    assert_int_equal(EVP_DigestSignInit_ex(ctx, &params, how.digest, NULL, NULL, key, NULL), 1);
    if (how.pss) {
        assert_true(EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) > 0);
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(params, how.salt) > 0);
    }
    assert_int_equal(EVP_DigestSign(ctx, NULL, &len, bytes, input.len), 1);
    out = apr_palloc(test_pool, len);
    assert_int_equal(EVP_DigestSign(ctx, out, &len, bytes, input.len), 1);
    EVP_MD_CTX_free(ctx);
    return how.coordinate > 0 ? raw_ecdsa(out, len, how.coordinate)
                              : (bearer_span){ (const char *)out, len };
}

bearer_span sign_hmac(bearer_span secret, const char *digest, bearer_span input)
{
    unsigned char *out = apr_palloc(test_pool, EVP_MAX_MD_SIZE);
    unsigned int len = 0;

    assert_non_null(HMAC(EVP_get_digestbyname(digest), secret.ptr, (int)secret.len,
                         (const unsigned char *)input.ptr, input.len, out, &len));
    return (bearer_span){ (const char *)out, len };
}

static const char *signing_input(const char *header, const char *payload)
{
    return apr_pstrcat(test_pool, encoded(bearer_span_of(header)), ".",
                       encoded(bearer_span_of(payload)), NULL);
}

const char *sign_token(EVP_PKEY *key, const char *alg, const char *header, const char *payload)
{
    const char *input = signing_input(header, payload);

    return apr_pstrcat(test_pool, input, ".",
                       encoded(sign_bytes(key, signer_of(alg), bearer_span_of(input))), NULL);
}

const char *sign_token_hmac(bearer_span secret, const char *digest, const char *header,
                            const char *payload)
{
    const char *input = signing_input(header, payload);

    return apr_pstrcat(test_pool, input, ".",
                       encoded(sign_hmac(secret, digest, bearer_span_of(input))), NULL);
}

static const char *bn_param(EVP_PKEY *key, const char *name, size_t bytes)
{
    BIGNUM *value = NULL;
    unsigned char *raw;

    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &value), 1);
    if (bytes == 0)
        bytes = (size_t)BN_num_bytes(value);
    raw = apr_palloc(test_pool, bytes);
    assert_int_equal(BN_bn2binpad(value, raw, (int)bytes), bytes);
    BN_free(value);
    return encoded((bearer_span){ (const char *)raw, bytes });
}

static const char *ec_jwk(EVP_PKEY *key, const char *members)
{
    static const struct { const char *group, *crv; size_t bytes; } curves[] = {
        { "prime256v1", "P-256", 32 }, { "secp384r1", "P-384", 48 },
        { "secp521r1", "P-521", 66 },  { "secp256k1", "secp256k1", 32 },
    };
    char group[64] = "";

    assert_int_equal(EVP_PKEY_get_group_name(key, group, sizeof(group), NULL), 1);
    for (size_t i = 0; i < COUNT(curves); i++)
        if (strcmp(group, curves[i].group) == 0)
            return apr_psprintf(test_pool,
                                "{\"kty\":\"EC\",\"crv\":\"%s\",%s\"x\":\"%s\",\"y\":\"%s\"}",
                                curves[i].crv, members,
                                bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, curves[i].bytes),
                                bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, curves[i].bytes));
    fail_msg("no curve %s", group);
    return NULL;
}

static const char *okp_jwk(EVP_PKEY *key, const char *members)
{
    unsigned char raw[57];
    size_t len = sizeof(raw);

    assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &len), 1);
    return apr_psprintf(test_pool, "{\"kty\":\"OKP\",\"crv\":\"%s\",%s\"x\":\"%s\"}",
                        len == 32 ? "Ed25519" : "Ed448", members,
                        encoded((bearer_span){ (const char *)raw, len }));
}

const char *public_jwk(EVP_PKEY *key, const char *members)
{
    if (EVP_PKEY_is_a(key, "EC"))
        return ec_jwk(key, members);
    if (!EVP_PKEY_is_a(key, "RSA"))
        return okp_jwk(key, members);
    return apr_psprintf(test_pool, "{\"kty\":\"RSA\",%s\"n\":\"%s\",\"e\":\"%s\"}", members,
                        bn_param(key, OSSL_PKEY_PARAM_RSA_N, 0),
                        bn_param(key, OSSL_PKEY_PARAM_RSA_E, 0));
}

static const char *bio_text(BIO *bio)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    const char *text = apr_pstrmemdup(test_pool, bytes, (apr_size_t)len);

    BIO_free(bio);
    return text;
}

const char *public_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());

    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    return bio_text(bio);
}

const char *private_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());

    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    return bio_text(bio);
}

const char *certificate_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *x509 = X509_new();
    bool edwards = EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");

    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                               (const unsigned char *)"issuer", -1, -1, 0);
    X509_set_issuer_name(x509, X509_get_subject_name(x509));
    assert_int_equal(X509_set_pubkey(x509, key), 1);
    assert_true(X509_sign(x509, key, edwards ? NULL : EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509(bio, x509), 1);
    X509_free(x509);
    return bio_text(bio);
}
