/* Property: a field value gives a token exactly if it is blanks, "Bearer" in any case, spaces, and
 * one b64token to its last byte, and the token lies within the value; any other value is malformed
 * exactly if it begins with Bearer, or has it after a comma outside quoted strings. */
#include "fuzz.h"
#include "bearer/credentials.h"

static size_t run(bearer_span value, size_t from, const char *of)
{
    size_t end = from;

    while (end < value.len && value.ptr[end] != '\0' && strchr(of, value.ptr[end]) != NULL)
        end++;
    return end;
}

static bool says_bearer(bearer_span value, size_t at)
{
    static const char *const cases[] = { "Bb", "Ee", "Aa", "Rr", "Ee", "Rr" };

    for (size_t i = 0; i < 6; i++)
        if (run(value, at + i, cases[i]) == at + i)
            return false;
    return true;
}

/* "Bearer" stands there as a scheme, or all but so: no longer word, no parameter of that name. */
static bool is_scheme(bearer_span value, size_t at)
{
    static const char goes_on[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "!#$%&'*+-.^_`|~=";

    return says_bearer(value, at) && run(value, at + 6, goes_on) == at + 6;
}

/* What follows a quoted string, its end where it has none. */
static size_t skip_quoted(bearer_span value, size_t at)
{
    for (at++; at < value.len && value.ptr[at] != '"'; at++)
        at += value.ptr[at] == '\\';
    return at + 1;
}

static bool joins_bearer(bearer_span value)
{
    for (size_t at = 0; at < value.len; at++) {
        while (at < value.len && value.ptr[at] == '"')
            at = skip_quoted(value, at);
        if (at < value.len && value.ptr[at] == ',' && is_scheme(value, run(value, at + 1, " \t")))
            return true;
    }
    return false;
}

static bool begins_with_bearer(bearer_span value)
{
    size_t at = run(value, 0, " \t");

    return is_scheme(value, at) || (says_bearer(value, at) && run(value, at + 6, "=") > at + 6);
}

/* The grammar once more; *at is where the token begins. */
static bool is_one_token(bearer_span value, size_t *at)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-._~+/";
    size_t scheme = run(value, 0, " \t"), end;

    if (!says_bearer(value, scheme))
        return false;
    *at = run(value, scheme + 6, " ");
    if (*at == scheme + 6)
        return false;
    end = run(value, *at, letters);
    return end > *at && run(value, end, "=") == value.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bearer_span value = fuzz_span(data, size), token = { NULL, 0 };
    bearer_field field = bearer_credentials_read(value, &token);
    size_t at = 0;

    must((field == BEARER_FIELD_TOKEN) == is_one_token(value, &at));
    if (field == BEARER_FIELD_TOKEN) {
        must(lies_within(token, value));
        must(token.ptr == value.ptr + at && token.len == value.len - at);
        must(bearer_credentials_b64token(token));
    }
    else
        must((field == BEARER_FIELD_MALFORMED)
             == (begins_with_bearer(value) || joins_bearer(value)));
    fuzz_span_free(value);
    return 0;
}
