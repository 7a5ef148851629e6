/* A trusted issuer, and the lists of them that locations have. */
#ifndef BEARER_TRUST_H
#define BEARER_TRUST_H

#include "bearer/keystore.h"
#include "bearer/policy.h"

/* One trusted issuer: its rules and its keys. Shared by all sections that name it the same way. */
typedef struct {
    bearer_issuer rules;
    bearer_keystore *keys;
} bearer_trust;

/* The lists end in NULL. */

/* The one of the list that speaks for this `iss`, compared to the byte; NULL if none does. */
const bearer_trust *bearer_trust_find(bearer_trust *const *trusts, bearer_span issuer);

/* The list holds this very object. An issuer stands in a list only once, so it is also the one that
 * bearer_trust_find gives for its name. */
bool bearer_trust_among(bearer_trust *const *trusts, const bearer_trust *trust);

/* Some issuer of the list may send such a header `typ`. */
bool bearer_trust_any_takes(bearer_trust *const *trusts, const bearer_header *header);

/* The algorithms that the issuer may use with these keys: bits of bearer_alg_index. */
uint64_t bearer_trust_algorithms(const bearer_trust *trust, const bearer_keyset *keys);

#endif
