#include "bearer/credentials.h"

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

/* Letters, digits and -._~+/ without a jump: `+` to `9` are `+,-./` and the digits. */
static bool is_b64token_char(char c)
{
    unsigned char letter = (unsigned char)((c | 0x20) - 'a'), from_plus = (unsigned char)(c - '+');

    return (letter < 26) | ((from_plus < 15) & (c != ',')) | (c == '_') | (c == '~');
}

#define BLOCK 16        /* characters that a processor looks at side by side */

static bool is_b64token_block(const char *text)
{
    unsigned char foreign = 0;

    for (size_t i = 0; i < BLOCK; i++)
        foreign |= (unsigned char)!is_b64token_char(text[i]);
    return foreign == 0;
}

bool bearer_credentials_b64token(bearer_span text)
{
    size_t i = 0, body;

    while (i + BLOCK <= text.len && is_b64token_block(text.ptr + i))
        i += BLOCK;
    while (i < text.len && is_b64token_char(text.ptr[i]))
        i++;
    body = i;
    while (i < text.len && text.ptr[i] == '=')
        i++;
    return body > 0 && i == text.len;
}

static size_t scheme_length(bearer_span value)
{
    size_t n = 0;

    while (n < value.len && is_tchar(value.ptr[n]))
        n++;
    return n;
}

static bearer_span skip_blanks(bearer_span value)
{
    while (value.len > 0 && (*value.ptr == ' ' || *value.ptr == '\t'))
        value = bearer_span_after(value, 1);
    return value;
}

static bool names_bearer(bearer_span value)
{
    return bearer_span_is_nocase((bearer_span){ value.ptr, scheme_length(value) }, "Bearer");
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
