/* The compact serialization of a JWS, RFC 7515 section 7.1. */
#ifndef BEARER_COMPACT_H
#define BEARER_COMPACT_H

#include "bearer/span.h"

typedef struct {
    bearer_span header, payload, signature;     /* still encoded, each non-empty */
    bearer_span signing_input;                  /* header "." payload: what was signed */
} bearer_compact;

/* Splits a token into exactly three non-empty parts. False for any other shape: five parts (a JWE),
 * an empty signature (alg none has no way in), an opaque token. Whether a part is base64url shows
 * when it is decoded. All spans lie within token. */
bool bearer_compact_split(bearer_span token, bearer_compact *parts);

#endif
