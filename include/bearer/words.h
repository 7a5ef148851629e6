/* Words of a configuration: how a line parts into them, and which was meant by a misspelt one. */
#ifndef BEARER_WORDS_H
#define BEARER_WORDS_H

#include <stdbool.h>
#include <apr_pools.h>

typedef struct {
    const char *text;               /* quotes and escapes taken off; NULL ends a list */
    bool quoted;                    /* stood in quotes: is a string, never a number or operator */
} bearer_word;

/* Splits a line as httpd's configuration is quoted: words parted by blanks, '...' or "..." with a
 * backslash before a quote or backslash. NULL and *error if a quote is not closed or goes on. */
const bearer_word *bearer_words_split(apr_pool_t *pool, const char *line, const char **error);

/* Without the one that ends the list. */
size_t bearer_words_count(const bearer_word *words);

/* The word of a NULL-terminated list nearest to text, or NULL if none is near. */
const char *bearer_nearest(const char *text, const char *const *words);

#endif
