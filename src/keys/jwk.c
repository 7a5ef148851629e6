#include "bearer/jwk.h"
#include "bearer/b64url.h"
#include "bearer/json.h"
#include "bearer/json_text.h"
#include "bearer/scoped.h"

#include <string.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

/* Members that only private keys have: RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037, RFC 9964. */
static const char *const private_members[] = {
    "d", "p", "q", "dp", "dq", "qi", "oth", "priv", "k"
};

static void bld_done(OSSL_PARAM_BLD **builder)
{
    OSSL_PARAM_BLD_free(*builder);
}

static void params_done(OSSL_PARAM **params)
{
    OSSL_PARAM_free(*params);
}

static void pkey_ctx_done(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

static void bn_done(BIGNUM **number)
{
    BN_free(*number);
}

/* A member of base64url bytes; false if it is absent or anything else. */
static bool read_bytes(apr_pool_t *pool, const bearer_json *jwk, const char *name,
                       unsigned char **bytes, size_t *len)
{
    bearer_span text;

    if (bearer_json_string(jwk, name, &text) != BEARER_PRESENT)
        return false;
    *bytes = apr_palloc(pool, BEARER_B64URL_DECODED(text.len));
    return bearer_b64url_decode(text, *bytes, len) && *len > 0;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *builder)
{
    BEARER_SCOPED(pkey_ctx_done) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    BEARER_SCOPED(params_done) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY *pkey = NULL;

    if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return pkey;
}

static EVP_PKEY *read_rsa(apr_pool_t *pool, const bearer_json *jwk, bearer_curve curve)
{
    BEARER_SCOPED(bld_done) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BEARER_SCOPED(bn_done) BIGNUM *n = NULL;
    BEARER_SCOPED(bn_done) BIGNUM *e = NULL;
    unsigned char *modulus, *exponent;
    size_t modulus_len, exponent_len;

    (void)curve;
    if (!read_bytes(pool, jwk, "n", &modulus, &modulus_len)
        || !read_bytes(pool, jwk, "e", &exponent, &exponent_len)
        || modulus_len > 4096 || exponent_len > 4096)
        return NULL;
    n = BN_bin2bn(modulus, (int)modulus_len, NULL);
    e = BN_bin2bn(exponent, (int)exponent_len, NULL);
    if (builder == NULL || n == NULL || e == NULL
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1)
        return NULL;
    return from_params("RSA", builder);
}

/* RFC 7518 section 6.2.1: both coordinates in full length. OpenSSL wants them as an uncompressed
 * point. */
static EVP_PKEY *read_ec(apr_pool_t *pool, const bearer_json *jwk, bearer_curve curve)
{
    BEARER_SCOPED(bld_done) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    const bearer_curve_info *info = bearer_curve_get(curve);
    unsigned char *x, *y, point[1 + 2 * 66] = { 0x04 };
    size_t x_len, y_len;

    if (!read_bytes(pool, jwk, "x", &x, &x_len) || !read_bytes(pool, jwk, "y", &y, &y_len)
        || x_len != info->bytes || y_len != info->bytes)
        return NULL;
    memcpy(point + 1, x, x_len);
    memcpy(point + 1 + x_len, y, y_len);
    if (builder == NULL
        || OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, info->openssl, 0)
               != 1
        || OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
                                            1 + x_len + y_len)
               != 1)
        return NULL;
    return from_params("EC", builder);
}

static EVP_PKEY *read_raw(apr_pool_t *pool, const bearer_json *jwk, const char *member,
                          bearer_curve curve)
{
    const bearer_curve_info *info = bearer_curve_get(curve);
    unsigned char *bytes;
    size_t len;

    if (!read_bytes(pool, jwk, member, &bytes, &len) || len != info->bytes)
        return NULL;
    return EVP_PKEY_new_raw_public_key_ex(NULL, info->openssl, NULL, bytes, len);
}

static EVP_PKEY *read_okp(apr_pool_t *pool, const bearer_json *jwk, bearer_curve curve)
{
    return read_raw(pool, jwk, "x", curve);
}

static EVP_PKEY *read_akp(apr_pool_t *pool, const bearer_json *jwk, bearer_curve curve)
{
    return read_raw(pool, jwk, "pub", curve);
}

static const struct {
    const char *kty;
    bearer_kty type;
    const char *curve_member;       /* names the curve; NULL for none */
    EVP_PKEY *(*read)(apr_pool_t *pool, const bearer_json *jwk, bearer_curve curve);
} types[] = {
    { "RSA", BEARER_KTY_RSA, NULL,  read_rsa },
    { "EC",  BEARER_KTY_EC,  "crv", read_ec },
    { "OKP", BEARER_KTY_OKP, "crv", read_okp },
    { "AKP", BEARER_KTY_AKP, "alg", read_akp },
    { NULL,  BEARER_KTY_NONE, NULL, NULL },
};

static bool has_verify(const bearer_json *ops)
{
    bearer_span op;

    for (size_t i = 0; bearer_json_strings_at(ops, i, &op); i++)
        if (bearer_span_is(op, "verify"))
            return true;
    return false;
}

/* What forbids to check a token with it, whatever the key itself is like; NULL if nothing does. */
static const char *refuse_purpose(const bearer_json *jwk)
{
    const bearer_json *ops = bearer_json_member(jwk, "key_ops");
    bearer_span use;
    bearer_found found = bearer_json_string(jwk, "use", &use);

    if (found == BEARER_WRONG || (found == BEARER_PRESENT && !bearer_span_is(use, "sig")))
        return "its use is not sig";
    if (ops != NULL
        && (bearer_json_kind_of(ops) != BEARER_JSON_ARRAY || !bearer_json_is_strings(ops)
            || !has_verify(ops)))
        return "its key_ops do not have verify";
    for (size_t i = 0; i < sizeof(private_members) / sizeof(private_members[0]); i++)
        if (bearer_json_member(jwk, private_members[i]) != NULL)
            return "it is a private or secret key, which no published set may hold";
    return NULL;
}

static const bearer_key *read_key(apr_pool_t *pool, const bearer_json *jwk, const char **error)
{
    bearer_span kty = { NULL, 0 }, crv = { NULL, 0 };
    bearer_curve curve = BEARER_CURVE_NONE;
    EVP_PKEY *pkey;
    size_t i = 0;

    bearer_json_string(jwk, "kty", &kty);
    while (types[i].kty != NULL && !bearer_span_is(kty, types[i].kty))
        i++;
    *error = "its kty is unknown";
    if (types[i].kty == NULL)
        return NULL;
    if (types[i].curve_member != NULL) {
        bearer_json_string(jwk, types[i].curve_member, &crv);
        curve = bearer_curve_find(types[i].type, crv);
        *error = "its curve or parameter set is unknown";
        if (curve == BEARER_CURVE_NONE)
            return NULL;
    }
    pkey = types[i].read(pool, jwk, curve);
    *error =
        "a member is missing, malformed or of a wrong length, or this OpenSSL does not offer it";
    ERR_clear_error();
    return pkey != NULL ? bearer_key_adopt(pool, pkey, error) : NULL;
}

/* RFC 7517 section 4.4: an `alg` binds the key; one that is not ours or does not fit makes it
 * useless here. */
static bool read_alg(const bearer_json *jwk, const bearer_key *key, const bearer_alg **alg)
{
    bearer_span name;
    bearer_found found = bearer_json_string(jwk, "alg", &name);

    *alg = found == BEARER_PRESENT ? bearer_alg_find(name) : NULL;
    return found == BEARER_ABSENT || (*alg != NULL && bearer_key_fits(key, *alg));
}

static const bearer_key *read_jwk(apr_pool_t *pool, const bearer_json *jwk, const char **error)
{
    const bearer_alg *alg;
    const bearer_key *key;
    bearer_span kid;
    bearer_found named = bearer_json_string(jwk, "kid", &kid);

    *error = named == BEARER_WRONG ? "its kid is no string" : refuse_purpose(jwk);
    if (*error != NULL)
        return NULL;
    key = read_key(pool, jwk, error);
    if (key == NULL)
        return NULL;
    if (!read_alg(jwk, key, &alg)) {
        *error = "its alg is unknown or does not fit its type";
        return NULL;
    }
    *error = "memory failed";
    return bearer_key_copy(pool, key,
                           named == BEARER_PRESENT ? apr_pstrmemdup(pool, kid.ptr, kid.len) : NULL,
                           alg);
}

/* A set while it is read. */
typedef struct {
    apr_pool_t *pool;
    apr_array_header_t *keys;       /* const bearer_key * */
    const bearer_log *log;
    size_t skipped;
} reading;

static void take_key(reading *into, const bearer_json *jwk, size_t place, size_t of)
{
    bearer_span kid = { "", 0 };
    const char *error;
    const bearer_key *key = read_jwk(into->pool, jwk, &error);

    if (key != NULL) {
        APR_ARRAY_PUSH(into->keys, const bearer_key *) = key;
        return;
    }
    if (++into->skipped > BEARER_JWK_SKIPPED_LINES)
        return;
    bearer_json_string(jwk, "kid", &kid);
    bearer_log_line(into->log, BEARER_LOG_INFO,
                    "key %" APR_SIZE_T_FMT " of %" APR_SIZE_T_FMT ", kid \"%s\", is skipped: %s",
                    place, of, bearer_span_loggable(into->pool, kid), error);
}

static const char *read_members(reading *into, const bearer_json *document)
{
    const bearer_json *set = bearer_json_member(document, "keys");

    if (set == NULL && bearer_json_member(document, "kty") != NULL) {
        take_key(into, document, 1, 1);
        return NULL;
    }
    if (set == NULL)
        return "is neither a JWK Set nor a JWK: no member keys, no member kty";
    if (bearer_json_kind_of(set) != BEARER_JSON_ARRAY
        || bearer_json_count(set) > BEARER_JWK_MAX_KEYS)
        return "is no JWK Set: its member keys is no array of at most 5000";
    for (size_t i = 0; i < bearer_json_count(set); i++)
        take_key(into, bearer_json_item(set, i), i + 1, bearer_json_count(set));
    return NULL;
}

const bearer_key *const *bearer_jwk_read_set(apr_pool_t *pool, const bearer_json *document,
                                             const bearer_log *log, const char **error)
{
    reading into = { pool, apr_array_make(pool, 8, sizeof(const bearer_key *)), log, 0 };

    *error = read_members(&into, document);
    if (*error != NULL)
        return NULL;
    if (into.skipped > BEARER_JWK_SKIPPED_LINES)
        bearer_log_line(log, BEARER_LOG_INFO,
                        "and %" APR_SIZE_T_FMT " more keys of the set are skipped",
                        into.skipped - BEARER_JWK_SKIPPED_LINES);
    APR_ARRAY_PUSH(into.keys, const bearer_key *) = NULL;
    return (const bearer_key *const *)into.keys->elts;
}

const bearer_key *const *bearer_jwk_read(apr_pool_t *pool, bearer_span text, const bearer_log *log,
                                         const char **error)
{
    const bearer_json *document;

    *error = "is not one JSON object (a JWK Set or a JWK is wanted)";
    if (bearer_json_read(pool, text, &document) != BEARER_JSON_OK)
        return NULL;
    return bearer_jwk_read_set(pool, document, log, error);
}
