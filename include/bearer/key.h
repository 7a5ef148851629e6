/* One verification key. */
#ifndef BEARER_KEY_H
#define BEARER_KEY_H

#include <apr_pools.h>
#include <openssl/types.h>
#include "bearer/alg.h"

/* Bytes of what tells keys apart: equal for two keys, in whatever sets, only if they verify the
 * same signatures of the same tokens, being equal in public numbers (or secret), kid and alg. A
 * SHA-256. */
#define BEARER_KEY_IDENTITY 32

typedef struct bearer_verifiers bearer_verifiers;

typedef struct {
    bearer_kty kty;
    bearer_curve curve;             /* BEARER_CURVE_NONE for RSA and oct */
    const bearer_alg *alg;          /* the only one it serves (JWK `alg`); NULL: all that fit */
    const char *kid;                /* NULL: serves tokens of any kid */
    EVP_PKEY *pkey;                 /* NULL for oct; freed with the pool */
    const unsigned char *secret;    /* oct only; wiped with the pool */
    size_t secret_len;              /* bytes */
    unsigned char identity[BEARER_KEY_IDENTITY];    /* set by bearer_key_copy, zeros before */
    bearer_verifiers *ready;        /* signature.h; filled as the key is used */
} bearer_key;

/* The makers below return NULL and *error (a sentence without key material) where the key is
 * refused: RSA outside 2048 to 8192 bits, with an even modulus, or with an exponent that is even or
 * below 3, a point off its curve, an all-zero or small-order Ed25519 or Ed448 key, a type that this
 * OpenSSL does not offer. The key lives as long as the pool. */

/* Takes the key in pkey, whose reference passes to the key also on failure; what is checked is its
 * public part, and a private one stays in it for sign.h. It has been used once: what OpenSSL does
 * with a key when it is used first is done. */
const bearer_key *bearer_key_adopt(apr_pool_t *pool, EVP_PKEY *pkey, const char **error);

/* An HMAC key of exactly these raw bytes, at least 32; how long it must be for an algorithm is the
 * caller's question. */
const bearer_key *bearer_key_secret(apr_pool_t *pool, const void *bytes, size_t len,
                                    const char **error);

/* The same key in another pool's life; kid and alg as given (kid is copied). NULL when memory or
 * OpenSSL fails. */
const bearer_key *bearer_key_copy(apr_pool_t *pool, const bearer_key *key, const char *kid,
                                  const bearer_alg *alg);

/* The key may verify this algorithm: type, curve, and the JWK's own `alg`; an HMAC key also has the
 * hash's length. */
bool bearer_key_fits(const bearer_key *key, const bearer_alg *alg);

#endif
