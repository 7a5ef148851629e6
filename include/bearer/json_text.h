/* JSON text in and out: strict (RFC 8259, RFC 7519 section 4), over jansson, which no other file of
 * the core sees. */
#ifndef BEARER_JSON_TEXT_H
#define BEARER_JSON_TEXT_H

#include <apr_pools.h>
#include "bearer/json.h"

typedef enum { BEARER_JSON_BAD = 0, BEARER_JSON_NO_MEMORY, BEARER_JSON_OK } bearer_json_result;

/* How deep objects and arrays may nest. Real tokens stay below 10. */
#define BEARER_JSON_DEPTH 32

/* Reads text, which is one UTF-8 JSON object to its last byte: no duplicate members at any depth,
 * no NUL, at most BEARER_JSON_DEPTH levels, integers within 64 bits, reals within a double. *object
 * lives as long as the pool. BEARER_JSON_NO_MEMORY when an allocation failed, which says nothing
 * about the text. */
bearer_json_result bearer_json_read(apr_pool_t *pool, bearer_span text, const bearer_json **object);

/* A value's compact JSON text; a string's is quoted. NULL when memory fails. */
char *bearer_json_print(apr_pool_t *pool, const bearer_json *value);

/* A text as a JSON string, with its quotes. NULL if it is not UTF-8 or memory fails. */
char *bearer_json_quote(apr_pool_t *pool, bearer_span text);

/* The version of the JSON library that is loaded. */
const char *bearer_json_library(void);

#endif
