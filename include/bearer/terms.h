/* What an administrator says of keys from the network: options of an issuer. */
#ifndef BEARER_TERMS_H
#define BEARER_TERMS_H

#include "bearer/fetch.h"

typedef struct {
    bearer_access access;
    int refresh;                    /* seconds: the longest pause between two looks at the issuer */
    int max_stale;                  /* seconds that keys stay in use unconfirmed */
} bearer_terms;

extern const bearer_terms bearer_terms_default;

/* The i-th option: "ca", "client-cert" ...; NULL beyond the last. */
const char *bearer_terms_name(size_t i);

/* What the i-th option's value is. */
typedef enum { BEARER_TERMS_FILE, BEARER_TERMS_URL, BEARER_TERMS_SECONDS } bearer_terms_kind;
bearer_terms_kind bearer_terms_kind_of(size_t i);

/* Reads the i-th option's value. Names of files are made absolute by resolve, which returns NULL
 * for one that cannot be; a file must be there, and hold what its option is for if it can be read.
 * NULL, or a sentence that says what is wanted. */
const char *bearer_terms_read(apr_pool_t *pool, bearer_terms *terms, size_t i, const char *value,
                              char *(*resolve)(apr_pool_t *pool, const char *file));

/* Options that go together are there. NULL, or which is not. */
const char *bearer_terms_refuse(const bearer_terms *terms);

#endif
