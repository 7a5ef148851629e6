/* JSON as tokens and key sets need it: strict (RFC 8259, RFC 7519 section 4), over jansson, which
 * no other file of the core sees. */
#ifndef BEARER_JSON_H
#define BEARER_JSON_H

#include <stdint.h>
#include <apr_pools.h>
#include "bearer/span.h"

typedef struct json_t bearer_json;

/* A wrong type is never an absence. */
typedef enum { BEARER_WRONG = 0, BEARER_ABSENT, BEARER_PRESENT } bearer_found;

typedef enum { BEARER_JSON_BAD = 0, BEARER_JSON_NO_MEMORY, BEARER_JSON_OK } bearer_json_result;

typedef enum {
    BEARER_JSON_NULL, BEARER_JSON_FALSE, BEARER_JSON_TRUE, BEARER_JSON_NUMBER,
    BEARER_JSON_STRING, BEARER_JSON_ARRAY, BEARER_JSON_OBJECT
} bearer_json_kind;

/* How deep objects and arrays may nest. Real tokens stay below 10. */
#define BEARER_JSON_DEPTH 32

/* Reads text, which is one UTF-8 JSON object to its last byte: no duplicate members at any depth,
 * no NUL, at most BEARER_JSON_DEPTH levels, integers within 64 bits, reals within a double. *object
 * lives as long as the pool. BEARER_JSON_NO_MEMORY when an allocation failed, which says nothing
 * about the text. */
bearer_json_result bearer_json_read(apr_pool_t *pool, bearer_span text, const bearer_json **object);

bearer_json_kind bearer_json_kind_of(const bearer_json *value);

/* The member of that name, NULL if there is none or the value is no object. */
const bearer_json *bearer_json_member(const bearer_json *object, const char *name);

/* Elements of an array: 0 for anything else; NULL beyond the end. */
size_t bearer_json_count(const bearer_json *array);
const bearer_json *bearer_json_item(const bearer_json *array, size_t i);

/* Calls visit for each member until it returns false. */
void bearer_json_each(const bearer_json *object,
                      bool (*visit)(void *context, const char *name, const bearer_json *value),
                      void *context);

/* The bytes of a string value; an empty span for any other kind. */
bearer_span bearer_json_text(const bearer_json *value);

/* A number; integers up to 64 bits keep their exact value. */
typedef struct {
    bool whole;                     /* integer is exact */
    int64_t integer;
    double real;                    /* always set */
} bearer_number;

/* False if value is no number. */
bool bearer_json_number_of(const bearer_json *value, bearer_number *number);

/* A string member. */
bearer_found bearer_json_string(const bearer_json *object, const char *name, bearer_span *text);

/* A member that is a string or an array of strings only (RFC 7519 section 4.1.3 has aud so); *value
 * is what to hand to bearer_json_strings_next. */
bearer_found bearer_json_strings(const bearer_json *object, const char *name,
                                 const bearer_json **value);

/* A value is a string, or an array of strings only. */
bool bearer_json_is_strings(const bearer_json *value);

/* The i-th string of a value that bearer_json_is_strings; false beyond the last. */
bool bearer_json_strings_at(const bearer_json *value, size_t i, bearer_span *text);

/* A NumericDate member (RFC 7519 section 2): seconds since 1970, a fraction dropped. BEARER_WRONG
 * too if below zero or beyond the year 9999, so that sums with leeways never overflow. */
bearer_found bearer_json_time(const bearer_json *object, const char *name, int64_t *seconds);

/* A value's compact JSON text; a string's is quoted. NULL when memory fails. */
char *bearer_json_print(apr_pool_t *pool, const bearer_json *value);

/* A text as a JSON string, with its quotes. NULL if it is not UTF-8 or memory fails. */
char *bearer_json_quote(apr_pool_t *pool, bearer_span text);

/* The version of the JSON library that is loaded. */
const char *bearer_json_library(void);

#endif
