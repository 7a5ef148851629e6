#include "rfc.h"
#include "sign.h"
#include "support.h"
#include "bearer/compact.h"
#include "bearer/jwk.h"
#include "bearer/signature.h"
#include <openssl/err.h>

#define RSA_JWK(n) "{\"kty\":\"RSA\",\"n\":\"" n "\",\"e\":\"AQAB\"}"
#define EC_JWK(crv, x, y) "{\"kty\":\"EC\",\"crv\":\"" crv "\",\"x\":\"" x "\",\"y\":\"" y "\"}"

/* key: a JWK, or the base64url of a secret. */
static const struct { const char *name, *alg, *key, *token; } examples[] = {
    { "RFC 7515 A.1", "HS256", RFC7515_A1_K, RFC7515_A1 },
    { "RFC 7515 A.2", "RS256", RSA_JWK(RFC7515_A2_N), RFC7515_A2 },
    { "RFC 7515 A.3", "ES256", EC_JWK("P-256", RFC7515_A3_X, RFC7515_A3_Y), RFC7515_A3 },
    { "RFC 7515 A.4", "ES512", EC_JWK("P-521", RFC7515_A4_X, RFC7515_A4_Y), RFC7515_A4 },
    { "RFC 8037 A.4", "EdDSA", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" RFC8037_X "\"}",
      RFC8037_A4 },
    { "RFC 8037 A.4 by its full name", "Ed25519",
      "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" RFC8037_X "\"}",
      RFC8037_A4 },
    { "RFC 7520 4.1", "RS256", RSA_JWK(RFC7520_RSA_N), RFC7520_4_1 },
    { "RFC 7520 4.2", "PS384", RSA_JWK(RFC7520_RSA_N), RFC7520_4_2 },
    { "RFC 7520 4.3", "ES512", EC_JWK("P-521", RFC7520_EC_X, RFC7520_EC_Y), RFC7520_4_3 },
    { "RFC 7520 4.4", "HS256", RFC7520_OCT_K, RFC7520_4_4 },
};

static const bearer_alg *alg_of(const char *name)
{
    return bearer_alg_find(bearer_span_of(name));
}

static const bearer_key *key_of(const char *text)
{
    const char *error = NULL;
    const bearer_key *key = NULL;

    if (text[0] == '{') {
        const bearer_key *const *keys = bearer_jwk_read(test_pool, bearer_span_of(text), &test_log,
                                                        &error);

        key = keys != NULL ? keys[0] : NULL;
    }
    else {
        bearer_span secret = decoded(bearer_span_of(text));

        key = bearer_key_secret(test_pool, secret.ptr, secret.len, &error);
    }
    if (key == NULL)
        fail_msg("no key: %.60s: %s %s", text, error != NULL ? error : "", log_text());
    return key;
}

static bearer_signature check(const bearer_key *key, const char *alg, bearer_span input,
                              bearer_span signature)
{
    bearer_signature result = bearer_signature_check(key, alg_of(alg), tight(input),
                                                     tight(signature));

    row_expect(ERR_peek_error() == 0, "%s: an error is left in the queue", alg);
    ERR_clear_error();
    return result;
}

static bearer_span flipped(bearer_span bytes, size_t bit)
{
    char *copy = apr_pmemdup(test_pool, bytes.ptr, bytes.len);

    copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
    return (bearer_span){ copy, bytes.len };
}

static void expect_wrong(const char *name, const char *what, const bearer_key *key, const char *alg,
                         bearer_span input, bearer_span signature)
{
    bearer_signature result = check(key, alg, input, signature);

    row_expect(result == BEARER_SIGNATURE_WRONG, "%s: %s gives %d", name, what, (int)result);
}

/* What must not hold beside a signature that does. */
static void expect_nothing_near(const char *name, const bearer_key *key, const char *alg,
                                bearer_span input,
                                bearer_span signature)
{
    char *longer = apr_pcalloc(test_pool, signature.len + 2),
    *zero = apr_pcalloc(test_pool, signature.len + 1);

    memcpy(longer + 1, signature.ptr, signature.len);
    for (size_t bit = 0; bit < signature.len * 8; bit += 37)
        expect_wrong(name, "a bit of the signature", key, alg, input, flipped(signature, bit));
    for (size_t bit = 0; bit < input.len * 8; bit += 101)
        expect_wrong(name, "a bit of the input", key, alg, flipped(input, bit), signature);
    expect_wrong(name, "less input", key, alg, (bearer_span){ input.ptr, input.len - 1 },
                 signature);
    expect_wrong(name, "no input", key, alg, SPAN(""), signature);
    expect_wrong(name, "no signature", key, alg, input, SPAN(""));
    expect_wrong(name, "one byte", key, alg, input, SPAN("\0"));
    expect_wrong(name, "a byte less", key, alg, input,
                 (bearer_span){ signature.ptr, signature.len - 1 });
    expect_wrong(name, "the first byte less", key, alg, input,
                 (bearer_span){ signature.ptr + 1, signature.len - 1 });
    expect_wrong(name, "a byte more", key, alg, input,
                 (bearer_span){ longer + 1, signature.len + 1 });
    expect_wrong(name, "a zero before", key, alg, input,
                 (bearer_span){ longer, signature.len + 1 });
    expect_wrong(name, "half", key, alg, input, (bearer_span){ signature.ptr, signature.len / 2 });
    expect_wrong(name, "all zero", key, alg, input, (bearer_span){ zero, signature.len });
    memset(zero, 0xff, signature.len);
    expect_wrong(name, "all ones", key, alg, input, (bearer_span){ zero, signature.len });
}

static void examples_of_the_rfcs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        const bearer_key *key = key_of(examples[i].key);
        bearer_compact parts;
        bearer_span signature;

        assert_true(bearer_compact_split(bearer_span_of(examples[i].token), &parts));
        signature = decoded(parts.signature);
        row_expect(check(key, examples[i].alg, parts.signing_input,
                         signature) == BEARER_SIGNATURE_HOLDS,
                   "%s does not hold", examples[i].name);
        expect_nothing_near(examples[i].name, key, examples[i].alg, parts.signing_input, signature);
        for (size_t a = 0; bearer_alg_at(a) != NULL; a++) {
            const char *other = bearer_alg_at(a)->name;

            if (strcmp(other, examples[i].alg) != 0 && !(strncmp(examples[i].alg, "Ed", 2) == 0
                                                         && strncmp(other, "Ed", 2) == 0))
                expect_wrong(examples[i].name, other, key, other, parts.signing_input, signature);
        }
    }
    rows_end();
}

static const struct { const char *kind, *alg; } pairs[] = {
    { "RSA", "RS256" }, { "RSA", "RS384" }, { "RSA", "RS512" }, { "RSA", "PS256" },
    { "RSA", "PS384" }, { "RSA", "PS512" }, { "P-256", "ES256" }, { "P-384", "ES384" },
    { "P-521", "ES512" }, { "secp256k1", "ES256K" }, { "ED25519", "EdDSA" }, { "ED448", "EdDSA" },
};

static void fresh_signatures(void **state)
{
    bearer_span input = SPAN("header.payload");

    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        EVP_PKEY *private = make_key(pairs[i].kind);
        const bearer_key *key = key_of(public_jwk(private, ""));
        bearer_span signature = sign_bytes(private, signer_of(pairs[i].alg), input);

        row_expect(check(key, pairs[i].alg, input, signature) == BEARER_SIGNATURE_HOLDS,
                   "%s with %s",
                   pairs[i].alg, pairs[i].kind);
        expect_nothing_near(pairs[i].alg, key, pairs[i].alg, input, signature);
        key = key_of(public_jwk(strcmp(pairs[i].kind,
                                       "RSA") == 0 ? make_rsa(2048) : make_key(pairs[i].kind), ""));
        expect_wrong(pairs[i].alg, "another key", key, pairs[i].alg, input, signature);
    }
    rows_end();
}

/* RFC 7518 section 3.5: the salt is as long as the hash. */
static void pss_salt(void **state)
{
    static const struct { const char *alg, *digest; int salt; bool holds; } rows[] = {
        { "PS256", "SHA256", 32, true }, { "PS256", "SHA256", 0, false },
        { "PS256", "SHA256", 20, false }, { "PS256", "SHA256", 31, false },
        { "PS256", "SHA256", 33, false }, { "PS384", "SHA384", 48, true },
        { "PS384", "SHA384", 32, false }, { "PS512", "SHA512", 64, true },
        { "PS512", "SHA512", 32, false }, { "PS256", "SHA512", 64, false },
        { "PS512", "SHA256", 32, false },
    };
    EVP_PKEY *private = make_key("RSA");
    const bearer_key *key = key_of(public_jwk(private, ""));
    bearer_span input = SPAN("header.payload");

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        test_signer how = { rows[i].digest, true, rows[i].salt, 0 };

        row_expect((check(key, rows[i].alg, input,
                          sign_bytes(private, how, input)) == BEARER_SIGNATURE_HOLDS)
                   == rows[i].holds, "%s, %s, salt %d", rows[i].alg, rows[i].digest, rows[i].salt);
    }
    rows_end();
}

/* RFC 8017 sections 8.1.2 and 8.2.2, step 1: as long as the modulus. One signature in 256 begins
 * with a zero byte; without it the number is the same. */
static void rsa_length(void **state)
{
    static const char *const algs[] = { "RS256", "PS256", "PS384", "PS512" };
    EVP_PKEY *private = make_key("RSA");
    const bearer_key *key = key_of(public_jwk(private, ""));

    (void)state;
    for (size_t i = 0; i < COUNT(algs); i++) {
        bearer_span input, raw, longer;
        int tries = 0;

        do {
            input = bearer_span_of(apr_psprintf(test_pool, "payload %d", tries++));
            raw = sign_bytes(private, signer_of(algs[i]), input);
        } while (raw.ptr[0] != 0);
        longer = bearer_span_of(apr_psprintf(test_pool, "%*s", (int)raw.len + 1, ""));
        memcpy((char *)(uintptr_t)longer.ptr + 1, raw.ptr, raw.len);
        *(char *)(uintptr_t)longer.ptr = 0;
        row_expect(check(key, algs[i], input, raw) == BEARER_SIGNATURE_HOLDS, "%s", algs[i]);
        expect_wrong(algs[i], "no zero at its beginning", key, algs[i], input,
                     bearer_span_after(raw, 1));
        expect_wrong(algs[i], "one zero more", key, algs[i], input, longer);
    }
    rows_end();
}

/* RFC 7518 section 3.4: R and S in full length, and no DER. */
static void ecdsa_forms(void **state)
{
    EVP_PKEY *private = make_key("P-256");
    const bearer_key *key = key_of(public_jwk(private, ""));
    bearer_span input = SPAN("header.payload"),
    raw = sign_bytes(private, signer_of("ES256"), input);
    test_signer der = { "SHA256", false, 0, 0 };
    static const unsigned char order[32] = {
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff,
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25,
        0x51,
    };
    char *pair = apr_pmemdup(test_pool, raw.ptr, 64);

    (void)state;
    row_expect(check(key, "ES256", input, raw) == BEARER_SIGNATURE_HOLDS, "raw");
    expect_wrong("ES256", "DER", key, "ES256", input, sign_bytes(private, der, input));
    memset(pair, 0, 32);
    expect_wrong("ES256", "R is 0", key, "ES256", input, (bearer_span){ pair, 64 });
    memcpy(pair, order, 32);
    expect_wrong("ES256", "R is the order", key, "ES256", input, (bearer_span){ pair, 64 });
    memcpy(pair, raw.ptr, 32);
    memset(pair + 32, 0, 32);
    expect_wrong("ES256", "S is 0", key, "ES256", input, (bearer_span){ pair, 64 });
    memcpy(pair + 32, order, 32);
    expect_wrong("ES256", "S is the order", key, "ES256", input, (bearer_span){ pair, 64 });
    memcpy(pair, order, 32);
    expect_wrong("ES256", "both are the order", key, "ES256", input, (bearer_span){ pair, 64 });
    rows_end();
}

static void hmac(void **state)
{
    bearer_span secret = SPAN("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    input = SPAN("a.b");
    static const struct { const char *alg, *digest; size_t bytes; bool holds; } rows[] = {
        { "HS256", "SHA256", 32, true }, { "HS384", "SHA384", 48, true },
        { "HS512", "SHA512", 64, true }, { "HS256", "SHA256", 64, true },
        { "HS384", "SHA384", 47, false }, { "HS512", "SHA512", 63, false },
        { "HS256", "SHA512", 64, false }, { "HS512", "SHA256", 64, false },
        { "RS256", "SHA256", 64, false },
    };
    const char *error = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_span part = { secret.ptr, rows[i].bytes };
        const bearer_key *key = bearer_key_secret(test_pool, part.ptr, part.len, &error);
        bearer_span mac = sign_hmac(part, rows[i].digest, input);

        row_expect((check(key, rows[i].alg, input, mac) == BEARER_SIGNATURE_HOLDS) == rows[i].holds,
                   "%s, %zu bytes", rows[i].alg, rows[i].bytes);
        if (rows[i].holds)
            expect_nothing_near(rows[i].alg, key, rows[i].alg, input, mac);
    }
    assert_null(bearer_key_secret(test_pool, secret.ptr, 31, &error));
    assert_non_null(error);
    rows_end();
}

static void available(void **state)
{
    (void)state;
    for (size_t i = 0; bearer_alg_at(i) != NULL; i++) {
        const bearer_alg *alg = bearer_alg_at(i);
        EVP_SIGNATURE *fetched = alg->kty == BEARER_KTY_AKP
                               ? EVP_SIGNATURE_fetch(NULL, bearer_curve_get(alg->curve)->openssl,
                                                     NULL) : NULL;

        row_expect(bearer_signature_available(alg) == (alg->kty != BEARER_KTY_AKP
                                                       || fetched != NULL), "%s", alg->name);
        EVP_SIGNATURE_free(fetched);
        ERR_clear_error();
    }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(examples_of_the_rfcs), TEST(fresh_signatures), TEST(pss_salt), TEST(rsa_length),
        TEST(ecdsa_forms), TEST(hmac), TEST(available),
    };

    return tests_run(tests);
}
