#include "fetching.h"
#include "tool.h"
#include "bearer/address.h"

#include <stdio.h>
#include <string.h>
#include <apr_file_info.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <openssl/evp.h>

static const tool_word words[] = {
    { "issuer", "NAME",          false, false },
    { "keys",   "discovery|URL", false, false },
    { NULL },
};

/* A line of the log. */
typedef struct {
    bearer_log_level level;
    const char *text;
} line;

/* What is asked for, and what came. */
typedef struct {
    const tool *at;
    const char *issuer;             /* NULL if it is not known */
    const char *source;             /* discovery, or the address of a set */
    bearer_terms terms;
    apr_array_header_t *lines;      /* line */
    bearer_keyset *keys;            /* NULL: none that may be used */
} inquiry;

static void note(void *context, bearer_log_level level, const char *text)
{
    inquiry *of = context;

    APR_ARRAY_PUSH(of->lines, line) = (line){ level, apr_pstrdup(of->at->pool, text) };
}

static bool ask(inquiry *of)
{
    const char *const sources[] = { of->source, NULL };
    bearer_origin from = { sources, of->issuer != NULL ? of->issuer : "", of->terms };
    bearer_log log = { note, of };
    const char *error;
    bearer_keystore *store = bearer_keystore_open(of->at->pool, &from, &log, &error);

    if (store == NULL) {
        tool_complain(of->at, "%s", error);
        return false;
    }
    if (!tool_fetch(of->at, store, &log))
        return false;
    of->keys = bearer_keystore_hold(store);
    return true;
}

/* The last address that metadata could be at was the last one asked: no document named keys. */
static bool no_metadata(const inquiry *of)
{
    const char *address = NULL, *next, *asked = "";

    for (size_t i = 0; (next = bearer_address_metadata(of->at->pool, of->issuer, i)) != NULL; i++)
        address = next;
    for (int i = 0; i < of->lines->nelts; i++)
        if (APR_ARRAY_IDX(of->lines, i, line).level == BEARER_LOG_DEBUG)
            asked = APR_ARRAY_IDX(of->lines, i, line).text;
    address = apr_pstrcat(of->at->pool, address, ": ", NULL);
    return bearer_span_is((bearer_span){ asked, strnlen(asked, strlen(address)) }, address);
}

/* A bare word is an issuer's name, or else the address of a set. */
static bool inquire(inquiry *of)
{
    if (!ask(of))
        return false;
    if (of->keys != NULL || of->at->bare == NULL || of->issuer == NULL || !no_metadata(of))
        return true;
    of->source = of->at->bare;
    of->issuer = NULL;
    return ask(of);
}

static const char *read_bare(inquiry *of)
{
    const char *bare = of->at->bare, *error = bearer_address_refuse(of->at->pool, bare);

    if (tool_get(of->at, "issuer") != NULL || tool_get(of->at, "keys") != NULL)
        return apr_psprintf(of->at->pool, "issuer= and keys= stand in place of '%s'", bare);
    if (error == NULL && !bearer_keystore_is_web(bare))
        error = "does not begin with https: or http:";
    if (error != NULL)
        return apr_psprintf(of->at->pool,
                            "'%s' %s: want an issuer's name or the address of a key set", bare,
                            error);
    of->issuer = bearer_address_refuse_issuer(of->at->pool, bare) == NULL ? bare : NULL;
    of->source = of->issuer != NULL ? "discovery" : bare;
    return NULL;
}

static const char *read_named(inquiry *of)
{
    const char *keys = tool_get(of->at, "keys"), *error;

    of->issuer = tool_get(of->at, "issuer");
    of->source = keys != NULL ? keys : "discovery";
    if (of->issuer == NULL && keys == NULL)
        return "want an issuer's name or the address of a key set";
    if (!bearer_keystore_is_web(of->source))
        return apr_psprintf(of->at->pool, "keys=%s: want discovery or an https URL", keys);
    if (of->issuer == NULL && strcmp(of->source, "discovery") == 0)
        return "keys=discovery wants issuer=NAME";
    error = bearer_keystore_refuse(of->at->pool, of->source, of->issuer);
    return error != NULL && keys != NULL ? apr_psprintf(of->at->pool, "keys=%s: %s", keys, error)
                                         : error;
}

/* As the log has them. What one place failed with is no detail where another one served. */
static void print_lines(const inquiry *of)
{
    static const char *const names[] = {
        [BEARER_LOG_ERROR] = "detail", [BEARER_LOG_WARNING] = "detail",
        [BEARER_LOG_NOTICE] = "note", [BEARER_LOG_INFO] = "note", [BEARER_LOG_DEBUG] = "asked",
    };

    for (int i = 0; i < of->lines->nelts; i++) {
        const line *one = &APR_ARRAY_IDX(of->lines, i, line);

        if (of->keys == NULL || one->level > BEARER_LOG_WARNING)
            tool_print_whole(names[one->level], bearer_span_of(one->text));
    }
}

static const char *kind_of(apr_pool_t *pool, const bearer_key *key)
{
    static const char *const types[] = {
        [BEARER_KTY_NONE] = "", [BEARER_KTY_OCT] = "oct", [BEARER_KTY_RSA] = "RSA",
        [BEARER_KTY_EC] = "EC", [BEARER_KTY_OKP] = "OKP", [BEARER_KTY_AKP] = "AKP",
    };

    return key->kty == BEARER_KTY_RSA
        ? apr_psprintf(pool, "RSA %d bits", EVP_PKEY_get_bits(key->pkey))
        : apr_psprintf(pool, "%s %s", types[key->kty], bearer_curve_get(key->curve)->name);
}

static void print_key(apr_pool_t *pool, const bearer_key *key)
{
    const char *kid = "no kid", *list = "";

    if (key->kid != NULL)
        kid = apr_psprintf(pool, "kid \"%s\"",
                           bearer_span_printable(pool, bearer_span_of(key->kid), BEARER_SPAN_URL));
    for (size_t i = 0; bearer_alg_at(i) != NULL; i++)
        if (bearer_key_fits(key, bearer_alg_at(i)))
            list = apr_pstrcat(pool, list, " ", bearer_alg_at(i)->name, NULL);
    tool_print("key", bearer_span_of(apr_psprintf(pool, "%s, %s, for%s", kid, kind_of(pool, key),
                                                  list)));
}

/* As httpd takes it for one word. */
static const char *quoted(apr_pool_t *pool, const char *word)
{
    if (strpbrk(word, " \t'\"#") == NULL)
        return word;
    return apr_psprintf(pool, strchr(word, '"') != NULL ? "'%s'" : "\"%s\"", word);
}

/* An option as the configuration has it: the server is not started where the tool is. */
static const char *option(apr_pool_t *pool, size_t i, const char *value)
{
    char *full;

    if (bearer_terms_kind_of(i) == BEARER_TERMS_FILE
        && apr_filepath_merge(&full, NULL, value, 0, pool) == APR_SUCCESS)
        value = full;
    return apr_pstrcat(pool, bearer_terms_name(i), "=", value, NULL);
}

static void print_configuration(const inquiry *of)
{
    apr_pool_t *pool = of->at->pool;
    const char *text = of->issuer != NULL ? quoted(pool, of->issuer) : "ISSUER";

    if (strcmp(of->source, "discovery") != 0)
        text = apr_pstrcat(pool, text, " ",
                           quoted(pool, apr_pstrcat(pool, "keys=", of->source, NULL)), NULL);
    for (size_t i = 0; bearer_terms_name(i) != NULL; i++) {
        const char *value = tool_get(of->at, bearer_terms_name(i));

        if (value != NULL)
            text = apr_pstrcat(pool, text, " ", quoted(pool, option(pool, i, value)), NULL);
    }
    if (of->issuer == NULL)
        tool_print("hint", bearer_span_of(
            "this is the address of a key set, for keys=URL; ISSUER is the name that tokens have"
            " in iss"));
    tool_print_whole("configuration",
                     bearer_span_of(apr_pstrcat(pool, "AuthBearerIssuer ", text, NULL)));
}

static int report(const inquiry *of)
{
    size_t count = of->keys != NULL ? bearer_keyset_count(of->keys) : 0;
    int code = TOOL_DONE;

    if (of->keys != NULL)
        printf("done\n");
    else
        code = tool_verdict((bearer_verdict){ .reason = BEARER_KEYS_UNAVAILABLE });
    print_lines(of);
    for (size_t i = 0; i < count; i++)
        print_key(of->at->pool, bearer_keyset_at(of->keys, i));
    printf("keys: %" APR_SIZE_T_FMT "\n", count);
    if (of->keys != NULL)
        print_configuration(of);
    return code;
}

static int run(const tool *at)
{
    inquiry of = { .at = at, .lines = apr_array_make(at->pool, 16, sizeof(line)) };
    const char *error = at->bare != NULL ? read_bare(&of) : read_named(&of);
    int code;

    if (error != NULL)
        return tool_complain(at, "%s", error);
    if (!tool_terms(at, &of.terms) || !inquire(&of))
        return TOOL_USAGE;
    code = report(&of);
    bearer_keyset_release(of.keys);
    return code;
}

const tool_command tool_keys = {
    "keys", "shows the keys that a server would fetch, and what came from where",
    words, run, .network = true, .bare = "ISSUER|URL",
};
