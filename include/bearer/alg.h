/* The signature algorithms of RFC 7518, 8037, 8812, 9864 and 9964, as a table: nothing else names
 * one. */
#ifndef BEARER_ALG_H
#define BEARER_ALG_H

#include "bearer/span.h"

typedef enum { BEARER_KTY_NONE = 0, BEARER_KTY_OCT, BEARER_KTY_RSA, BEARER_KTY_EC, BEARER_KTY_OKP,
               BEARER_KTY_AKP } bearer_kty;

/* What must agree beside the key type: the curve, or the parameter set. */
typedef enum {
    BEARER_CURVE_NONE = 0,          /* a key has none; an algorithm takes any of its type */
    BEARER_P256, BEARER_P384, BEARER_P521, BEARER_SECP256K1, BEARER_ED25519, BEARER_ED448,
    BEARER_MLDSA44, BEARER_MLDSA65, BEARER_MLDSA87,
    BEARER_CURVES
} bearer_curve;

typedef enum { BEARER_HMAC, BEARER_PKCS1, BEARER_PSS, BEARER_ECDSA, BEARER_PURE } bearer_family;

typedef struct {
    const char *name;               /* as JWKs write it, in "crv" or "alg" */
    const char *openssl;            /* as OpenSSL names group or key type */
    bearer_kty kty;
    size_t bytes;                   /* coordinate (EC) or public key (OKP, AKP) length */
} bearer_curve_info;

typedef struct {
    const char *name;               /* as in the JOSE header */
    bearer_kty kty;
    bearer_curve curve;
    bearer_family family;
    const char *digest;             /* as OpenSSL names it; NULL: hashes by itself */
    size_t hash_bytes;              /* of that digest */
} bearer_alg;

/* The row of that exact name, or NULL. There is none for "none", in any spelling. */
const bearer_alg *bearer_alg_find(bearer_span name);

/* All rows in order, NULL beyond the last. */
const bearer_alg *bearer_alg_at(size_t i);

/* The row's place, 0 to 63: bit number in sets of algorithms. */
unsigned bearer_alg_index(const bearer_alg *alg);

/* The row's place among those of its key type, below BEARER_ALG_SLOTS. */
#define BEARER_ALG_SLOTS 6
unsigned bearer_alg_slot(const bearer_alg *alg);

/* The algorithm works with keys of this type and curve. */
bool bearer_alg_fits(const bearer_alg *alg, bearer_kty kty, bearer_curve curve);

/* Facts about a curve; never NULL for a value of the enum. */
const bearer_curve_info *bearer_curve_get(bearer_curve curve);

/* The curve of that key type and JWK name, BEARER_CURVE_NONE if there is none. */
bearer_curve bearer_curve_find(bearer_kty kty, bearer_span name);

#endif
