#include "rfc.h"
#include "sign.h"
#include "support.h"
#include "bearer/jwk.h"
#include "bearer/signature.h"

#define RSA(members) "{\"kty\":\"RSA\"," members "\"n\":\"" RFC7520_RSA_N "\",\"e\":\"AQAB\"}"
#define RSA_E(e) "{\"kty\":\"RSA\",\"n\":\"" RFC7520_RSA_N "\",\"e\":\"" e "\"}"
#define EC(members) \
    "{\"kty\":\"EC\",\"crv\":\"P-256\"," members \
    "\"x\":\"" RFC7515_A3_X "\",\"y\":\"" RFC7515_A3_Y "\"}"
#define EC_XY(crv, x, y) "{\"kty\":\"EC\",\"crv\":\"" crv "\",\"x\":\"" x "\",\"y\":\"" y "\"}"
#define ED(x) "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" x "\"}"

/* Keys that are taken, and the algorithms that each fits. */
static const struct { const char *name, *jwk, *algs; } taken[] = {
    { "RFC 7517 A.1",
      "{\"kty\":\"RSA\",\"n\":\"" RFC7517_A1_N "\",\"e\":\"AQAB\",\"alg\":\"RS256\","
      "\"kid\":\"2011-04-29\"}", "RS256" },
    { "RSA without alg", RSA(""), "RS256 RS384 RS512 PS256 PS384 PS512" },
    { "use and key_ops", RSA("\"use\":\"sig\",\"key_ops\":[\"verify\"],"),
      "RS256 RS384 RS512 PS256 PS384 PS512" },
    { "key_ops with sign too", RSA("\"key_ops\":[\"sign\",\"verify\"],"),
      "RS256 RS384 RS512 PS256 PS384 PS512" },
    { "alg PS512", RSA("\"alg\":\"PS512\","), "PS512" },
    { "e is 3", RSA_E("Aw"), "RS256 RS384 RS512 PS256 PS384 PS512" },
    { "8192 bits", "{\"kty\":\"RSA\",\"n\":\"" RSA_8192_N "\",\"e\":\"AQAB\"}",
      "RS256 RS384 RS512 PS256 PS384 PS512" },
    { "RFC 7515 A.3", EC(""), "ES256" },
    { "members that mean nothing here", EC("\"x5c\":[\"AA==\"],\"x5u\":5,\"zzz\":{},\"ext\":true,"),
      "ES256" },
    { "RFC 7515 A.4", EC_XY("P-521", RFC7515_A4_X, RFC7515_A4_Y), "ES512" },
    { "RFC 7520 3.1", EC_XY("P-521", RFC7520_EC_X, RFC7520_EC_Y), "ES512" },
    { "RFC 8037 A.2", ED(RFC8037_X), "EdDSA Ed25519" },
};

/* Keys that are skipped with a line in the log. */
static const struct { const char *name, *jwk; } skipped[] = {
    { "use enc", RSA("\"use\":\"enc\",") },
    { "use in capitals", RSA("\"use\":\"SIG\",") },
    { "use is a list", RSA("\"use\":[\"sig\"],") },
    { "use is null", RSA("\"use\":null,") },
    { "RFC 7517 A.1, for encryption",
      "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC7517_A1_X "\",\"y\":\""
      RFC7517_A1_Y "\",\"use\":\"enc\",\"kid\":\"1\"}" },
    { "key_ops encrypt", RSA("\"key_ops\":[\"encrypt\"],") },
    { "key_ops sign only", RSA("\"key_ops\":[\"sign\"],") },
    { "key_ops empty", RSA("\"key_ops\":[],") },
    { "key_ops is a string", RSA("\"key_ops\":\"verify\",") },
    { "key_ops holds a number", RSA("\"key_ops\":[\"verify\",1],") },
    { "key_ops is null", RSA("\"key_ops\":null,") },
    { "private: d", RSA("\"d\":\"AQAB\",") },          { "private: d is null", RSA("\"d\":null,") },
    { "private: p", RSA("\"p\":\"AQAB\",") },          { "private: q", RSA("\"q\":\"AQAB\",") },
    { "private: dp", RSA("\"dp\":\"AQAB\",") },        { "private: dq", RSA("\"dq\":\"AQAB\",") },
    { "private: qi", RSA("\"qi\":\"AQAB\",") },        { "private: oth", RSA("\"oth\":[],") },
    { "private: EC d", EC("\"d\":\"AQAB\",") },
    { "secret beside public", EC("\"k\":\"AQAB\",") },
    { "private: OKP d",
      "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"AA\",\"x\":\"" RFC8037_X "\"}" },
    { "RFC 7515 A.1: oct", "{\"kty\":\"oct\",\"k\":\"" RFC7515_A1_K "\"}" },
    { "oct with alg", "{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"" RFC7520_OCT_K "\"}" },
    { "no kty", "{\"crv\":\"P-256\",\"x\":\"" RFC7515_A3_X "\",\"y\":\"" RFC7515_A3_Y "\"}" },
    { "kty unknown", "{\"kty\":\"PQ\",\"x\":\"AA\"}" },
    { "kty in small letters", "{\"kty\":\"rsa\",\"n\":\"" RFC7520_RSA_N "\",\"e\":\"AQAB\"}" },
    { "kty empty", "{\"kty\":\"\"}" },                 { "kty a number", "{\"kty\":1}" },
    { "kty a prefix", "{\"kty\":\"RS\",\"n\":\"" RFC7520_RSA_N "\",\"e\":\"AQAB\"}" },
    { "kid a number", RSA("\"kid\":1,") },             { "kid null", RSA("\"kid\":null,") },
    { "alg of no token", RSA("\"alg\":\"RSA-OAEP\",") }, { "alg none", RSA("\"alg\":\"none\",") },
    { "alg a number", RSA("\"alg\":256,") },           { "alg null", RSA("\"alg\":null,") },
    { "alg empty", RSA("\"alg\":\"\",") },
    { "alg of another type", RSA("\"alg\":\"ES256\",") },
    { "alg of another curve", EC("\"alg\":\"ES384\",") },
    { "alg of a secret", RSA("\"alg\":\"HS256\",") },
    { "e is 1", RSA_E("AQ") },                         { "e is 2", RSA_E("Ag") },
    { "e is 65536", RSA_E("AQAA") },                   { "e is 0", RSA_E("AA") },
    { "e is 1 behind zeros", RSA_E("AAAB") },          { "e is empty", RSA_E("") },
    { "e padded", RSA_E("AQAB==") },
    { "e a number", "{\"kty\":\"RSA\",\"n\":\"" RFC7520_RSA_N
      "\",\"e\":65537}" },
    { "no e", "{\"kty\":\"RSA\",\"n\":\"" RFC7520_RSA_N "\"}" },
    { "no n", "{\"kty\":\"RSA\",\"e\":\"AQAB\"}" },
    { "n not base64url", "{\"kty\":\"RSA\",\"n\":\"+/+/\",\"e\":\"AQAB\"}" },
    { "a curve of RSA's", EC_XY("RSA", RFC7515_A3_X, RFC7515_A3_Y) },
    { "no crv", "{\"kty\":\"EC\",\"x\":\"" RFC7515_A3_X "\",\"y\":\"" RFC7515_A3_Y "\"}" },
    { "crv unknown", EC_XY("P-192", RFC7515_A3_X, RFC7515_A3_Y) },
    { "crv in small letters", EC_XY("p-256", RFC7515_A3_X, RFC7515_A3_Y) },
    { "crv of OKP", EC_XY("Ed25519", RFC8037_X, RFC8037_X) },
    { "off its curve", EC_XY("P-256", RFC7515_A3_Y, RFC7515_A3_X) },
    { "one bit off its curve", EC_XY("P-256", RFC7515_A3_X,
                                     "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4") },
    { "another curve's point", EC_XY("secp256k1", RFC7515_A3_X, RFC7515_A3_Y) },
    { "P-521's point as P-256", EC_XY("P-256", RFC7515_A4_X, RFC7515_A4_Y) },
    { "P-256's point as P-384", EC_XY("P-384", RFC7515_A3_X, RFC7515_A3_Y) },
    { "x and y zero", EC_XY("P-256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") },
    { "x beyond the field", EC_XY("P-256", "__________________________________________8",
                                  RFC7515_A3_Y) },
    { "x too long", EC_XY("P-256", "AH_NzidxV8GZcl7zb7rV7Y4L-2f3oYJfA8E3rAGWy8Mg", RFC7515_A3_Y) },
    { "x too short", EC_XY("P-256", "zc4ncPbEXUGDy-5v20t7WAczNXvp7xO6z248e9FURQ", RFC7515_A3_Y) },
    { "x empty", EC_XY("P-256", "", RFC7515_A3_Y) },
    { "y a stray bit", EC_XY("P-256", RFC7515_A3_X,
      "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1") },
    { "no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC7515_A3_X "\"}" },
    { "x a number", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":5,\"y\":\"" RFC7515_A3_Y "\"}" },
    { "X25519",
      "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":"
      "\"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08\"}" },
    { "Ed25519 too short", ED("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ") },
    { "Ed25519 too long", ED("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURoA") },
    { "Ed25519 as Ed448", "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" RFC8037_X "\"}" },
    { "Ed25519 empty", ED("") },
    { "AKP without alg", "{\"kty\":\"AKP\",\"pub\":\"AA\"}" },
    { "AKP of a wrong length", "{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\",\"pub\":\"AA\"}" },
    { "AKP of an unknown set", "{\"kty\":\"AKP\",\"alg\":\"ML-DSA-45\",\"pub\":\"AA\"}" },
};

static size_t length(const bearer_key *const *keys)
{
    size_t n = 0;

    while (keys != NULL && keys[n] != NULL)
        n++;
    return n;
}

static const bearer_key *const *read_text(const char *text)
{
    const char *error = NULL;
    const bearer_key *const *keys;

    log_clear();
    keys = bearer_jwk_read(test_pool, tight_text(text), &test_log, &error);
    if (keys == NULL)
        row_expect(error != NULL && strlen(error) > 5, "no reason for: %.60s", text);
    return keys;
}

static bool names_alg(const char *algs, const char *name)
{
    bearer_span rest = bearer_span_of(algs), word;

    while (bearer_span_next_word(&rest, ' ', &word))
        if (bearer_span_is(word, name))
            return true;
    return false;
}

static void keys_that_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(taken); i++) {
        const bearer_key *const *keys = read_text(taken[i].jwk);

        if (!row_expect(length(keys) == 1, "%s: %s", taken[i].name, log_text()))
            continue;
        for (size_t a = 0; bearer_alg_at(a) != NULL; a++) {
            const bearer_alg *alg = bearer_alg_at(a);

            row_expect(bearer_key_fits(keys[0], alg) == names_alg(taken[i].algs, alg->name),
                       "%s and %s",
                       taken[i].name, alg->name);
        }
        row_expect(keys[0]->secret == NULL && keys[0]->pkey != NULL, "%s has a secret",
                   taken[i].name);
    }
    rows_end();
}

static void expect_skipped(const char *name, const char *jwk)
{
    const char *set = apr_pstrcat(test_pool, "{\"keys\":[", jwk, ",", RSA("\"kid\":\"good\","),
                                  "]}", NULL);
    const bearer_key *const *keys = read_text(set);

    row_expect(length(keys) == 1 && strcmp(keys[0]->kid, "good") == 0, "%s: %zu keys", name,
               length(keys));
    row_expect(log_count() == 1, "%s: %d lines of log: %s", name, log_count(), log_text());
}

static void keys_that_are_skipped(void **state)
{
    const bearer_key *const *keys;

    (void)state;
    for (size_t i = 0; i < COUNT(skipped); i++)
        expect_skipped(skipped[i].name, skipped[i].jwk);
    keys = read_text("{\"keys\":[" RSA("\"use\":\"enc\",\"kid\":\"the \\\"kid\\\"\\n\",") "]}");
    assert_non_null(keys);
    assert_int_equal(length(keys), 0);
    assert_non_null(strstr(log_text(), "the "));
    assert_null(strstr(log_text(), "the \"kid\"\n"));
    rows_end();
}

static const char *rsa_of_bits(size_t bits, unsigned char last)
{
    size_t bytes = (bits + 7) / 8;
    unsigned char *n = apr_palloc(test_pool, bytes);

    memset(n, 0xa5, bytes);
    n[0] = (unsigned char)(1u << ((bits - 1) % 8));
    n[bytes - 1] = last;
    return apr_psprintf(test_pool, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}",
                        encoded((bearer_span){ (const char *)n, bytes }));
}

static void weak_rsa(void **state)
{
    bearer_span n = decoded(SPAN(RFC7520_RSA_N));
    char *even = apr_pmemdup(test_pool, n.ptr, n.len), *padded = apr_pcalloc(test_pool, 256);

    (void)state;
    expect_skipped("1024 bits", public_jwk(make_rsa(1024), ""));
    expect_skipped("512 bits", public_jwk(make_rsa(512), ""));
    expect_skipped("2047 bits", rsa_of_bits(2047, 0x01));
    expect_skipped("8193 bits", rsa_of_bits(8193, 0x01));
    expect_skipped("16384 bits", rsa_of_bits(16384, 0x01));
    expect_skipped("100000 bits", rsa_of_bits(100000, 0x01));
    expect_skipped("n is 0", "{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AQAB\"}");
    even[n.len - 1] ^= 1;
    expect_skipped("n is even", apr_psprintf(test_pool,
                                             "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}",
                                             encoded((bearer_span){ even, n.len })));
    memcpy(padded + 128, n.ptr, 128);
    padded[255] |= 1;
    expect_skipped("1024 bits behind zeros",
                   apr_psprintf(test_pool, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}",
                                                          encoded((bearer_span){ padded, 256 })));
    rows_end();
}

/* y coordinates of the points of small order on edwards25519, little-endian, the middle being
 * one byte repeated. */
static const struct { unsigned char first, middle, last; } small[] = {
    { 0x00, 0x00, 0x00 }, { 0x00, 0x00, 0x80 }, { 0x01, 0x00, 0x00 }, { 0x01, 0x00, 0x80 },
    { 0xec, 0xff, 0x7f }, { 0xec, 0xff, 0xff }, { 0xed, 0xff, 0x7f }, { 0xed, 0xff, 0xff },
    { 0xee, 0xff, 0x7f }, { 0xee, 0xff, 0xff },
};

static const char *okp(const char *crv, const unsigned char *y, size_t len)
{
    return apr_psprintf(test_pool, "{\"kty\":\"OKP\",\"crv\":\"%s\",\"x\":\"%s\"}", crv,
                        encoded((bearer_span){ (const char *)y, len }));
}

static void small_order_25519(void **state)
{
    static const unsigned char order_8[2][32] = {
        { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
          0xf0,
          0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc,
          0x05 },
        { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
          0x0f,
          0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03,
          0x7a },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(small); i++) {
        unsigned char y[32];

        memset(y, small[i].middle, sizeof(y));
        y[0] = small[i].first;
        y[31] = small[i].last;
        expect_skipped(apr_psprintf(test_pool, "Ed25519, small order, row %zu", i),
                       okp("Ed25519", y, 32));
    }
    for (size_t i = 0; i < COUNT(order_8); i++)
        for (unsigned sign = 0; sign <= 0x80; sign += 0x80) {
            unsigned char y[32];

            memcpy(y, order_8[i], 32);
            y[31] = (unsigned char)(y[31] | sign);
            expect_skipped("Ed25519, order 8", okp("Ed25519", y, 32));
        }
    rows_end();
}

/* edwards448: y is 0, 1 or -1; p is 2^448 - 2^224 - 1. The last byte holds the sign of x. */
static void small_order_448(void **state)
{
    (void)state;
    for (unsigned sign = 0; sign <= 0x80; sign += 0x80) {
        unsigned char y[57] = { 0 };

        y[56] = (unsigned char)sign;
        expect_skipped("Ed448, y is 0", okp("Ed448", y, 57));
        y[0] = 1;
        expect_skipped("Ed448, y is 1", okp("Ed448", y, 57));
        memset(y, 0xff, 56);
        y[28] = 0xfe;
        expect_skipped("Ed448, y is p", okp("Ed448", y, 57));
        y[0] = 0xfe;
        expect_skipped("Ed448, y is -1", okp("Ed448", y, 57));
        memset(y, 0x00, 28);
        memset(y + 28, 0xff, 28);
        expect_skipped("Ed448, y is p + 1", okp("Ed448", y, 57));
    }
    rows_end();
}

static void documents(void **state)
{
    static const struct { const char *name, *text; int keys; } rows[] = {
        { "empty set", "{\"keys\":[]}", 0 },
        { "single key", RSA(""), 1 },
        { "single key with line end", RSA("") "\n", 1 },
        { "single bad key", RSA("\"use\":\"enc\","), 0 },
        { "two keys of one kid", "{\"keys\":[" RSA("\"kid\":\"a\",") "," EC("\"kid\":\"a\",") "]}",
          2 },
        { "the same key twice", "{\"keys\":[" EC("\"kid\":\"a\",") "," EC("\"kid\":\"a\",") "]}",
          2 },
        { "no keys among the elements", "{\"keys\":[1,null,\"x\",[],{},true]}", 0 },
        { "further members", "{\"x\":1,\"keys\":[" EC("") "],\"issuer\":\"i\"}", 1 },
        { "keys is an object", "{\"keys\":{}}", -1 },  { "keys is null", "{\"keys\":null}", -1 },
        { "keys is a string", "{\"keys\":\"x\"}", -1 }, { "neither", "{}", -1 },
        { "an array", "[" EC("") "]", -1 },            { "empty", "", -1 },
        { "HTML", "<html></html>", -1 },               { "PEM", "-----BEGIN PUBLIC KEY-----", -1 },
        { "cut off", "{\"keys\":[" RSA(""), -1 },      { "trailing", "{\"keys\":[]}x", -1 },
        { "a member twice", "{\"keys\":[],\"keys\":[]}", -1 },
        { "a member of a key twice", "{\"keys\":[" EC("\"use\":\"enc\",\"use\":\"sig\",") "]}",
          -1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const bearer_key *const *keys = read_text(rows[i].text);

        row_expect(keys == NULL ? rows[i].keys < 0 : (int)length(keys) == rows[i].keys,
                   "%s: %zu keys",
                   rows[i].name, length(keys));
    }
    assert_null(bearer_jwk_read(test_pool, SPAN("{\"keys\":[]}\0"), NULL, &(const char *){ NULL }));
    assert_non_null(bearer_jwk_read(test_pool, SPAN("{\"keys\":[{}]}"), NULL,
                                    &(const char *){ NULL }));
    rows_end();
}

static void too_many_keys(void **state)
{
    apr_array_header_t *pieces = apr_array_make(test_pool, 5002, sizeof(const char *));
    const char *error = NULL;

    (void)state;
    for (int i = 0; i <= BEARER_JWK_MAX_KEYS; i++)
        APR_ARRAY_PUSH(pieces, const char *) = "{}";
    assert_null(bearer_jwk_read(test_pool, bearer_span_of(apr_pstrcat(test_pool, "{\"keys\":[",
                                    apr_array_pstrcat(test_pool, pieces, ','), "]}", NULL)), NULL,
                                    &error));
    assert_non_null(error);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(keys_that_are_taken), TEST(keys_that_are_skipped), TEST(weak_rsa),
        TEST(small_order_25519), TEST(small_order_448), TEST(documents), TEST(too_many_keys),
    };

    return tests_run(tests);
}
