#include "support.h"
#include "bearer/alg.h"

static const bearer_alg expected[] = {
    { "HS256", BEARER_KTY_OCT, BEARER_CURVE_NONE, BEARER_HMAC, "SHA256", 32 },
    { "HS384", BEARER_KTY_OCT, BEARER_CURVE_NONE, BEARER_HMAC, "SHA384", 48 },
    { "HS512", BEARER_KTY_OCT, BEARER_CURVE_NONE, BEARER_HMAC, "SHA512", 64 },
    { "RS256", BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PKCS1, "SHA256", 32 },
    { "RS384", BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PKCS1, "SHA384", 48 },
    { "RS512", BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PKCS1, "SHA512", 64 },
    { "PS256", BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PSS, "SHA256", 32 },
    { "PS384", BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PSS, "SHA384", 48 },
    { "PS512", BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PSS, "SHA512", 64 },
    { "ES256", BEARER_KTY_EC, BEARER_P256, BEARER_ECDSA, "SHA256", 32 },
    { "ES384", BEARER_KTY_EC, BEARER_P384, BEARER_ECDSA, "SHA384", 48 },
    { "ES512", BEARER_KTY_EC, BEARER_P521, BEARER_ECDSA, "SHA512", 64 },
    { "ES256K", BEARER_KTY_EC, BEARER_SECP256K1, BEARER_ECDSA, "SHA256", 32 },
    { "EdDSA", BEARER_KTY_OKP, BEARER_CURVE_NONE, BEARER_PURE, NULL, 0 },
    { "Ed25519", BEARER_KTY_OKP, BEARER_ED25519, BEARER_PURE, NULL, 0 },
    { "Ed448", BEARER_KTY_OKP, BEARER_ED448, BEARER_PURE, NULL, 0 },
    { "ML-DSA-44", BEARER_KTY_AKP, BEARER_MLDSA44, BEARER_PURE, NULL, 0 },
    { "ML-DSA-65", BEARER_KTY_AKP, BEARER_MLDSA65, BEARER_PURE, NULL, 0 },
    { "ML-DSA-87", BEARER_KTY_AKP, BEARER_MLDSA87, BEARER_PURE, NULL, 0 },
};

static const struct {
    bearer_curve curve;
    bearer_kty kty;
    const char *name;
    size_t bytes;
} curves[] = {
    { BEARER_P256, BEARER_KTY_EC, "P-256", 32 },
    { BEARER_P384, BEARER_KTY_EC, "P-384", 48 },
    { BEARER_P521, BEARER_KTY_EC, "P-521", 66 },
    { BEARER_SECP256K1, BEARER_KTY_EC, "secp256k1", 32 },
    { BEARER_ED25519, BEARER_KTY_OKP, "Ed25519", 32 },
    { BEARER_ED448, BEARER_KTY_OKP, "Ed448", 57 },
    { BEARER_MLDSA44, BEARER_KTY_AKP, "ML-DSA-44", 1312 },
    { BEARER_MLDSA65, BEARER_KTY_AKP, "ML-DSA-65", 1952 },
    { BEARER_MLDSA87, BEARER_KTY_AKP, "ML-DSA-87", 2592 },
};

static bool same_digest(const bearer_alg *a, const bearer_alg *b)
{
    if (a->digest == NULL || b->digest == NULL)
        return a->digest == b->digest;
    return strcmp(a->digest, b->digest) == 0 && a->hash_bytes == b->hash_bytes;
}

static void the_table(void **state)
{
    uint64_t seen = 0;
    size_t rows = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++) {
        const bearer_alg *alg = bearer_alg_find(tight_text(expected[i].name));

        if (!row_expect(alg != NULL, "%s is missing", expected[i].name))
            continue;
        row_expect(strcmp(alg->name, expected[i].name) == 0 && alg->kty == expected[i].kty
                   && alg->curve == expected[i].curve && alg->family == expected[i].family
                   && same_digest(alg, &expected[i]), "row of %s", expected[i].name);
    }
    for (; bearer_alg_at(rows) != NULL; rows++) {
        row_expect(bearer_alg_index(bearer_alg_at(rows)) == rows && rows < 64, "place %zu", rows);
        row_expect(bearer_alg_find(bearer_span_of(bearer_alg_at(rows)->name))
                   == bearer_alg_at(rows), "row %zu", rows);
        seen |= UINT64_C(1) << bearer_alg_index(bearer_alg_at(rows));
    }
    assert_int_equal(rows, COUNT(expected));
    assert_true(seen == (UINT64_C(1) << rows) - 1);
    assert_null(bearer_alg_at(rows + 1));
    assert_null(bearer_alg_at(SIZE_MAX));
    rows_end();
}

static bool is_a_name(bearer_span name)
{
    for (size_t i = 0; i < COUNT(expected); i++)
        if (name.len == strlen(expected[i].name) && memcmp(name.ptr, expected[i].name,
                                                           name.len) == 0)
            return true;
    return false;
}

static void expect_no_row(bearer_span name)
{
    if (!is_a_name(name))
        row_expect(bearer_alg_find(name.ptr != NULL ? tight(name) : name) == NULL, "'%.*s' matches",
                   (int)name.len,
                   name.ptr != NULL ? name.ptr : "");
}

static void near_misses(void **state)
{
    static const char after[] = { ' ', '\0', '\n', 'x', '6', '\t' };

    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++) {
        const char *name = expected[i].name;
        size_t len = strlen(name);
        char text[32];

        for (size_t n = 0; n < len; n++) {
            expect_no_row((bearer_span){ name, n });
            expect_no_row((bearer_span){ name + n + 1, len - n - 1 });
            memcpy(text, name, len);
            text[n] = (char)(text[n] ^ 0x20);
            expect_no_row((bearer_span){ text, len });
        }
        for (size_t n = 0; n < sizeof(after); n++) {
            memcpy(text, name, len);
            text[len] = after[n];
            expect_no_row((bearer_span){ text, len + 1 });
            memmove(text + 1, name, len);
            text[0] = after[n];
            expect_no_row((bearer_span){ text, len + 1 });
        }
    }
    rows_end();
}

static void never_a_row(void **state)
{
    static const bearer_span rows[] = {
        SPAN_ROW(""), { NULL, 0 }, SPAN_ROW("\0"), SPAN_ROW("none"), SPAN_ROW("None"),
        SPAN_ROW("NONE"), SPAN_ROW("nOnE"), SPAN_ROW("none\0"), SPAN_ROW(" none"), SPAN_ROW("null"),
        SPAN_ROW("HS1"), SPAN_ROW("RS1"), SPAN_ROW("HS128"), SPAN_ROW("ES521"), SPAN_ROW("ES384K"),
        SPAN_ROW("ES256k"), SPAN_ROW("X25519"), SPAN_ROW("RSA-OAEP"), SPAN_ROW("dir"),
        SPAN_ROW("A128KW"), SPAN_ROW("SHA256"), SPAN_ROW("RS256,ES256"), SPAN_ROW("RS256 ES256"),
        SPAN_ROW("*"), SPAN_ROW("ESP256"), SPAN_ROW("SLH-DSA-SHA2-128s"), SPAN_ROW("ML-DSA-128"),
        SPAN_ROW("ML_DSA_44"), SPAN_ROW("eddsa"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        row_expect(bearer_alg_find(rows[i]) == NULL, "row %zu", i);
    rows_end();
}

static bool should_fit(const bearer_alg *alg, bearer_kty kty, bearer_curve curve)
{
    return alg->kty == kty && (alg->curve == BEARER_CURVE_NONE || alg->curve == curve);
}

static void fitting(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++) {
        const bearer_alg *alg = bearer_alg_find(bearer_span_of(expected[i].name));

        if (alg == NULL)
            continue;
        for (size_t c = 0; c < COUNT(curves); c++)
            row_expect(bearer_alg_fits(alg, curves[c].kty, curves[c].curve)
                       == should_fit(&expected[i], curves[c].kty, curves[c].curve), "%s with %s",
                       alg->name, curves[c].name);
        row_expect(bearer_alg_fits(alg, BEARER_KTY_RSA,
                                   BEARER_CURVE_NONE) == (expected[i].kty == BEARER_KTY_RSA),
                   "%s with RSA", alg->name);
        row_expect(bearer_alg_fits(alg, BEARER_KTY_OCT,
                                   BEARER_CURVE_NONE) == (expected[i].kty == BEARER_KTY_OCT),
                   "%s with a secret", alg->name);
        row_expect(!bearer_alg_fits(alg, BEARER_KTY_NONE, BEARER_CURVE_NONE), "%s with no key",
                   alg->name);
    }
    rows_end();
}

static void curve_facts(void **state)
{
    static const struct { bearer_kty kty; bearer_span name; } none[] = {
        { BEARER_KTY_EC, SPAN_ROW("") }, { BEARER_KTY_EC, SPAN_ROW("P-25") },
        { BEARER_KTY_EC, SPAN_ROW("P-256\0") }, { BEARER_KTY_EC, SPAN_ROW("p-256") },
        { BEARER_KTY_EC, SPAN_ROW("P-256K") }, { BEARER_KTY_EC, SPAN_ROW("P-192") },
        { BEARER_KTY_EC, SPAN_ROW("Ed25519") }, { BEARER_KTY_OKP, SPAN_ROW("P-256") },
        { BEARER_KTY_OKP, SPAN_ROW("X25519") }, { BEARER_KTY_OKP, SPAN_ROW("ed25519") },
        { BEARER_KTY_AKP, SPAN_ROW("Ed25519") }, { BEARER_KTY_OKP, SPAN_ROW("ML-DSA-44") },
        { BEARER_KTY_RSA, SPAN_ROW("P-256") }, { BEARER_KTY_NONE, SPAN_ROW("P-256") },
        { BEARER_KTY_RSA, SPAN_ROW("") }, { BEARER_KTY_OCT, SPAN_ROW("") },
        { BEARER_KTY_NONE, SPAN_ROW("") },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(curves); i++) {
        const bearer_curve_info *info = bearer_curve_get(curves[i].curve);

        row_expect(info->kty == curves[i].kty && strcmp(info->name,
                                                        curves[i].name) == 0
                                                            && info->openssl != NULL
                   && info->bytes == curves[i].bytes, "%s", curves[i].name);
        row_expect(bearer_curve_find(curves[i].kty, tight_text(curves[i].name)) == curves[i].curve,
                   "finding %s",
                   curves[i].name);
    }
    for (size_t i = 0; i < COUNT(none); i++)
        row_expect(bearer_curve_find(none[i].kty, none[i].name) == BEARER_CURVE_NONE,
                   "'%s' of type %d", none[i].name.ptr,
                   (int)none[i].kty);
    assert_non_null(bearer_curve_get(BEARER_CURVE_NONE));
    rows_end();
}

/* Rows of one key type have a place each, and there is room for all. */
static void slots(void **state)
{
    unsigned taken[BEARER_KTY_AKP + 1] = { 0 };
    const bearer_alg *alg;

    (void)state;
    for (size_t i = 0; (alg = bearer_alg_at(i)) != NULL; i++) {
        unsigned bit = 1u << bearer_alg_slot(alg);

        row_expect(bearer_alg_slot(alg) < BEARER_ALG_SLOTS && (taken[alg->kty] & bit) == 0, "%s",
                   alg->name);
        taken[alg->kty] |= bit;
    }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_table), TEST(near_misses), TEST(never_a_row), TEST(fitting), TEST(curve_facts),
        TEST(slots),
    };

    return tests_run(tests);
}
