/* What is true of a token wherever it is presented: this key of this issuer signed it, and it says
 * this. What a location thinks of it (audience, algorithms, types, time, scope, user) is no part of
 * it. */
#ifndef BEARER_FACTS_H
#define BEARER_FACTS_H

#include "bearer/trust.h"

typedef struct {
    const bearer_trust *trust;      /* whose key it is */
    unsigned char key[BEARER_KEY_IDENTITY];     /* the key under which the signature holds */
    bearer_header header;
    bearer_claims claims;           /* claims.json is the whole payload */
} bearer_facts;

/* Bytes that a copy needs. */
size_t bearer_facts_size(const bearer_facts *facts);

/* Copies all of it into one block of bearer_facts_size bytes, aligned for the type; the copy
 * begins the block and depends on nothing else but the trust. False if the claims cannot be read
 * again, which the block then does not hold. */
bool bearer_facts_copy(const bearer_facts *facts, void *block);

#endif
