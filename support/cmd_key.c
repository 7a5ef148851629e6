#include "files.h"
#include "tool.h"
#include "bearer/b64url.h"
#include "bearer/json.h"
#include "bearer/json_text.h"
#include "bearer/jwk.h"
#include "bearer/scoped.h"

#include <stdio.h>
#include <string.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

static const tool_word words[] = {
    { "algorithm",  "NAME",          true,  false },
    { "private",    "FILE",          false, false },
    { "public",     "FILE",          false, false },
    { "public-pem", "FILE",          false, false },
    { "secret",     "FILE",          false, false },
    { "kid",        "TEXT",          false, false },
    { "bits",       "NUMBER",        false, false },
    { "curve",      "Ed25519|Ed448", false, false },
    { "append",     "yes|no",        false, false },
    { "force",      "yes|no",        false, false },
    { NULL },
};

/* What to make, read from the words. */
typedef struct {
    const bearer_alg *alg;
    bearer_curve curve;
    int64_t bits;
    bool append, force;
} order;

static void bio_done(BIO **bio)
{
    BIO_free(*bio);
}

static EVP_PKEY *generate(const order *wanted)
{
    const char *name = bearer_curve_get(wanted->curve)->openssl;

    if (wanted->alg->kty == BEARER_KTY_RSA)
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)wanted->bits);
    if (wanted->alg->kty == BEARER_KTY_EC)
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", name);
    return EVP_PKEY_Q_keygen(NULL, NULL, name);
}

static bearer_span text_of(apr_pool_t *pool, BIO *bio)
{
    char *text;
    long len = BIO_get_mem_data(bio, &text);

    return (bearer_span){ apr_pmemdup(pool, text, (size_t)len), (size_t)len };
}

static bool write_private(apr_pool_t *pool, EVP_PKEY *pkey, bearer_span *pem)
{
    BEARER_SCOPED(bio_done) BIO *bio = BIO_new(BIO_s_secmem());

    if (bio == NULL || PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1)
        return false;
    *pem = text_of(pool, bio);
    return true;
}

static bool write_public(apr_pool_t *pool, EVP_PKEY *pkey, bearer_span *pem)
{
    BEARER_SCOPED(bio_done) BIO *bio = BIO_new(BIO_s_mem());

    if (bio == NULL || PEM_write_bio_PUBKEY(bio, pkey) != 1)
        return false;
    *pem = text_of(pool, bio);
    return true;
}

/* RFC 7638. */
static const char *thumbprint(apr_pool_t *pool, const char *members)
{
    const char *text = apr_psprintf(pool, "{%s}", members);
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    char *name = apr_palloc(pool, BEARER_B64URL_ENCODED(sizeof(hash)));

    if (EVP_Digest(text, strlen(text), hash, &len, EVP_sha256(), NULL) != 1)
        return NULL;
    bearer_b64url_encode(hash, len, name);
    return name;
}

/* `alg` stands among the members of ML-DSA keys already. */
static const char *write_jwk(apr_pool_t *pool, const order *wanted, const char *members,
                             const char *kid)
{
    const char *alg = wanted->alg->kty == BEARER_KTY_AKP
                    ? "" : apr_psprintf(pool, ",\"alg\":\"%s\"", wanted->alg->name);

    return apr_psprintf(pool, "{%s,\"kid\":%s,\"use\":\"sig\"%s}", members,
                        tool_quote(pool, bearer_span_of(kid)), alg);
}

/* What an existing set holds, as JSON with a comma behind each member and key. */
typedef struct {
    apr_pool_t *pool;
    const char *kid;                /* of the key to come, which must be new */
    const char *others, *keys;      /* keys is NULL until they are seen */
    bool taken;                     /* the kid is there already */
} old_set;

static void take_keys(old_set *to, const bearer_json *keys)
{
    const bearer_json *key;
    bearer_span kid;

    if (bearer_json_kind_of(keys) == BEARER_JSON_ARRAY)
        to->keys = "";
    for (size_t i = 0; (key = bearer_json_item(keys, i)) != NULL; i++) {
        to->keys = apr_pstrcat(to->pool, to->keys, bearer_json_print(to->pool, key), ",\n", NULL);
        if (bearer_json_string(key, "kid", &kid) == BEARER_PRESENT && bearer_span_is(kid, to->kid))
            to->taken = true;
    }
}

static bool take_member(void *context, const char *name, const bearer_json *value)
{
    old_set *to = context;

    if (strcmp(name, "keys") == 0)
        take_keys(to, value);
    else
        to->others = apr_psprintf(to->pool, "%s%s:%s,", to->others,
                                  tool_quote(to->pool, bearer_span_of(name)),
                                  bearer_json_print(to->pool, value));
    return true;
}

static const char *read_set(old_set *to, const char *name)
{
    char *text = apr_palloc(to->pool, BEARER_JWK_MAX_BYTES);
    const bearer_json *json;
    apr_file_t *file;
    apr_size_t len = 0;
    apr_status_t status = apr_file_open(&file, name, APR_FOPEN_READ, 0, to->pool);

    if (status == APR_SUCCESS) {
        status = apr_file_read_full(file, text, BEARER_JWK_MAX_BYTES, &len);
        apr_file_close(file);
    }
    if (!APR_STATUS_IS_EOF(status))
        return apr_psprintf(to->pool, "append=yes: the file %s cannot be read, or is no set", name);
    if (bearer_json_read(to->pool, (bearer_span){ text, len }, &json) == BEARER_JSON_OK)
        bearer_json_each(json, take_member, to);
    if (to->keys == NULL)
        return apr_psprintf(to->pool, "append=yes: the file %s holds no JWK Set", name);
    if (to->taken)
        return apr_psprintf(to->pool, "append=yes: the file %s holds a key with the kid %s already",
                            name, to->kid);
    return NULL;
}

/* A set of this key, or what was there and this key. */
static const char *write_set(const tool *at, const order *wanted, const char *jwk, const char *kid,
                             tool_file *to)
{
    old_set old = { at->pool, kid, "", NULL, false };
    const char *error = NULL;

    if (wanted->append && tool_file_exists(at->pool, to->name)) {
        error = read_set(&old, to->name);
        to->replace = true;
    }
    if (error == NULL)
        to->bytes = bearer_span_of(apr_psprintf(at->pool, "{%s\"keys\":[\n%s%s\n]}\n", old.others,
                                                old.keys != NULL ? old.keys : "", jwk));
    return error;
}

static int report(const tool *at, const order *wanted, const char *kid)
{
    static const char *const files[] = { "private", "public", "public-pem", "secret" };

    printf("done\nalgorithm: %s\n", wanted->alg->name);
    tool_print("kid", bearer_span_of(kid));
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        tool_print(files[i], bearer_span_of(tool_get(at, files[i])));
    return TOOL_DONE;
}

static int make_pair(const tool *at, const order *wanted)
{
    tool_file outputs[] = {
        { tool_get(at, "private"),    { NULL, 0 }, TOOL_PRIVATE, wanted->force },
        { tool_get(at, "public"),     { NULL, 0 }, TOOL_PUBLIC,  wanted->force },
        { tool_get(at, "public-pem"), { NULL, 0 }, TOOL_PUBLIC,  wanted->force },
    };
    const char *error = NULL, *members, *kid = tool_get(at, "kid");
    EVP_PKEY *pkey = generate(wanted);
    const bearer_key *key = pkey != NULL ? bearer_key_adopt(at->pool, pkey, &error) : NULL;

    if (key == NULL || !write_private(at->pool, pkey, &outputs[0].bytes)
        || !write_public(at->pool, pkey, &outputs[2].bytes)
        || (members = bearer_jwk_members(at->pool, key)) == NULL
        || (kid == NULL && (kid = thumbprint(at->pool, members)) == NULL))
        return tool_complain(at, "%s", error != NULL ? error : "OpenSSL could not make the key");
    if (outputs[1].name != NULL)
        error = write_set(at, wanted, write_jwk(at->pool, wanted, members, kid), kid, &outputs[1]);
    if (error == NULL)
        error = tool_files_write(at->pool, outputs, sizeof(outputs) / sizeof(outputs[0]));
    OPENSSL_cleanse((char *)(uintptr_t)outputs[0].bytes.ptr, outputs[0].bytes.len);
    return error == NULL ? report(at, wanted, kid) : tool_complain(at, "%s", error);
}

/* RFC 7518 section 3.2: as many bytes as the hash has. */
static int make_secret(const tool *at, const order *wanted)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    size_t len = wanted->alg->hash_bytes;
    bearer_span text = { (char *)bytes, len };
    tool_file file = { tool_get(at, "secret"), text, TOOL_PRIVATE, wanted->force };
    const char *error = "no random bytes";

    if (RAND_priv_bytes(bytes, (int)len) == 1)
        error = tool_files_write(at->pool, &file, 1);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return error == NULL ? report(at, wanted, NULL) : tool_complain(at, "%s", error);
}

static const char *refuse_kid(const tool *at)
{
    const char *kid = tool_get(at, "kid"), *object;
    const bearer_json *json;

    if (kid == NULL)
        return NULL;
    object = apr_psprintf(at->pool, "{\"kid\":%s}", tool_quote(at->pool, bearer_span_of(kid)));
    if (*kid == '\0' || bearer_json_read(at->pool, bearer_span_of(object), &json) != BEARER_JSON_OK)
        return "kid= wants a text, in UTF-8";
    return NULL;
}

/* Words that mean nothing for this kind of key. */
static const char *refuse_words(const tool *at, const order *wanted)
{
    static const char *const of_pairs[] = { "private", "public", "public-pem", "kid", "append" };
    bool secret = wanted->alg->kty == BEARER_KTY_OCT;

    for (size_t i = 0; secret && i < sizeof(of_pairs) / sizeof(of_pairs[0]); i++)
        if (tool_get(at, of_pairs[i]) != NULL)
            return apr_psprintf(at->pool, "%s= is for key pairs; %s has a secret: secret=FILE",
                                of_pairs[i], wanted->alg->name);
    if (secret != (tool_get(at, "secret") != NULL))
        return secret ? "secret= is wanted: secret=FILE" : "secret= is for HS256, HS384 and HS512";
    if (!secret && tool_get(at, "private") == NULL)
        return "private= is wanted: private=FILE";
    if (!secret && tool_get(at, "public") == NULL && tool_get(at, "public-pem") == NULL)
        return "public= is wanted: public=FILE";
    if (wanted->append && tool_get(at, "public") == NULL)
        return "append=yes adds to the set of public=, which is not given";
    if (wanted->alg->kty != BEARER_KTY_RSA && tool_get(at, "bits") != NULL)
        return "bits= is for RSA keys";
    return refuse_kid(at);
}

static const char *read_curve(const tool *at, order *wanted)
{
    const char *text = tool_get(at, "curve");

    wanted->curve = wanted->alg->curve;
    if (wanted->alg->kty == BEARER_KTY_OKP && wanted->curve == BEARER_CURVE_NONE)
        wanted->curve = BEARER_ED25519;
    else if (text != NULL)
        return apr_psprintf(at->pool, "curve= is for EdDSA; %s leaves no choice",
                            wanted->alg->name);
    if (text != NULL)
        wanted->curve = bearer_curve_find(BEARER_KTY_OKP, bearer_span_of(text));
    return wanted->curve != BEARER_CURVE_NONE || wanted->alg->kty != BEARER_KTY_OKP
         ? NULL : apr_psprintf(at->pool, "curve=%s: want Ed25519 or Ed448", text);
}

static int run(const tool *at)
{
    order wanted = { .alg = tool_algorithm(at), .bits = 3072 };
    const char *error;

    if (wanted.alg == NULL || !tool_number(at, "bits", 2048, 8192, &wanted.bits)
        || !tool_yes(at, "append", &wanted.append) || !tool_yes(at, "force", &wanted.force))
        return TOOL_USAGE;
    error = refuse_words(at, &wanted);
    if (error == NULL)
        error = read_curve(at, &wanted);
    if (error != NULL)
        return tool_complain(at, "%s", error);
    return wanted.alg->kty == BEARER_KTY_OCT ? make_secret(at, &wanted) : make_pair(at, &wanted);
}

const tool_command tool_key = {
    "key", "makes a key pair, or a secret for HS256, HS384 and HS512", words, run,
};
