#include "bearer/alg.h"

static const bearer_curve_info curves[BEARER_CURVES] = {
    [BEARER_CURVE_NONE] = { "", "", BEARER_KTY_NONE, 0 },
    [BEARER_P256] = { "P-256", "prime256v1", BEARER_KTY_EC, 32 },
    [BEARER_P384] = { "P-384", "secp384r1", BEARER_KTY_EC, 48 },
    [BEARER_P521] = { "P-521", "secp521r1", BEARER_KTY_EC, 66 },
    [BEARER_SECP256K1] = { "secp256k1", "secp256k1", BEARER_KTY_EC, 32 },
    [BEARER_ED25519] = { "Ed25519", "ED25519", BEARER_KTY_OKP, 32 },
    [BEARER_ED448] = { "Ed448", "ED448", BEARER_KTY_OKP, 57 },
    [BEARER_MLDSA44] = { "ML-DSA-44", "ML-DSA-44", BEARER_KTY_AKP, 1312 },
    [BEARER_MLDSA65] = { "ML-DSA-65", "ML-DSA-65", BEARER_KTY_AKP, 1952 },
    [BEARER_MLDSA87] = { "ML-DSA-87", "ML-DSA-87", BEARER_KTY_AKP, 2592 },
};

static const bearer_alg algs[] = {
    { "RS256",     BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PKCS1, "SHA256", 32 },
    { "RS384",     BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PKCS1, "SHA384", 48 },
    { "RS512",     BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PKCS1, "SHA512", 64 },
    { "PS256",     BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PSS,   "SHA256", 32 },
    { "PS384",     BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PSS,   "SHA384", 48 },
    { "PS512",     BEARER_KTY_RSA, BEARER_CURVE_NONE, BEARER_PSS,   "SHA512", 64 },
    { "ES256",     BEARER_KTY_EC,  BEARER_P256,       BEARER_ECDSA, "SHA256", 32 },
    { "ES384",     BEARER_KTY_EC,  BEARER_P384,       BEARER_ECDSA, "SHA384", 48 },
    { "ES512",     BEARER_KTY_EC,  BEARER_P521,       BEARER_ECDSA, "SHA512", 64 },
    { "ES256K",    BEARER_KTY_EC,  BEARER_SECP256K1,  BEARER_ECDSA, "SHA256", 32 },
    { "EdDSA",     BEARER_KTY_OKP, BEARER_CURVE_NONE, BEARER_PURE,  NULL,      0 },
    { "Ed25519",   BEARER_KTY_OKP, BEARER_ED25519,    BEARER_PURE,  NULL,      0 },
    { "Ed448",     BEARER_KTY_OKP, BEARER_ED448,      BEARER_PURE,  NULL,      0 },
    { "ML-DSA-44", BEARER_KTY_AKP, BEARER_MLDSA44,    BEARER_PURE,  NULL,      0 },
    { "ML-DSA-65", BEARER_KTY_AKP, BEARER_MLDSA65,    BEARER_PURE,  NULL,      0 },
    { "ML-DSA-87", BEARER_KTY_AKP, BEARER_MLDSA87,    BEARER_PURE,  NULL,      0 },
    { "HS256",     BEARER_KTY_OCT, BEARER_CURVE_NONE, BEARER_HMAC,  "SHA256", 32 },
    { "HS384",     BEARER_KTY_OCT, BEARER_CURVE_NONE, BEARER_HMAC,  "SHA384", 48 },
    { "HS512",     BEARER_KTY_OCT, BEARER_CURVE_NONE, BEARER_HMAC,  "SHA512", 64 },
};

#define COUNT (sizeof(algs) / sizeof(algs[0]))

_Static_assert(COUNT <= 64, "sets of algorithms are 64 bits");

const bearer_alg *bearer_alg_at(size_t i)
{
    return i < COUNT ? &algs[i] : NULL;
}

const bearer_alg *bearer_alg_find(bearer_span name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (bearer_span_is(name, algs[i].name))
            return &algs[i];
    return NULL;
}

unsigned bearer_alg_index(const bearer_alg *alg)
{
    return (unsigned)(alg - algs);
}

unsigned bearer_alg_slot(const bearer_alg *alg)
{
    const bearer_alg *first = alg;

    while (first > algs && first[-1].kty == alg->kty)
        first--;
    return (unsigned)(alg - first);
}

bool bearer_alg_fits(const bearer_alg *alg, bearer_kty kty, bearer_curve curve)
{
    return alg->kty == kty && (alg->curve == BEARER_CURVE_NONE || alg->curve == curve);
}

const bearer_curve_info *bearer_curve_get(bearer_curve curve)
{
    return &curves[(unsigned)curve < BEARER_CURVES ? curve : BEARER_CURVE_NONE];
}

bearer_curve bearer_curve_find(bearer_kty kty, bearer_span name)
{
    for (bearer_curve curve = BEARER_CURVE_NONE + 1; curve < BEARER_CURVES; curve++)
        if (curves[curve].kty == kty && bearer_span_is(name, curves[curve].name))
            return curve;
    return BEARER_CURVE_NONE;
}
