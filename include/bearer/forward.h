/* Claims as request fields for who comes next: names that may be used, what a client sends under
 * them, and values as field text. */
#ifndef BEARER_FORWARD_H
#define BEARER_FORWARD_H

#include <apr_pools.h>
#include "bearer/json.h"

/* Both names become one where a program makes variables of fields: letters count without case, and
 * whatever is no letter or digit as one and the same sign. */
bool bearer_forward_same(bearer_span a, bearer_span b);

/* The list (NULL-terminated, or NULL) has such a name. */
bool bearer_forward_among(const char *const *names, bearer_span name);

/* Both lists as one, each name once; one of them itself where that is all. */
const char *const *bearer_forward_join(apr_pool_t *pool, const char *const *names,
                                       const char *const *more);

/* NULL, or why no claim is sent under this name: it is none, or means something to servers or
 * clients. */
const char *bearer_forward_refuse(apr_pool_t *pool, const char *name);

/* The value of a Connection field (RFC 9110 section 7.6.1) without these names: the value itself if
 * it has none of them, NULL if nothing is left. */
const char *bearer_forward_connection(apr_pool_t *pool, const char *value,
                                      const char *const *names);

/* A claim as the value of a field. Strings: printable ASCII stands as it is, but for '%', ',' and
 * blanks at either end; these and all else are percent-encoded bytes of UTF-8. Numbers, true and
 * false: their JSON text. Objects: their JSON text, encoded so, with its commas. Arrays: elements,
 * parted by commas, each written as a string is (what is no string: its JSON text).
 * *text is NULL where there is no field to send: no value, null, or an empty array. False if memory
 * fails. */
bool bearer_forward_text(apr_pool_t *pool, const bearer_json *value, const char **text);

#endif
