/* The JOSE header of a token, RFC 7515 section 4. */
#ifndef BEARER_HEADER_H
#define BEARER_HEADER_H

#include "bearer/alg.h"
#include "bearer/json.h"
#include "bearer/verdict.h"

typedef struct {
    const bearer_alg *alg;          /* never NULL after success */
    bool has_kid, has_typ;
    bearer_span kid, typ;           /* live as long as the JSON */
} bearer_header;

/* Reads what a parsed header says. False and *refused: BEARER_CRIT_REFUSED for any `crit`,
 * BEARER_ALG_REFUSED for an `alg` that is no row of the table, BEARER_TOKEN_MALFORMED for a `kid`
 * or `typ` that is no string. jku, x5u, jwk and x5c are not looked at. */
bool bearer_header_read(const bearer_json *json, bearer_header *header, bearer_verdict *refused);

/* Kinds of `typ`, as the types= option names them. */
enum {
    BEARER_TYPE_ABSENT = 1, BEARER_TYPE_JWT = 2, BEARER_TYPE_AT = 4,    /* absent, JWT, at+jwt */
    BEARER_TYPE_ID = 8              /* ID tokens are welcome too (step 10) */
};

/* The set of header types that an issuer may send. */
typedef struct {
    unsigned kinds;                 /* bits of the enum above */
    const char *const *others;      /* further ones, NULL-terminated, or NULL */
} bearer_types;

/* The `typ` is one of the set: case ignored, `application/` before it ignored (RFC 7515 section
 * 4.1.9). */
bool bearer_header_type_in(const bearer_header *header, const bearer_types *types);

#endif
