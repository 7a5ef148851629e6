/* JSON values as tokens and key sets hold them. A document is one piece of memory without pointers:
 * what a value refers to stands behind it, at a distance that is noted. So a document may be copied
 * and freed like any bytes, and many threads may read it. json_text.h makes them from text. */
#ifndef BEARER_JSON_H
#define BEARER_JSON_H

#include <stdint.h>
#include "bearer/span.h"

/* A wrong type is never an absence. */
typedef enum { BEARER_WRONG = 0, BEARER_ABSENT, BEARER_PRESENT } bearer_found;

typedef enum {
    BEARER_JSON_NULL, BEARER_JSON_FALSE, BEARER_JSON_TRUE, BEARER_JSON_NUMBER,
    BEARER_JSON_STRING, BEARER_JSON_ARRAY, BEARER_JSON_OBJECT
} bearer_json_kind;

/* One value; read it through the functions below. Distances and lengths are in bytes; names and
 * strings end in a NUL that their length does not count. */
typedef struct {
    uint8_t kind;                   /* bearer_json_kind */
    bool whole;                     /* a number: integer is exact */
    uint32_t name, name_len;        /* of a member: how far behind this value it stands, length */
    uint32_t count;                 /* members, elements, or the length of a string */
    union {
        uint32_t at;                /* how far behind: the first member or element, or the string */
        int64_t integer;
        double real;                /* of a number that is not whole */
    } value;
} bearer_json;

/* Bytes of the document that this value, as bearer_json_read gave it, begins. */
size_t bearer_json_size(const bearer_json *document);

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
 * is what to hand to bearer_json_strings_at. */
bearer_found bearer_json_strings(const bearer_json *object, const char *name,
                                 const bearer_json **value);

/* A value is a string, or an array of strings only. */
bool bearer_json_is_strings(const bearer_json *value);

/* The i-th string of a value that bearer_json_is_strings; false beyond the last. */
bool bearer_json_strings_at(const bearer_json *value, size_t i, bearer_span *text);

/* A NumericDate member (RFC 7519 section 2): seconds since 1970, a fraction dropped. BEARER_WRONG
 * too if below zero or beyond the year 9999, so that sums with leeways never overflow. */
bearer_found bearer_json_time(const bearer_json *object, const char *name, int64_t *seconds);

#endif
