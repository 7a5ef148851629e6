#include "bearer/credentials.h"

#include <stdint.h>
#include <string.h>

static bool is_alnum(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* RFC 9110 section 5.6.2: the characters of a scheme name. */
static bool is_tchar(char c)
{
    return c != '\0' && (is_alnum(c) || strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_b64token_char(char c)
{
    return c != '\0' && (is_alnum(c) || strchr("-._~+/", c) != NULL);
}

/* Characters that a processor looks at side by side. A comparison of blocks sets all bits where it
 * holds. */
typedef unsigned char block __attribute__((vector_size(16)));

/* The same for a block: `+` to `9` are `+,-./` and the digits. */
static block is_b64token_block(block c)
{
    return (block)((c | 0x20) - 'a' < 26) | ((block)(c - '+' < 15) & (block)(c != ','))
        | (block)(c == '_') | (block)(c == '~');
}

/* How many characters at the beginning are of a token's body: all of the whole blocks, or none that
 * would be known. */
static size_t body_in_blocks(bearer_span text)
{
    block right = (block){ 0 } == 0;
    size_t i, len = text.len / sizeof(block) * sizeof(block);
    uint64_t halves[2];

    for (i = 0; i < len; i += sizeof(block)) {
        block c;

        memcpy(&c, text.ptr + i, sizeof(c));
        right &= is_b64token_block(c);
    }
    memcpy(halves, &right, sizeof(halves));
    return (halves[0] & halves[1]) == UINT64_MAX ? len : 0;
}

bool bearer_credentials_b64token(bearer_span text)
{
    size_t i = body_in_blocks(text), body;

    while (i < text.len && is_b64token_char(text.ptr[i]))
        i++;
    body = i;
    while (i < text.len && text.ptr[i] == '=')
        i++;
    return body > 0 && i == text.len;
}

static bearer_span skip_blanks(bearer_span value)
{
    while (value.len > 0 && (*value.ptr == ' ' || *value.ptr == '\t'))
        value = bearer_span_after(value, 1);
    return value;
}

static bool names_bearer(bearer_span value)
{
    return bearer_span_begins_nocase(value, "Bearer")
        && (value.len == strlen("Bearer") || !is_tchar(value.ptr[strlen("Bearer")]));
}

/* Two fields were joined: `Basic ..., Bearer ...`. A comma inside a quoted string of Digest joins
 * nothing, and a Digest parameter that happens to be called bearer goes on with `=`. */
static bool bearer_follows(bearer_span value)
{
    bool quoted = false;

    for (; value.len > 0; value = bearer_span_after(value, 1)) {
        bearer_span next;

        if (quoted && *value.ptr == '\\' && value.len > 1)
            value = bearer_span_after(value, 1);
        else if (*value.ptr == '"')
            quoted = !quoted;
        else if (!quoted && *value.ptr == ',') {
            next = skip_blanks(bearer_span_after(value, 1));
            if (names_bearer(next) && (next.len == 6 || next.ptr[6] != '='))
                return true;
        }
    }
    return false;
}

bearer_field bearer_credentials_read(bearer_span value, bearer_span *token)
{
    value = skip_blanks(value);
    if (!names_bearer(value))
        return bearer_follows(value) ? BEARER_FIELD_MALFORMED : BEARER_FIELD_OTHER;
    value = bearer_span_after(value, strlen("Bearer"));
    if (value.len == 0 || *value.ptr != ' ')
        return BEARER_FIELD_MALFORMED;
    while (value.len > 0 && *value.ptr == ' ')
        value = bearer_span_after(value, 1);
    if (!bearer_credentials_b64token(value))
        return BEARER_FIELD_MALFORMED;
    *token = value;
    return BEARER_FIELD_TOKEN;
}

const char *bearer_credentials_complaint(bearer_span value)
{
    value = skip_blanks(value);
    if (!names_bearer(value))
        return "two credentials stand in one field";
    value = skip_blanks(bearer_span_after(value, strlen("Bearer")));
    if (value.len == 0)
        return "nothing stands behind Bearer";
    return "what stands behind Bearer is not one token: no blanks, quotes or commas are in one";
}
