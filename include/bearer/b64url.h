/* base64url without padding, RFC 4648 section 5 as RFC 7515 section 2 uses it. */
#ifndef BEARER_B64URL_H
#define BEARER_B64URL_H

#include "bearer/span.h"

/* Room for what n characters decode to, in bytes. */
#define BEARER_B64URL_DECODED(n) ((n) / 4 * 3 + 2)

/* Room for n encoded bytes and a NUL. */
#define BEARER_B64URL_ENCODED(n) (((n) * 4 + 2) / 3 + 1)

/* Every byte is one of A-Z a-z 0-9 - _ ; true for the empty span. */
bool bearer_b64url_alphabet(bearer_span text);

/* Decodes the whole of text into out, which has BEARER_B64URL_DECODED(text.len) bytes, and sets
 * *len. Strict: false for a foreign character, padding, white space, a length that no byte count
 * gives (1 more than a multiple of 4), or bits set beyond the last byte (RFC 4648 section 3.5), so
 * that no two texts decode to the same bytes. out then holds nothing of use. */
bool bearer_b64url_decode(bearer_span text, unsigned char *out, size_t *len);

/* Encodes n bytes into out, BEARER_B64URL_ENCODED(n) characters with the NUL; returns the length
 * without it. */
size_t bearer_b64url_encode(const unsigned char *bytes, size_t n, char *out);

#endif
