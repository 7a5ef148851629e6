/* Input: the value of a Connection field, a newline, a payload. Properties: each claim `x` as a
 * field is printable ASCII without a blank at either end; parted at its commas and decoded, a
 * string, or an array of strings, is what it was. And a Connection field has lost two names in
 * every spelling, and nothing else of what stands between its separators. */
#include <apr_strings.h>

#include "fuzz.h"
#include "bearer/forward.h"
#include "bearer/json_text.h"

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One item up to a comma or the end is these bytes, encoded; returns what follows it. */
static const char *must_be(const char *text, bearer_span wanted)
{
    size_t i = 0;

    for (; *text != '\0' && *text != ','; i++) {
        bool escaped = *text == '%';
        int c = escaped ? digit(text[1]) * 16 + digit(text[2]) : (unsigned char)*text;

        must(i < wanted.len && (unsigned char)wanted.ptr[i] == c);
        text += escaped ? 3 : 1;
    }
    must(i == wanted.len);
    return text;
}

static void check_text(apr_pool_t *pool, const bearer_json *value)
{
    bearer_span one;
    const char *text;

    must(bearer_forward_text(pool, value, &text));
    if (text == NULL) {
        must(bearer_json_kind_of(value) == BEARER_JSON_NULL
             || (bearer_json_kind_of(value) == BEARER_JSON_ARRAY && bearer_json_count(value) == 0));
        return;
    }
    for (const char *c = text; *c != '\0'; c++)
        must(*c >= ' ' && *c <= '~' && (*c != ' ' || (c > text && c[1] != '\0')));
    if (value == NULL || !bearer_json_is_strings(value))
        return;
    for (size_t i = 0; bearer_json_strings_at(value, i, &one); i++) {
        must(i == 0 || *text++ == ',');
        text = must_be(text, one);
    }
    must(*text == '\0');
}

static bool parts(char c)
{
    return c == ',' || c == ';' || c == ' ' || (c >= '\t' && c <= '\r');
}

/* X-User or X-Groups, in any spelling. */
static bool is_ours(const char *word, size_t len)
{
    const char *wanted = len == 6 ? "x-user" : len == 8 ? "x-groups" : "";

    if (*wanted == '\0')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] + 32) : word[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (wanted[i] == '-' ? letter : c != wanted[i])
            return false;
    }
    return true;
}

/* The next word that is not ours, its length in *len; 0 at the end. */
static const char *next(const char *text, size_t *len, bool *ours)
{
    for (*len = 0; *text != '\0'; text += *len) {
        while (parts(*text))
            text++;
        for (*len = 0; text[*len] != '\0' && !parts(text[*len]); ++*len)
            ;
        if (*len == 0 || !is_ours(text, *len))
            return text;
        *ours = true;
    }
    *len = 0;
    return text;
}

static void check_connection(apr_pool_t *pool, const char *value)
{
    static const char *const names[] = { "X-User", "X-Groups", NULL };
    const char *left = bearer_forward_connection(pool, value, names), *from = value;
    const char *to = left != NULL ? left : "";
    bool had = false, has = false;
    size_t len, other;

    do {
        from = next(from, &len, &had);
        to = next(to, &other, &has);
        must(len == other && memcmp(from, to, len) == 0);
        from += len;
        to += other;
    } while (len > 0);
    must(!has && (had || left == value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
    apr_pool_t *pool = fuzz_pool();
    bearer_span payload;
    const bearer_json *json;

    if (line != NULL) {
        check_connection(pool, apr_pstrmemdup(pool, (const char *)data, (size_t)(line - data)));
        payload = fuzz_span(line + 1, size - (size_t)(line + 1 - data));
        if (bearer_json_read(pool, payload, &json) == BEARER_JSON_OK)
            check_text(pool, bearer_json_member(json, "x"));
        fuzz_span_free(payload);
    }
    apr_pool_destroy(pool);
    return 0;
}
