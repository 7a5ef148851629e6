#include "tool.h"
#include "bearer/issuer.h"
#include "bearer/json_text.h"
#include "bearer/mint.h"

#include <stdio.h>
#include <string.h>
#include <apr_strings.h>
#include <apr_tables.h>

#define YEAR INT64_C(31536000)

static const tool_word words[] = {
    { "key",       "pem:FILE|secret:FILE", true,  false },
    { "algorithm", "NAME",                 true,  false },
    { "kid",       "TEXT",                 false, false },
    { "typ",       "TEXT",                 false, false },
    { "issuer",    "NAME",                 false, false },
    { "audience",  "NAME,...",             false, false },
    { "subject",   "TEXT",                 false, false },
    { "scope",     "WORDS",                false, false },
    { "ttl",       "SECONDS",              false, false },
    { "now",       "SECONDS",              false, false },
    { "claim",     "NAME=VALUE",           false, true },
    { "json",      "OBJECT",               false, false },
    { "header",    "OBJECT",               false, false },
    { NULL },
};

/* A JSON object while it is written. */
typedef struct {
    const char *name;
    const char *value;              /* as JSON; NULL: taken out again */
    bool preset;                    /* a word may still say else */
} member;

typedef struct {
    apr_pool_t *pool;
    apr_array_header_t *members;
} draft;

static draft draft_make(apr_pool_t *pool)
{
    return (draft){ pool, apr_array_make(pool, 16, sizeof(member)) };
}

static void put(draft *to, const char *name, const char *value, bool preset)
{
    member *list = (member *)to->members->elts;

    for (int i = 0; i < to->members->nelts; i++)
        if (strcmp(list[i].name, name) == 0) {
            list[i] = (member){ name, value, preset };
            return;
        }
    APR_ARRAY_PUSH(to->members, member) = (member){ name, value, preset };
}

static bool is_said(const draft *to, const char *name)
{
    const member *list = (const member *)to->members->elts;

    for (int i = 0; i < to->members->nelts; i++)
        if (strcmp(list[i].name, name) == 0)
            return !list[i].preset;
    return false;
}

static const char *write_object(const draft *from)
{
    const member *list = (const member *)from->members->elts;
    const char *text = "";

    for (int i = 0; i < from->members->nelts; i++)
        if (list[i].value != NULL) {
            const char *name = tool_quote(from->pool, bearer_span_of(list[i].name));

            text = apr_psprintf(from->pool, "%s%s%s:%s", text, *text != '\0' ? "," : "", name,
                                list[i].value);
        }
    return apr_psprintf(from->pool, "{%s}", text);
}

/* One member and no more: a value that closes the object and goes on is no value. */
static bool count_member(void *count, const char *name, const bearer_json *value)
{
    (void)name, (void)value;
    return ++*(int *)count < 2;
}

static bool is_json(apr_pool_t *pool, const char *value)
{
    const char *object = apr_psprintf(pool, "{\"value\":%s}", value);
    const bearer_json *json;
    int count = 0;

    if (bearer_json_read(pool, bearer_span_of(object), &json) != BEARER_JSON_OK)
        return false;
    bearer_json_each(json, count_member, &count);
    return count == 1;
}

/* A member that words give: never twice. */
static const char *say(draft *to, const char *word, const char *name, const char *value)
{
    if (is_said(to, name))
        return apr_psprintf(to->pool, "%s=: the claim %s is given twice", word, name);
    if (!is_json(to->pool, value))
        return apr_psprintf(to->pool, "%s=: the value of %s is no UTF-8 text", word, name);
    put(to, name, value, false);
    return NULL;
}

static const char *say_text(const tool *at, draft *to, const char *word, const char *name)
{
    const char *text = tool_get(at, word);

    return text != NULL ? say(to, word, name, tool_quote(at->pool, bearer_span_of(text))) : NULL;
}

/* RFC 7519 section 4.1.3: one name is a string, several are an array. */
static const char *say_audience(const tool *at, draft *to)
{
    const char *text = tool_get(at, "audience"), *value = "";
    const char *const *names = text != NULL ? bearer_list_split(at->pool, text) : NULL;
    bool several = text != NULL && strchr(text, ',') != NULL;

    if (text == NULL)
        return NULL;
    if (names == NULL)
        return apr_psprintf(at->pool, "audience=%s: want a list of names", text);
    for (; *names != NULL; names++)
        value = apr_pstrcat(at->pool, value, *value != '\0' ? "," : "",
                            tool_quote(at->pool, bearer_span_of(*names)), NULL);
    return say(to, "audience", "aud", several ? apr_psprintf(at->pool, "[%s]", value) : value);
}

/* A value that is JSON is that, anything else is a string. */
static const char *say_claim(const tool *at, draft *to, const char *text)
{
    const char *value = strchr(text, '='), *name;

    if (value == NULL || value == text)
        return apr_psprintf(at->pool, "claim=%s: want claim=NAME=VALUE", text);
    name = apr_pstrmemdup(at->pool, text, (size_t)(value - text));
    value++;
    if (!is_json(at->pool, value)) {
        if (strchr("{[\"", *value) != NULL && *value != '\0')
            return apr_psprintf(at->pool, "claim=%s: the value looks like JSON, but is not", text);
        value = tool_quote(at->pool, bearer_span_of(value));
    }
    return say(to, "claim", name, value);
}

/* RFC 7396, for the members of an object: a null takes one out. */
static bool merge_member(void *context, const char *name, const bearer_json *value)
{
    draft *to = context;
    bool keep = bearer_json_kind_of(value) != BEARER_JSON_NULL;

    put(to, apr_pstrdup(to->pool, name), keep ? bearer_json_print(to->pool, value) : NULL, false);
    return true;
}

static const char *merge(const tool *at, draft *to, const char *word)
{
    const char *text = tool_get(at, word);
    const bearer_json *json;

    if (text == NULL)
        return NULL;
    if (bearer_json_read(at->pool, bearer_span_of(text), &json) != BEARER_JSON_OK)
        return apr_psprintf(at->pool, "%s=: want one JSON object, as in %s='{\"name\":\"value\"}'",
                            word, word);
    bearer_json_each(json, merge_member, to);
    return NULL;
}

static const char *read_claims(const tool *at, draft *to)
{
    const char *error = say_text(at, to, "issuer", "iss");

    if (error == NULL)
        error = say_text(at, to, "subject", "sub");
    if (error == NULL)
        error = say_audience(at, to);
    if (error == NULL)
        error = say_text(at, to, "scope", "scope");
    for (const char *const *claim = tool_all(at, "claim"); *claim != NULL && error == NULL; claim++)
        error = say_claim(at, to, *claim);
    return error == NULL ? merge(at, to, "json") : error;
}

static bool read_times(const tool *at, draft *to)
{
    int64_t now, ttl = 300;

    if (!tool_now(at, &now) || !tool_number(at, "ttl", -10 * YEAR, 100 * YEAR, &ttl))
        return false;
    put(to, "iat", apr_psprintf(at->pool, "%" APR_INT64_T_FMT, now), true);
    put(to, "exp", apr_psprintf(at->pool, "%" APR_INT64_T_FMT, now + ttl), true);
    return true;
}

/* RFC 9068 section 2.1 has at+jwt; an empty typ= means none. */
static const char *read_header(const tool *at, draft *to)
{
    const char *typ = tool_get(at, "typ"), *error;

    typ = typ != NULL ? typ : "at+jwt";
    put(to, "typ", *typ != '\0' ? tool_quote(at->pool, bearer_span_of(typ)) : NULL, true);
    error = say_text(at, to, "kid", "kid");
    return error == NULL ? merge(at, to, "header") : error;
}

static int run(const tool *at)
{
    draft header = draft_make(at->pool), claims = draft_make(at->pool);
    const bearer_alg *alg = tool_algorithm(at);
    const bearer_mint_key *key;
    const char *error, *token;

    if (alg == NULL || !read_times(at, &claims))
        return TOOL_USAGE;
    error = read_header(at, &header);
    if (error == NULL)
        error = read_claims(at, &claims);
    if (error != NULL)
        return tool_complain(at, "%s", error);
    key = bearer_mint_key_open(at->pool, tool_get(at, "key"), alg, &error);
    if (key == NULL)
        return tool_complain(at, "%s", error);
    token = bearer_mint(at->pool, key, write_object(&header), write_object(&claims), &error);
    if (token == NULL)
        return tool_complain(at, "%s", error);
    printf("%s\n", token);
    return TOOL_DONE;
}

const tool_command tool_mint = { "mint", "makes a token and prints it, alone", words, run };
