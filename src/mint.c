#include "bearer/mint.h"
#include "bearer/b64url.h"
#include "bearer/compact.h"
#include "bearer/json.h"
#include "bearer/json_text.h"
#include "bearer/jwk.h"
#include "bearer/keystore.h"
#include "bearer/scoped.h"
#include "bearer/sign.h"
#include "bearer/signature.h"
#include "bearer/source.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>
#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

struct bearer_mint_key {
    const bearer_alg *alg;
    const bearer_key *key;          /* pkey holds the private part too */
    void *libjwt;                   /* the key as that library wants it; NULL: OpenSSL signs */
    size_t libjwt_len;
    bool keeps_typ;                 /* this libjwt leaves a typ alone; old ones write JWT over it */
};

static void bio_done(BIO **bio)
{
    BIO_free(*bio);
}

bool bearer_mint_libjwt_knows(const bearer_alg *alg)
{
    jwt_alg_t known = jwt_str_alg(alg->name);

    return alg->kty != BEARER_KTY_AKP && known != JWT_ALG_NONE && known != JWT_ALG_INVAL;
}

/* Memory for secrets. */
typedef struct {
    char *bytes;
    size_t len;
} secret_room;

static apr_status_t wipe(void *data)
{
    const secret_room *room = data;

    OPENSSL_cleanse(room->bytes, room->len);
    return APR_SUCCESS;
}

/* Zeroed bytes that are wiped with the pool. */
static char *make_room(apr_pool_t *pool, size_t len)
{
    secret_room *room = apr_palloc(pool, sizeof(*room));

    *room = (secret_room){ apr_pcalloc(pool, len), len };
    apr_pool_cleanup_register(pool, room, wipe, apr_pool_cleanup_null);
    return room->bytes;
}

#if defined(JWT_VERSION_MAJOR) && JWT_VERSION_MAJOR >= 3

/* libjwt 3 takes keys as JWKs only: the private members are written here, for its eyes alone. */
static const struct {
    bearer_kty kty;
    const char *member, *param;
} private_members[] = {
    { BEARER_KTY_RSA, "d",  OSSL_PKEY_PARAM_RSA_D },
    { BEARER_KTY_RSA, "p",  OSSL_PKEY_PARAM_RSA_FACTOR1 },
    { BEARER_KTY_RSA, "q",  OSSL_PKEY_PARAM_RSA_FACTOR2 },
    { BEARER_KTY_RSA, "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
    { BEARER_KTY_RSA, "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
    { BEARER_KTY_RSA, "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
    { BEARER_KTY_EC,  "d",  OSSL_PKEY_PARAM_PRIV_KEY },
};

/* Writes `,"member":"bytes in base64url"` and returns what stands behind it. */
static char *put_bytes(char *out, const char *member, const unsigned char *bytes, size_t len)
{
    out += strlen(strcat(strcat(strcat(out, ",\""), member), "\":\""));
    out += bearer_b64url_encode(bytes, len, out);
    *out++ = '"';
    return out;
}

static char *put_number(char *out, const bearer_key *key, const char *member, const char *param)
{
    size_t least = bearer_curve_get(key->curve)->bytes; /* RFC 7518 section 6.2.2.1; 0 for RSA */
    BIGNUM *value = NULL;
    unsigned char raw[1024];
    size_t len;

    if (EVP_PKEY_get_bn_param(key->pkey, param, &value) != 1)
        return out;
    len = (size_t)BN_num_bytes(value) > least ? (size_t)BN_num_bytes(value) : least;
    if (len <= sizeof(raw) && BN_bn2binpad(value, raw, (int)len) >= 0)
        out = put_bytes(out, member, raw, len);
    OPENSSL_cleanse(raw, sizeof(raw));
    BN_clear_free(value);
    return out;
}

static char *put_private(char *out, const bearer_key *key)
{
    unsigned char raw[64];
    size_t len = sizeof(raw);

    if (key->kty == BEARER_KTY_OCT)
        return put_bytes(out, "k", key->secret, key->secret_len);
    for (size_t i = 0; i < sizeof(private_members) / sizeof(private_members[0]); i++)
        if (private_members[i].kty == key->kty)
            out = put_number(out, key, private_members[i].member, private_members[i].param);
    if (key->kty == BEARER_KTY_OKP && EVP_PKEY_get_raw_private_key(key->pkey, raw, &len) == 1)
        out = put_bytes(out, "d", raw, len);
    OPENSSL_cleanse(raw, sizeof(raw));
    return out;
}

static char *write_jwk(apr_pool_t *pool, const bearer_mint_key *key)
{
    const char *members = key->key->kty == BEARER_KTY_OCT ? "\"kty\":\"oct\""
                                                          : bearer_jwk_members(pool, key->key);
    const char *start = apr_psprintf(pool, "{\"alg\":\"%s\",%s", key->alg->name, members);
    /* The private members of an 8192-bit RSA key take 5 KiB. */
    char *jwk = make_room(pool, strlen(start) + 2 * key->key->secret_len + 8192);

    memcpy(jwk, start, strlen(start));
    *put_private(jwk + strlen(start), key->key) = '}';
    return jwk;
}

static apr_status_t free_set(void *set)
{
    jwks_free(set);
    return APR_SUCCESS;
}

static bool prepare_libjwt(apr_pool_t *pool, bearer_mint_key *key)
{
    jwk_set_t *set = jwks_create(write_jwk(pool, key));

    if (set == NULL)
        return false;
    apr_pool_cleanup_register(pool, set, free_set, apr_pool_cleanup_null);
    key->libjwt = set;
    return jwks_error_any(set) == 0 && jwks_item_get(set, 0) != NULL;
}

static char *run_libjwt(const bearer_mint_key *key, char *header, char *claims)
{
    jwt_value_t head = { .type = JWT_VALUE_JSON, .json_val = header, .replace = 1 };
    jwt_value_t body = { .type = JWT_VALUE_JSON, .json_val = claims, .replace = 1 };
    jwt_builder_t *builder = jwt_builder_new();
    char *token = NULL;

    if (builder != NULL && jwt_builder_enable_iat(builder, 0) >= 0
        && jwt_builder_setkey(builder, jwt_str_alg(key->alg->name),
                              jwks_item_get(key->libjwt, 0)) == 0
        && jwt_builder_header_set(builder, &head) == JWT_VALUE_ERR_NONE
        && jwt_builder_claim_set(builder, &body) == JWT_VALUE_ERR_NONE)
        token = jwt_builder_generate(builder);
    jwt_builder_free(builder);
    return token;
}

#else

/* libjwt 1 and 2 read PEM anew for each token: the text that OpenSSL writes, without a password. */
static bool prepare_libjwt(apr_pool_t *pool, bearer_mint_key *key)
{
    BEARER_SCOPED(bio_done) BIO *bio = BIO_new(BIO_s_secmem());
    const void *bytes = key->key->secret;
    size_t len = key->key->secret_len;
    char *text;

    if (key->key->kty != BEARER_KTY_OCT) {
        if (bio == NULL
            || PEM_write_bio_PrivateKey(bio, key->key->pkey, NULL, NULL, 0, NULL, NULL) != 1)
            return false;
        len = (size_t)BIO_get_mem_data(bio, &text);
        bytes = text;
    }
    key->libjwt = memcpy(make_room(pool, len + 1), bytes, len);
    key->libjwt_len = len;
    return true;
}

static char *run_libjwt(const bearer_mint_key *key, char *header, char *claims)
{
    jwt_t *jwt = NULL;
    char *token = NULL;

    if (jwt_new(&jwt) == 0
        && jwt_set_alg(jwt, jwt_str_alg(key->alg->name), key->libjwt, (int)key->libjwt_len) == 0
        && jwt_add_headers_json(jwt, header) == 0 && jwt_add_grants_json(jwt, claims) == 0)
        token = jwt_encode_str(jwt);
    jwt_free(jwt);
    return token;
}

#endif

static char *mint_libjwt(apr_pool_t *pool, const bearer_mint_key *key, char *header, char *claims)
{
    char *token = run_libjwt(key, header, claims);
    char *copy = token != NULL ? apr_pstrdup(pool, token) : NULL;

    free(token);
    return copy;
}

static bool decode(apr_pool_t *pool, bearer_span text, bearer_span *bytes)
{
    unsigned char *out = apr_palloc(pool, BEARER_B64URL_DECODED(text.len));

    bytes->ptr = (const char *)out;
    return bearer_b64url_decode(text, out, &bytes->len);
}

/* Signs once: whether this libjwt does it rightly with this key, and leaves a typ alone. */
static bool try_libjwt(apr_pool_t *pool, bearer_mint_key *key)
{
    char header[] = "{\"typ\":\"at+jwt\"}", claims[] = "{}";
    const char *token = mint_libjwt(pool, key, header, claims);
    bearer_span head, signature, typ = { NULL, 0 };
    const bearer_json *json;
    bearer_compact parts;

    if (token == NULL || !bearer_compact_split(bearer_span_of(token), &parts)
        || !decode(pool, parts.header, &head) || !decode(pool, parts.signature, &signature)
        || bearer_json_read(pool, head, &json) != BEARER_JSON_OK)
        return false;
    bearer_json_string(json, "typ", &typ);
    key->keeps_typ = bearer_span_is(typ, "at+jwt");
    return bearer_signature_check(key->key, key->alg, parts.signing_input, signature)
        == BEARER_SIGNATURE_HOLDS;
}

/* libjwt puts a typ of its own where there is none. */
static bool suits_libjwt(const bearer_mint_key *key, const bearer_json *header)
{
    bearer_span typ;

    return key->libjwt != NULL && bearer_json_string(header, "typ", &typ) == BEARER_PRESENT
        && (key->keeps_typ || bearer_span_is(typ, "JWT"));
}

/* libjwt writes JSON with jansson's own buffer, which loses names where memory fails. The order of
 * members may be another one. */
static bool says_all(apr_pool_t *pool, const char *token, const bearer_json *claims)
{
    bearer_compact parts;
    bearer_span payload;
    const bearer_json *json;

    return token != NULL && bearer_compact_split(bearer_span_of(token), &parts)
        && decode(pool, parts.payload, &payload)
        && bearer_json_read(pool, payload, &json) == BEARER_JSON_OK
        && bearer_json_size(json) == bearer_json_size(claims);
}

static const char *encode(apr_pool_t *pool, bearer_span bytes)
{
    char *text = apr_palloc(pool, BEARER_B64URL_ENCODED(bytes.len));

    bearer_b64url_encode((const unsigned char *)bytes.ptr, bytes.len, text);
    return text;
}

static char *mint_openssl(apr_pool_t *pool, const bearer_mint_key *key, const char *header,
                          const char *claims)
{
    const char *more = strcmp(header, "{}") == 0 ? "}" : apr_pstrcat(pool, ",", header + 1, NULL);
    const char *head = apr_pstrcat(pool, "{\"alg\":\"", key->alg->name, "\"", more, NULL);
    const char *input = apr_pstrcat(pool, encode(pool, bearer_span_of(head)), ".",
                                    encode(pool, bearer_span_of(claims)), NULL);
    bearer_span signature;

    if (!bearer_sign(pool, key->key, key->alg, bearer_span_of(input), &signature))
        return NULL;
    return apr_pstrcat(pool, input, ".", encode(pool, signature), NULL);
}

char *bearer_mint(apr_pool_t *pool, const bearer_mint_key *key, const char *header,
                  const char *claims, const char **error)
{
    const bearer_json *head, *body;
    char *head_text = NULL, *body_text = NULL, *token = NULL;

    *error = "signing failed";
    if (bearer_json_read(pool, bearer_span_of(header), &head) != BEARER_JSON_OK)
        *error = "the header is not one strict JSON object";
    else if (bearer_json_member(head, "alg") != NULL)
        *error = "the header names an alg, which the key's algorithm decides";
    else if (bearer_json_read(pool, bearer_span_of(claims), &body) != BEARER_JSON_OK)
        *error = "the claims are not one strict JSON object";
    else {
        head_text = bearer_json_print(pool, head);
        body_text = bearer_json_print(pool, body);
    }
    if (head_text == NULL || body_text == NULL)
        return NULL;
    if (!suits_libjwt(key, head))
        token = mint_openssl(pool, key, head_text, body_text);
    else {
        token = mint_libjwt(pool, key, head_text, body_text);
        token = says_all(pool, token, body) ? token : NULL;
    }
    ERR_clear_error();
    return token;
}

/* OpenSSL would ask the terminal. */
static int refuse_password(char *buffer, int size, int writing, void *asked)
{
    (void)buffer, (void)size, (void)writing;
    *(bool *)asked = true;
    return -1;
}

/* A reader of key files, beside those of the key store. */
static const bearer_key *const *read_private(apr_pool_t *pool, bearer_span text,
                                             const bearer_log *log, const char **error)
{
    BEARER_SCOPED(bio_done) BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    const bearer_key **keys = apr_pcalloc(pool, 2 * sizeof(*keys));
    bool asked = false;
    EVP_PKEY *pkey = NULL;

    (void)log;
    if (bio != NULL)
        pkey = PEM_read_bio_PrivateKey(bio, NULL, refuse_password, &asked);
    *error = asked ? "is protected by a password: one without is wanted"
                   : "holds no private key in PEM";
    if (pkey != NULL)
        keys[0] = bearer_key_adopt(pool, pkey, error);
    OPENSSL_cleanse((char *)(uintptr_t)text.ptr, text.len);
    ERR_clear_error();
    return keys[0] != NULL ? (const bearer_key *const *)keys : NULL;
}

static const bearer_key *read_key(apr_pool_t *pool, const char *source, const char *name,
                                  const char **error)
{
    bool secret = bearer_keystore_is_secret(source);
    bearer_key_reader *reader = secret ? bearer_source_secret : read_private;
    bearer_stamp ignored;
    const bearer_key *const *keys = bearer_source_read(pool, name, reader, &ignored, NULL, error);

    if (keys == NULL)
        *error = apr_psprintf(pool, "the key file %s: %s", name, *error);
    return keys != NULL ? keys[0] : NULL;
}

static const char *refuse_misfit(apr_pool_t *pool, const char *name, const bearer_key *key,
                                 const bearer_alg *alg)
{
    if (bearer_key_fits(key, alg))
        return NULL;
    if (key->kty == BEARER_KTY_OCT && alg->kty == BEARER_KTY_OCT)
        return apr_psprintf(pool, "the key file %s has %" APR_SIZE_T_FMT " bytes, %s wants at least"
                            " %" APR_SIZE_T_FMT, name, key->secret_len, alg->name, alg->hash_bytes);
    return apr_psprintf(pool, "the key file %s holds a key that does not fit %s", name, alg->name);
}

const bearer_mint_key *bearer_mint_key_open(apr_pool_t *pool, const char *source,
                                            const bearer_alg *alg, const char **error)
{
    bearer_mint_key *key = apr_pcalloc(pool, sizeof(*key));
    const char *name = bearer_keystore_file_of(source);
    bearer_span kind = bearer_span_of(source);

    if (name == NULL || *name == '\0'
        || (!bearer_span_begins_nocase(kind, "pem:") && !bearer_keystore_is_secret(source))) {
        *error = apr_psprintf(pool, "key=%s: want pem:file or secret:file", source);
        return NULL;
    }
    if (!bearer_signature_available(alg)) {
        *error = apr_psprintf(pool, "this OpenSSL does not offer %s", alg->name);
        return NULL;
    }
    key->alg = alg;
    key->key = read_key(pool, source, name, error);
    if (key->key == NULL || (*error = refuse_misfit(pool, name, key->key, alg)) != NULL)
        return NULL;
    if (!bearer_mint_libjwt_knows(alg) || !prepare_libjwt(pool, key) || !try_libjwt(pool, key))
        key->libjwt = NULL;
    ERR_clear_error();
    return key;
}
