#include "bearer/challenge.h"
#include "bearer/span.h"

#include <string.h>
#include <apr_strings.h>

static const char scheme[] = "Bearer", basic[] = "Basic";

const char *bearer_challenge_field(bool proxy)
{
    return proxy ? "Proxy-Authenticate" : "WWW-Authenticate";
}

/* RFC 9110 section 5.6.4, without the bytes above ASCII that it allows for old times' sake. */
static const char *quoted(apr_pool_t *pool, const char *text)
{
    char *out = apr_palloc(pool, strlen(text) * 2 + 1), *end = out;

    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            *end++ = '\\';
        *end++ = *text >= ' ' && *text <= '~' ? *text : '?';
    }
    *end = '\0';
    return out;
}

/* RFC 6750 section 3: scope-tokens of %x21 / %x23-5B / %x5D-7E, one space between two. */
static bool is_scope_list(const char *scope)
{
    bool word = false;

    for (; *scope != '\0'; scope++) {
        if (*scope == ' ' && !word)
            return false;
        if (*scope < ' ' || *scope > '~' || *scope == '"' || *scope == '\\')
            return false;
        word = *scope != ' ';
    }
    return word;
}

static const char *attribute(apr_pool_t *pool, const char *name, const char *value)
{
    return value != NULL ? apr_pstrcat(pool, ", ", name, "=\"", value, "\"", NULL) : "";
}

const char *bearer_challenge_make(apr_pool_t *pool, const char *realm, bearer_reason reason,
                                  const char *scope, bool detail)
{
    const bearer_answer *answer = bearer_answer_get(reason);
    const char *description = detail && answer->error != NULL ? answer->description : NULL;

    if (scope != NULL && !is_scope_list(scope))
        scope = NULL;
    return apr_pstrcat(pool, scheme, " realm=\"", quoted(pool, realm), "\"",
                       attribute(pool, "error", answer->error),
                       attribute(pool, "error_description", description),
                       attribute(pool, "scope", scope), NULL);
}

const char *bearer_challenge_basic(apr_pool_t *pool, const char *realm)
{
    return apr_pstrcat(pool, basic, " realm=\"", quoted(pool, realm), "\", charset=\"UTF-8\"",
                       NULL);
}

static bool is_of(const char *value, const char *name)
{
    bearer_span text = bearer_span_of(value);

    return bearer_span_begins_nocase(text, name)
        && (text.len == strlen(name) || text.ptr[strlen(name)] == ' ');
}

bool bearer_challenge_is_basic(const char *value)
{
    return is_of(value, basic);
}

bool bearer_challenge_is_ours(const char *value)
{
    return is_of(value, scheme);
}
