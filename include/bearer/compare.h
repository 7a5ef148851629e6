/* What a `claim` rule says of a value: `[op] value ...` behind the claim's path. */
#ifndef BEARER_COMPARE_H
#define BEARER_COMPARE_H

#include "bearer/json.h"
#include "bearer/words.h"

typedef struct bearer_comparison bearer_comparison;

/* Compiles the words behind a path; path is for what is said of them. NULL and *comparison on
 * success, else what is wrong, for the startup message. It lives as long as the pool. */
const char *bearer_comparison_make(apr_pool_t *pool, const char *path, const bearer_word *words,
                                   const bearer_comparison **comparison);

/* It holds for this value: of its elements, if it is an array, one compares, and for != and !~ none
 * does. False for those, too, where the value is NULL, a regular expression meets what is no string
 * or gives up at its limit, or memory fails. */
bool bearer_comparison_holds(const bearer_comparison *comparison, const bearer_json *value);

/* A regular expression could not decide. */
bool bearer_comparison_gives_up(const bearer_comparison *comparison, const bearer_json *value);

#endif
