/* Input: a byte for the reason, one of switches, a realm, a NUL, a scope. Property: a challenge is
 * a legal field value by a strict reader of RFC 9110 section 11.6.1: Bearer, a space, parameters
 * with quoted strings, each at most once; the realm comes back as it was given, the scope too or
 * not at all, and error and its description are those of the reason, not of the input. */
#include "fuzz.h"
#include "bearer/challenge.h"

enum { NO_SCOPE = 1, NO_DETAIL = 2 };

enum { REALM, ERROR, DESCRIPTION, SCOPE, PARAMETERS };

static const char *const names[PARAMETERS] = { "realm", "error", "error_description", "scope" };

/* The codes of RFC 6750 section 3.1, by status. */
static const struct {
    int status;
    const char *code;
} codes[] = { { 400, "invalid_request" }, { 401, "invalid_token" }, { 403, "insufficient_scope" } };

typedef struct {
    char *value[PARAMETERS];            /* unquoted; NULL where absent */
} challenge;

/* Reads a quoted-string and returns what follows it. */
static const char *read_quoted(apr_pool_t *pool, const char *in, char **value)
{
    char *out = apr_palloc(pool, strlen(in) + 1);

    *value = out;
    must(*in++ == '"');
    for (; *in != '"'; in++) {
        must(*in >= 0x20 && *in <= 0x7e);
        if (*in == '\\') {
            in++;
            must(*in == '"' || *in == '\\');
        }
        *out++ = *in;
    }
    *out = '\0';
    return in + 1;
}

static const char *read_parameter(apr_pool_t *pool, const char *in, challenge *read)
{
    size_t len = strspn(in, "abcdefghijklmnopqrstuvwxyz_"), i = 0;

    while (i < PARAMETERS && (strlen(names[i]) != len || strncmp(names[i], in, len) != 0))
        i++;
    must(i < PARAMETERS && read->value[i] == NULL && in[len] == '=');
    return read_quoted(pool, in + len + 1, &read->value[i]);
}

static void read_challenge(apr_pool_t *pool, const char *in, challenge *read)
{
    must(strncmp(in, "Bearer ", 7) == 0);
    in = read_parameter(pool, in + 7, read);
    while (*in != '\0') {
        must(strncmp(in, ", ", 2) == 0);
        in = read_parameter(pool, in + 2, read);
    }
    must(read->value[REALM] != NULL);
}

static void check_realm(const char *given, const char *read)
{
    must(strlen(given) == strlen(read));
    for (; *given != '\0'; given++, read++)
        must(*read == (*given >= 0x20 && *given <= 0x7e ? *given : '?'));
}

static bool is_scope_list(const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        bool space = text[i] == ' ';

        if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '"' || text[i] == '\\')
            return false;
        if (space && (i == 0 || text[i - 1] == ' ' || text[i + 1] == '\0'))
            return false;
    }
    return *text != '\0';
}

static void check_error(bearer_reason reason, bool detail, const challenge *read)
{
    const bearer_answer *answer = bearer_answer_get(reason);
    const char *error = read->value[ERROR], *description = read->value[DESCRIPTION];

    must((error == NULL) == (answer->error == NULL));
    for (size_t i = 0; error != NULL && i < 3; i++)
        if (answer->status == codes[i].status)
            must(strcmp(error, codes[i].code) == 0);
    must((description != NULL) == (detail && error != NULL && answer->description != NULL));
    must(description == NULL || (strcmp(description, answer->description) == 0 && error != NULL));
    must(description == NULL || strstr(description, "scope=") == NULL);
    must(description == NULL || strstr(description, "error=") == NULL);
    if (reason == BEARER_NO_TOKEN)
        must(error == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *realm, *scope, *made;
    challenge read = { { NULL } };
    bearer_reason reason;
    apr_pool_t *pool;
    bearer_span text;
    unsigned switches;
    char *copy;

    if (size < 2)
        return 0;
    pool = fuzz_pool();
    reason = (bearer_reason)(data[0] % (BEARER_REASONS + 1));
    switches = data[1];
    text = fuzz_span(data + 2, size - 2);
    copy = apr_pcalloc(pool, text.len + 2);
    memcpy(copy, text.ptr, text.len);
    fuzz_span_free(text);
    realm = copy;
    scope = switches & NO_SCOPE ? NULL : copy + strnlen(copy, text.len) + 1;
    made = bearer_challenge_make(pool, realm, reason, scope, (switches & NO_DETAIL) == 0);
    must(made != NULL && bearer_challenge_is_ours(made));
    read_challenge(pool, made, &read);
    check_realm(realm, read.value[REALM]);
    check_error(reason, (switches & NO_DETAIL) == 0, &read);
    must((read.value[SCOPE] != NULL) == (scope != NULL && is_scope_list(scope)));
    must(read.value[SCOPE] == NULL || strcmp(read.value[SCOPE], scope) == 0);
    apr_pool_destroy(pool);
    return 0;
}
