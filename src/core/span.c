#include "bearer/span.h"

#include <string.h>
#include <apr_pools.h>

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bearer_span bearer_span_of(const char *text)
{
    return (bearer_span){ text, text != NULL ? strlen(text) : 0 };
}

bool bearer_span_equal(bearer_span a, bearer_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool bearer_span_is(bearer_span span, const char *word)
{
    return bearer_span_equal(span, bearer_span_of(word));
}

bool bearer_span_begins_nocase(bearer_span span, const char *word)
{
    size_t len = strlen(word);

    if (span.len < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (lower(span.ptr[i]) != lower(word[i]))
            return false;
    return true;
}

bool bearer_span_is_nocase(bearer_span span, const char *word)
{
    return span.len == strlen(word) && bearer_span_begins_nocase(span, word);
}

bearer_span bearer_span_after(bearer_span span, size_t n)
{
    return (bearer_span){ span.ptr + n, span.len - n };
}

bool bearer_span_next_word(bearer_span *rest, char between, bearer_span *word)
{
    size_t start = 0, end;

    while (start < rest->len && rest->ptr[start] == between)
        start++;
    for (end = start; end < rest->len && rest->ptr[end] != between; end++)
        ;
    if (end == start)
        return false;
    *word = (bearer_span){ rest->ptr + start, end - start };
    *rest = bearer_span_after(*rest, end);
    return true;
}

bool bearer_span_has_control(bearer_span span)
{
    for (size_t i = 0; i < span.len; i++)
        if ((unsigned char)span.ptr[i] < 0x20 || span.ptr[i] == 0x7f)
            return true;
    return false;
}

char *bearer_span_printable(apr_pool_t *pool, bearer_span span, size_t most)
{
    size_t len = span.len < most ? span.len : most;
    char *out = apr_pcalloc(pool, len + 1);

    for (size_t i = 0; i < len; i++)
        out[i] = span.ptr[i] >= ' ' && span.ptr[i] <= '~' && span.ptr[i] != '"' ? span.ptr[i] : '?';
    return out;
}

char *bearer_span_loggable(apr_pool_t *pool, bearer_span span)
{
    return bearer_span_printable(pool, span, BEARER_SPAN_LOGGED);
}
