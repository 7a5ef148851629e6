/* Bytes that somebody else owns: a pointer and a length, never stored longer than their owner
 * lives. A span need not end in a NUL and may hold any byte. */
#ifndef BEARER_SPAN_H
#define BEARER_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <apr_pools.h>

typedef struct {
    const char *ptr;
    size_t len;
} bearer_span;

/* The bytes of a C string, without its NUL; an empty span for NULL. */
bearer_span bearer_span_of(const char *text);

/* Equal length and equal bytes. Not for secrets: it stops at the first difference. */
bool bearer_span_equal(bearer_span a, bearer_span b);

/* Equal to the word, to the last byte. */
bool bearer_span_is(bearer_span span, const char *word);

/* The same, ASCII letters compared without case (scheme names and media types are such). */
bool bearer_span_is_nocase(bearer_span span, const char *word);

/* Begins with the word, ASCII letters compared without case. */
bool bearer_span_begins_nocase(bearer_span span, const char *word);

/* What is left after the first n bytes; n is at most span.len. */
bearer_span bearer_span_after(bearer_span span, size_t n);

/* Takes the next word off *rest, words being parted by runs of the byte `between`.
 * False when no word is left. */
bool bearer_span_next_word(bearer_span *rest, char between, bearer_span *word);

/* Holds a byte below 0x20, or 0x7f. Such text is no user name, header or log field. */
bool bearer_span_has_control(bearer_span span);

/* Bytes of a client or document as a log line may hold them: at most so many, each that is not
 * printable ASCII, or is a quote, as '?'. */
char *bearer_span_printable(apr_pool_t *pool, bearer_span span, size_t most);

/* The same for short words, at most BEARER_SPAN_LOGGED bytes. An address may have
 * BEARER_SPAN_URL. */
#define BEARER_SPAN_LOGGED 64
#define BEARER_SPAN_URL 200
char *bearer_span_loggable(apr_pool_t *pool, bearer_span span);

#endif
