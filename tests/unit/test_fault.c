/* Failures of memory and of OpenSSL on the way of a token: whatever fails, nothing that is not
 * valid is accepted. The first, second, third ... call that may fail is made to fail, alone or
 * with all that follow, until a judgement needs no more calls. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include "sign.h"
#include "support.h"
#include "bearer/issuer.h"
#include "bearer/token.h"

#define NOW INT64_C(1700000000)
#define SECRET "0123456789abcdef0123456789abcdef"

/* How many of all countable calls ran; those from `first` to `last` fail. Idle outside a
 * judgement. */
static struct {
    bool armed;
    unsigned long calls, first, last, injected;
} fault;

static bool fails(void)
{
    if (!fault.armed)
        return false;
    fault.calls++;
    if (fault.calls < fault.first || fault.calls > fault.last)
        return false;
    fault.injected++;
    return true;
}

static void *failing_malloc(size_t size)
{
    return fails() ? NULL : malloc(size);
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return size == 0 || fails() ? NULL : malloc(size);
}

static void *openssl_realloc(void *block, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : realloc(block, size);
}

static void openssl_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    free(block);
}

/* OpenSSL's functions that judging calls, each before its real one. A program's own symbol goes
 * before the library's. */
static uintptr_t real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    return (uintptr_t)found;
}

#define REAL(name) ((__typeof__(&name))real(#name))

EVP_MD_CTX *EVP_MD_CTX_new(void)
{
    return fails() ? NULL : REAL(EVP_MD_CTX_new)();
}

int EVP_DigestVerifyInit_ex(EVP_MD_CTX *ctx, EVP_PKEY_CTX **params, const char *digest,
                            OSSL_LIB_CTX *libctx,
                            const char *props, EVP_PKEY *pkey, const OSSL_PARAM extra[])
{
    return fails() ? 0 : REAL(EVP_DigestVerifyInit_ex)(ctx, params, digest, libctx, props, pkey,
                                                       extra);
}

int EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *signature, size_t signature_len,
                     const unsigned char *input, size_t len)
{
    return fails() ? -1 : REAL(EVP_DigestVerify)(ctx, signature, signature_len, input, len);
}

int EVP_PKEY_CTX_set_rsa_padding(EVP_PKEY_CTX *ctx, int mode)
{
    return fails() ? -1 : REAL(EVP_PKEY_CTX_set_rsa_padding)(ctx, mode);
}

int EVP_PKEY_CTX_set_rsa_pss_saltlen(EVP_PKEY_CTX *ctx, int len)
{
    return fails() ? -1 : REAL(EVP_PKEY_CTX_set_rsa_pss_saltlen)(ctx, len);
}

ECDSA_SIG *ECDSA_SIG_new(void)
{
    return fails() ? NULL : REAL(ECDSA_SIG_new)();
}

int ECDSA_SIG_set0(ECDSA_SIG *signature, BIGNUM *r, BIGNUM *s)
{
    return fails() ? 0 : REAL(ECDSA_SIG_set0)(signature, r, s);
}

int i2d_ECDSA_SIG(const ECDSA_SIG *signature, unsigned char **out)
{
    return fails() ? -1 : REAL(i2d_ECDSA_SIG)(signature, out);
}

BIGNUM *BN_bin2bn(const unsigned char *bytes, int len, BIGNUM *into)
{
    return fails() ? NULL : REAL(BN_bin2bn)(bytes, len, into);
}

int EVP_MD_CTX_copy_ex(EVP_MD_CTX *to, const EVP_MD_CTX *from)
{
    return fails() ? 0 : REAL(EVP_MD_CTX_copy_ex)(to, from);
}

EVP_MAC_CTX *EVP_MAC_CTX_dup(const EVP_MAC_CTX *from)
{
    return fails() ? NULL : REAL(EVP_MAC_CTX_dup)(from);
}

int EVP_MAC_update(EVP_MAC_CTX *ctx, const unsigned char *input, size_t len)
{
    return fails() ? 0 : REAL(EVP_MAC_update)(ctx, input, len);
}

int EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *out, size_t *len, size_t room)
{
    return fails() ? 0 : REAL(EVP_MAC_final)(ctx, out, len, room);
}

/* One issuer, and tokens of which only the first is valid. */
typedef struct {
    const char *alg;
    bearer_trust *trusts[2];
    struct { const char *name, *text; } tokens[7];
} scene;

#define USER "alice-the-first-of-all"

static const test_member payload[] = {
    { "iss", "\"urn:issuer\"" }, { "sub", "\"" USER "\"" }, { "aud", "[\"x\",\"api\"]" },
    { "exp", "1700000300" }, { "iat", "1699999990" }, { "scope", "\"read write\"" },
    { "realm_access", "{\"roles\":[\"a\",\"b\"]}" }, { NULL, NULL }
};
static const test_member expired[] = { { "exp", "1600000000" }, { NULL, NULL } };
static const test_member elsewhere[] = { { "aud", "\"other\"" }, { NULL, NULL } };
static const test_member nobody[] = { { "sub", "\"\"" }, { NULL, NULL } };
/* jansson grows its buffer at the 16th byte of a string: what is lost there must not make this
 * one ours. */
static const test_member a_letter_more[] = {
    { "sub", "\"alice\"" }, { "aud", "\"https://api.exXample\"" }, { NULL, NULL }
};

static char *as_is(apr_pool_t *pool, const char *file)
{
    return apr_pstrdup(pool, file);
}

static bearer_trust *open_trust(const char *keys, const char *algorithms)
{
    const char *words[] = { "urn:issuer", keys, algorithms, NULL }, *error = NULL;
    bearer_trust *trust = bearer_issuer_open(test_pool, words, as_is, &test_log, &error);

    if (trust == NULL)
        fail_msg("%s: %s", keys, error);
    return trust;
}

static const char *sign_with(EVP_PKEY *key, const char *alg, const test_member *edits)
{
    const char *header = apr_psprintf(test_pool,
                                      "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"k\"}", alg);
    const char *text = object_text(payload, edits, NULL);

    if (key == NULL)
        return sign_token_hmac(SPAN(SECRET), "SHA256", header, text);
    return sign_token(key, alg, header, text);
}

static const char *with_bad_signature(const char *token)
{
    char *copy = apr_pstrdup(test_pool, token), *at = strrchr(copy, '.') + 7;

    *at = *at == 'A' ? 'B' : 'A';
    return copy;
}

static const char *with_other_payload(const char *token)
{
    const char *first = strchr(token, '.') + 1, *second = strrchr(token, '.');

    return apr_pstrcat(test_pool, apr_pstrmemdup(test_pool, token, (apr_size_t)(first - token)),
                       encoded(bearer_span_of(object_text(payload, NULL, NULL))), second, NULL);
}

static bearer_trust *trust_in(EVP_PKEY *key, const char *alg)
{
    const char *path;

    if (key == NULL) {
        path = temp_write_text("secret", SECRET);
        return open_trust(apr_pstrcat(test_pool, "keys=secret:", path, NULL), "algorithms=HS256");
    }
    path = temp_write_text("keys", public_jwk(key, "\"kid\":\"k\","));
    return open_trust(apr_pstrcat(test_pool, "keys=jwks:", path, NULL),
                      apr_pstrcat(test_pool, "algorithms=", alg, NULL));
}

static scene make_scene(const char *kind, const char *alg)
{
    EVP_PKEY *key = kind != NULL ? make_key(kind) : NULL;
    const char *good = sign_with(key, alg, NULL), *old = sign_with(key, alg, expired);

    return (scene){ alg, { trust_in(key, alg), NULL }, {
        { "valid", good },
        { "bad signature", with_bad_signature(good) },
        { "expired", old },
        { "payload exchanged", with_other_payload(old) },
        { "another audience", sign_with(key, alg, elsewhere) },
        { "an audience with a letter more", sign_with(key, alg, a_letter_more) },
        { "no user", sign_with(key, alg, nobody) },
    } };
}

static bearer_policy make_policy(void)
{
    static const char *const audiences[] = { "api", "https://api.example", NULL };
    static const char *const users[] = { "sub", NULL },
    *const scopes[] = { "scope", "realm_access.roles", NULL };
    bearer_policy policy = { .audiences = audiences, .leeway = 30 };

    assert_null(bearer_paths_read(test_pool, users, &policy.users));
    assert_null(bearer_paths_read(test_pool, scopes, &policy.scopes));
    return policy;
}

/* The reason, and whether somebody else was let in than the token names. */
static bearer_reason judge_failing(const scene *at, const bearer_policy *policy, const char *token,
                                   unsigned long first, unsigned long last, bool *somebody_else)
{
    bearer_findings found;
    bearer_verdict verdict;
    apr_pool_t *pool;

    assert_int_equal(apr_pool_create(&pool, test_pool), APR_SUCCESS);
    fault.calls = fault.injected = 0;
    fault.first = first;
    fault.last = last;
    fault.armed = true;
    verdict = bearer_token_judge(pool, bearer_span_of(token), at->trusts, policy, NULL, NOW,
                                 &found);
    fault.armed = false;
    *somebody_else = verdict.reason == BEARER_ACCEPTED
                  && (strcmp(found.identity.user, USER) != 0
                      || !bearer_identity_has_scope(&found.identity, SPAN("read"))
                      || !bearer_identity_has_scope(&found.identity, SPAN("write")));
    ERR_clear_error();
    apr_pool_destroy(pool);
    return verdict.reason;
}

/* How often each reason was the answer while something failed, and with which failure first. */
typedef struct {
    unsigned times[BEARER_REASONS];
    unsigned long first[BEARER_REASONS];
    unsigned long somebody_else;
    bearer_reason truth;
} outcome;

static void note(outcome *of, bearer_reason reason, unsigned long n, bool somebody_else)
{
    if (of->times[reason]++ == 0)
        of->first[reason] = n;
    if (somebody_else && of->somebody_else == 0)
        of->somebody_else = n;
}

/* Every single failure, and every failure for good. */
static outcome torture(const scene *at, const bearer_policy *policy, const char *token)
{
    outcome of = { .somebody_else = 0 };
    bool somebody_else;

    of.truth = judge_failing(at, policy, token, 1, 0, &somebody_else);
    for (int for_good = 0; for_good <= 1; for_good++)
        for (unsigned long n = 1; n < 100000; n++) {
            bearer_reason reason = judge_failing(at, policy, token, n, for_good ? ULONG_MAX : n,
                                                 &somebody_else);

            if (fault.injected == 0)
                break;
            note(&of, reason, n, somebody_else);
        }
    return of;
}

static const struct { const char *kind, *alg; } kinds[] = {
    { NULL, "HS256" }, { "ED25519", "EdDSA" }, { "P-256", "ES256" }, { "RSA", "RS256" },
    { "RSA", "PS256" },
};

static void for_each_token(void (*expect)(const char *alg, const char *name, bool valid,
                                          const outcome *of))
{
    bearer_policy policy = make_policy();

    for (size_t k = 0; k < COUNT(kinds); k++) {
        scene at = make_scene(kinds[k].kind, kinds[k].alg);

        for (size_t i = 0; i < COUNT(at.tokens); i++) {
            outcome of = torture(&at, &policy, at.tokens[i].text);

            expect(at.alg, at.tokens[i].name, i == 0, &of);
        }
    }
}

static void expect_no_acceptance(const char *alg, const char *name, bool valid, const outcome *of)
{
    row_expect((of->truth == BEARER_ACCEPTED) == valid, "%s, %s: %s without any failure", alg, name,
               bearer_reason_name(of->truth));
    row_expect(valid || of->times[BEARER_ACCEPTED] == 0,
               "%s, %s: accepted %u times, first with failure %lu", alg,
               name, of->times[BEARER_ACCEPTED], of->first[BEARER_ACCEPTED]);
    row_expect(of->somebody_else == 0, "%s, %s: accepted as somebody else with failure %lu", alg,
               name,
               of->somebody_else);
    row_expect(of->times[BEARER_KEYS_UNAVAILABLE] > 0, "%s, %s: never keys_unavailable", alg, name);
}

static void nothing_invalid_is_accepted(void **state)
{
    (void)state;
    for_each_token(expect_no_acceptance);
    rows_end();
}

/* The answer is the true one, or that there is none: 503, not 401. One exception: OpenSSL's
 * verification may fail within without a word in its error queue, which nobody can tell from a
 * wrong signature; asking twice would make refusals dearer than acceptances. */
static void expect_no_blame(const char *alg, const char *name, bool valid, const outcome *of)
{
    (void)valid;
    for (size_t i = 0; i < BEARER_REASONS; i++)
        row_expect(of->times[i] == 0 || i == of->truth || i == BEARER_KEYS_UNAVAILABLE
                   || i == BEARER_SIGNATURE_BAD,
                   "%s, %s: %s %u times, first with failure %lu", alg, name,
                   bearer_reason_name((bearer_reason)i), of->times[i], of->first[i]);
}

static void no_failure_is_blamed_on_the_token(void **state)
{
    (void)state;
    for_each_token(expect_no_blame);
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(nothing_invalid_is_accepted), TEST(no_failure_is_blamed_on_the_token),
    };

    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1) {
        fprintf(stderr, "OpenSSL was used before the test\n");
        return 1;
    }
    json_set_alloc_funcs(failing_malloc, free);
    return tests_run(tests);
}
