/* Keys and signed tokens made with OpenSSL alone, apart from the code under test. */
#ifndef TESTS_UNIT_SIGN_H
#define TESTS_UNIT_SIGN_H

#include <openssl/evp.h>
#include "bearer/span.h"

/* A fresh private key, freed with the test's pool: "P-256", "P-384", "P-521", "secp256k1",
 * "ED25519", "ED448", or "RSA" (2048 bits; made once a program, for it takes long). */
EVP_PKEY *make_key(const char *kind);

/* An RSA key of so many bits. */
EVP_PKEY *make_rsa(unsigned bits);

/* How to sign. A row a JOSE algorithm, found by name; secrets sign HS*. */
typedef struct {
    const char *digest;             /* NULL for Edwards curves */
    bool pss;
    int salt;                       /* of PSS; -1 for the digest's length */
    size_t coordinate;              /* of ECDSA, in bytes; else 0 */
} test_signer;

test_signer signer_of(const char *alg);

/* The raw JOSE signature. */
bearer_span sign_bytes(EVP_PKEY *key, test_signer how, bearer_span input);
bearer_span sign_hmac(bearer_span secret, const char *digest, bearer_span input);

/* header.payload.signature of these JSON texts. */
const char *sign_token(EVP_PKEY *key, const char *alg, const char *header, const char *payload);
const char *sign_token_hmac(bearer_span secret, const char *digest, const char *header,
                            const char *payload);

/* The public key as a JWK with these further members (`"kid":"a",` with the comma, or ""), and
 * as PEM. */
const char *public_jwk(EVP_PKEY *key, const char *members);
const char *public_pem(EVP_PKEY *key);
const char *private_pem(EVP_PKEY *key);
const char *certificate_pem(EVP_PKEY *key);

#endif
