/* Whether a signature holds: one function, one family of algorithms a row. */
#ifndef BEARER_SIGNATURE_H
#define BEARER_SIGNATURE_H

#include "bearer/key.h"

/* Zero is no proof. */
typedef enum {
    BEARER_SIGNATURE_UNJUDGED = 0,
    BEARER_SIGNATURE_WRONG,
    BEARER_SIGNATURE_HOLDS
} bearer_signature;

/* Judges signature (decoded) over input with this key under this algorithm; the key must fit the
 * algorithm (BEARER_SIGNATURE_WRONG otherwise). BEARER_SIGNATURE_UNJUDGED when OpenSSL or memory
 * failed before it could say. OpenSSL's error queue is left empty. RFC 7518 section 3, RFC 8037
 * section 3.1, RFC 9964. */
bearer_signature bearer_signature_check(const bearer_key *key, const bearer_alg *alg,
                                        bearer_span input, bearer_span signature);

/* Room for what makes the checks of a key quick: the check for each algorithm is set up once, and
 * copied each time. It may be used by many threads and ends with the pool. */
bearer_verifiers *bearer_verifiers_make(apr_pool_t *pool);

/* Sets up the check of the first algorithm that the key fits; others are set up when they are first
 * wanted. Nothing depends on its success. */
void bearer_signature_prepare(const bearer_key *key);

/* This OpenSSL can do the algorithm at all. Asks the library each time: for startup, not for
 * requests. */
bool bearer_signature_available(const bearer_alg *alg);

#endif
