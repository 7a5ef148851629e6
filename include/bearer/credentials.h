/* The value of an Authorization field, RFC 9110 section 11.4 and RFC 6750 section 2.1. */
#ifndef BEARER_CREDENTIALS_H
#define BEARER_CREDENTIALS_H

#include "bearer/span.h"

typedef enum {
    BEARER_FIELD_MALFORMED = 0,     /* says Bearer, but not one clear token: answer 400 */
    BEARER_FIELD_OTHER,             /* another scheme, or empty: not our business */
    BEARER_FIELD_TOKEN              /* one token */
} bearer_field;

/* Reads one field value. With BEARER_FIELD_TOKEN, *token lies within value and is one b64token of
 * RFC 6750. Servers join repeated fields with ", ": a second credential makes the value malformed,
 * also where a Bearer credential follows one of another scheme. */
bearer_field bearer_credentials_read(bearer_span value, bearer_span *token);

/* What is wrong with a value that is malformed, in words for the log. */
const char *bearer_credentials_complaint(bearer_span value);

/* One b64token: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" */
bool bearer_credentials_b64token(bearer_span text);

#endif
