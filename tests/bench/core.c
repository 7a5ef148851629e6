/* What judging a token costs beside the bare signature check that no verifier can do without. All
 * are measured in turns in one run, on the same key and input; each figure is the best of some
 * rounds. The ratio is the result: the times depend on the machine. Cold: the token was never seen.
 * Hot: it is in the cache.
 *
 *     core                        the table
 *     core count WAY ALG NUMBER   judges NUMBER times, for a tool that counts instructions */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "../unit/sign.h"
#include "../unit/support.h"
#include "bearer/issuer.h"
#include "bearer/signature.h"

#define ISSUER "https://issuer.example"
#define NOW 1700000000
#define ROUNDS 7
#define ROUND_SECONDS 0.05

/* What a common provider puts into an access token: 15 claims, some 500 bytes. */
static const char payload[] =
    "{\"iss\":\"" ISSUER "\",\"sub\":\"f3a1c9de-52b7-4c08-9a51-0d6f7e2b9c44\","
    "\"aud\":[\"https://api.example\",\"account\"],\"exp\":1700000300,\"nbf\":1699999990,"
    "\"iat\":1699999990,\"jti\":\"b0f2c1d4-6d1e-4a8b-8a53-2f90b1c7e8aa\","
    "\"client_id\":\"web-shop\",\"azp\":\"web-shop\","
    "\"scope\":\"openid profile email read write\",\"preferred_username\":\"alice\","
    "\"email\":\"alice@example.com\",\"acr\":\"1\","
    "\"realm_access\":{\"roles\":[\"user\",\"editor\",\"offline_access\"]},"
    "\"groups\":[\"/staff/sales\",\"/staff/emea\",\"/projects/apollo\"]}";

static const struct { const char *alg, *kind; } rows[] = {
    { "HS256", NULL },         { "RS256", "RSA" },     { "PS256", "RSA" },   { "ES256", "P-256" },
    { "ES384", "P-384" },      { "ES512", "P-521" },   { "ES256K", "secp256k1" },
    { "EdDSA", "ED25519" },    { "EdDSA", "ED448" },
};

/* One algorithm under measurement. */
typedef struct {
    EVP_PKEY *key;                  /* NULL for HMAC */
    bearer_span secret;
    test_signer how;
    const char *token;
    bearer_span input, signature;   /* signature as OpenSSL takes it */
    bearer_trust *trusts[2];
    bearer_policy policy;
    bearer_cache *cache;            /* holds the token */
    unsigned char digest[BEARER_CACHE_DIGEST];
    apr_pool_t *pool;               /* of one judgement */
} subject;

static void must(bool held, const char *what)
{
    if (!held) {
        fprintf(stderr, "bench: %s failed\n", what);
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool check_hmac(const subject *it)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    return HMAC(EVP_sha256(), it->secret.ptr, (int)it->secret.len,
                (const unsigned char *)it->input.ptr, it->input.len, out, &len) != NULL
        && len == it->signature.len && CRYPTO_memcmp(out, it->signature.ptr, len) == 0;
}

/* What a program does that has key, input and signature at hand and wants no more than to know. */
static void bare(const subject *it)
{
    EVP_PKEY_CTX *params = NULL;
    EVP_MD_CTX *ctx;

    if (it->key == NULL) {
        must(check_hmac(it), "bare HMAC");
        return;
    }
    ctx = EVP_MD_CTX_new();
    must(EVP_DigestVerifyInit_ex(ctx, &params, it->how.digest, NULL, NULL, it->key, NULL) == 1
         && (!it->how.pss
             || (EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) > 0
                 && EVP_PKEY_CTX_set_rsa_pss_saltlen(params, RSA_PSS_SALTLEN_DIGEST) > 0))
         && EVP_DigestVerify(ctx, (const unsigned char *)it->signature.ptr, it->signature.len,
                             (const unsigned char *)it->input.ptr, it->input.len) == 1,
         "bare verification");
    EVP_MD_CTX_free(ctx);
}

/* One judgement, and what it leaves for the end of the request. Not static, so that a tool finds it
 * by name. */
void bench_judge(const subject *it, bearer_cache *cache);

void bench_judge(const subject *it, bearer_cache *cache)
{
    bearer_findings found;
    bearer_verdict verdict = bearer_token_judge(it->pool, bearer_span_of(it->token), it->trusts,
                                                &it->policy, cache, NOW, &found);

    must(verdict.reason == BEARER_ACCEPTED, bearer_reason_name(verdict.reason));
    apr_pool_clear(it->pool);
}

static void cold(const subject *it)
{
    bench_judge(it, NULL);
}

/* As cold as it gets in a server: nothing is known, and what is learned is kept. */
static void first(const subject *it)
{
    bearer_cache_forget(it->cache, it->digest, it->trusts[0]);
    bench_judge(it, it->cache);
}

static void hot(const subject *it)
{
    bench_judge(it, it->cache);
}

/* Microseconds for one call. */
static double cost(void (*what)(const subject *), const subject *it)
{
    double begun = seconds(), now;
    unsigned calls = 0;

    do {
        for (int i = 0; i < 8; i++, calls++)
            what(it);
        now = seconds();
    } while (now - begun < ROUND_SECONDS);
    return (now - begun) / calls * 1e6;
}

static char *absolute(apr_pool_t *pool, const char *file)
{
    return apr_pstrdup(pool, file);
}

static void open_issuer(subject *it, const char *alg, const char *keys)
{
    static const char *const users[] = { "sub", NULL }, *const scopes[] = { "scope", "scp", NULL };
    static const char *const audiences[] = { "https://api.example", NULL };
    const char *words[] = { ISSUER, apr_pstrcat(test_pool, "keys=", keys, NULL),
                            apr_pstrcat(test_pool, "algorithms=", alg, NULL), NULL };
    const char *error = NULL;

    it->trusts[0] = bearer_issuer_open(test_pool, words, absolute, &test_log, &error);
    must(it->trusts[0] != NULL, error != NULL ? error : "opening the issuer");
    it->policy = (bearer_policy){ .audiences = audiences, .leeway = 30 };
    must(bearer_paths_read(test_pool, users, &it->policy.users) == NULL
         && bearer_paths_read(test_pool, scopes, &it->policy.scopes) == NULL, "paths");
}

static const char *header_of(const char *alg)
{
    return apr_psprintf(test_pool, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"k\"}", alg);
}

static void prepare_secret(subject *it, const char *alg)
{
    it->secret = SPAN("0123456789abcdef0123456789ABCDEF");
    it->how.digest = "SHA256";
    it->token = sign_token_hmac(it->secret, it->how.digest, header_of(alg), payload);
    open_issuer(it, alg, apr_pstrcat(test_pool, "secret:", temp_write("secret", it->secret), NULL));
}

static void prepare_pair(subject *it, const char *alg, const char *kind)
{
    const char *set;

    it->key = make_key(kind);
    it->how = signer_of(alg);
    it->token = sign_token(it->key, alg, header_of(alg), payload);
    set = apr_psprintf(test_pool, "{\"keys\":[%s]}", public_jwk(it->key, "\"kid\":\"k\","));
    open_issuer(it, alg, apr_pstrcat(test_pool, "jwks:", temp_write_text("jwks", set), NULL));
}

static void prepare(subject *it, const char *alg, const char *kind)
{
    test_signer as_openssl;

    if (kind == NULL)
        prepare_secret(it, alg);
    else
        prepare_pair(it, alg, kind);
    it->input = (bearer_span){ it->token, (size_t)(strrchr(it->token, '.') - it->token) };
    as_openssl = it->how;
    as_openssl.coordinate = 0;
    it->signature = kind == NULL ? sign_hmac(it->secret, it->how.digest, it->input)
                                 : sign_bytes(it->key, as_openssl, it->input);
    it->cache = bearer_cache_make(16, 100000);
    must(it->cache != NULL && apr_pool_create(&it->pool, test_pool) == APR_SUCCESS
         && bearer_cache_digest(it->cache, bearer_span_of(it->token), it->digest), "memory");
    hot(it);
}

static void measure(const char *alg, const char *kind)
{
    void (*const ways[])(const subject *) = { bare, cold, hot };
    double best[COUNT(ways)] = { 1e9, 1e9, 1e9 };
    subject it = { .key = NULL };

    prepare(&it, alg, kind);
    for (int i = 0; i < ROUNDS; i++)
        for (size_t way = 0; way < COUNT(ways); way++) {
            double one = cost(ways[way], &it);

            best[way] = one < best[way] ? one : best[way];
        }
    printf("%-7s %-10s %10.2f %10.2f %8.2f %10.2f %8.2f\n", alg, kind != NULL ? kind : "secret",
           best[0], best[1], best[1] / best[0], best[2], best[2] / best[0]);
    bearer_cache_free(it.cache);
}

static void table(void)
{
    printf("%-7s %-10s %10s %10s %8s %10s %8s\n", "alg", "key", "bare us", "cold us", "ratio",
           "hot us", "ratio");
    for (size_t i = 0; i < COUNT(rows); i++) {
        must(test_setup(NULL) == 0, "pool");
        measure(rows[i].alg, rows[i].kind);
        test_teardown(NULL);
    }
}

static void count(const char *way, const char *alg, int number)
{
    subject it = { .key = NULL };
    size_t i = 0;

    while (i < COUNT(rows) && strcmp(rows[i].alg, alg) != 0)
        i++;
    must(i < COUNT(rows) && test_setup(NULL) == 0, alg);
    prepare(&it, alg, rows[i].kind);
    for (int n = 0; n < number; n++)
        (strcmp(way, "hot") == 0 ? hot : first)(&it);
    bearer_cache_free(it.cache);
    test_teardown(NULL);
}

int main(int argc, char *argv[])
{
    must(tests_begin(NULL) == 0, "start");
    if (argc == 5 && strcmp(argv[1], "count") == 0)
        count(argv[2], argv[3], (int)strtol(argv[4], NULL, 10));
    else
        table();
    return tests_end(NULL);
}
