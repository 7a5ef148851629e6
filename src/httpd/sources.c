#include "bearer/sources.h"

#include <apr_strings.h>

/* The prefixes of the sources, "" for none: an array of const char *. */
static void add(apr_array_header_t *prefixes, const char *prefix)
{
    APR_ARRAY_PUSH(prefixes, const char *) = prefix;
}

/* The directives beside which the last one of that name stands that a section has or inherits from
 * what is around it, the server included; NULL if there is none. */
static const ap_directive_t *inherited(apr_pool_t *pool, const bearer_section *section,
                                       const char *name)
{
    const ap_directive_t *host = section->host;

    for (; section != NULL; section = section->outer)
        if (bearer_tree_value(pool, section->at->first_child, name) != NULL)
            return section->at->first_child;
    if (host != NULL && bearer_tree_value(pool, host->first_child, name) != NULL)
        return host->first_child;
    return bearer_tree_value(pool, ap_conftree, name) != NULL ? ap_conftree : NULL;
}

static const char *value(apr_pool_t *pool, const bearer_section *section, const char *name)
{
    return bearer_tree_value(pool, inherited(pool, section, name), name);
}

static const char *prefix_of(apr_pool_t *pool, const ap_directive_t *issuer)
{
    static const char option[] = "user-prefix=";
    const char *args = issuer->args, *prefix = "";

    while (*args != '\0') {
        const char *word = ap_getword_conf(pool, &args);

        if (bearer_span_begins_nocase(bearer_span_of(word), option))
            prefix = word + strlen(option);
    }
    return prefix;
}

static void add_issuers(apr_pool_t *pool, const bearer_section *section,
                        apr_array_header_t *prefixes)
{
    const ap_directive_t *one = inherited(pool, section, "AuthBearerIssuer");

    for (; one != NULL; one = one->next)
        if (bearer_tree_is(one, "AuthBearerIssuer"))
            add(prefixes, prefix_of(pool, one));
}

/* Calls once for each word of each directive of that name that applies. */
static void each_word(apr_pool_t *pool, const bearer_section *section, const char *name,
                      void (*call)(void *context, const char *word), void *context)
{
    const ap_directive_t *one = inherited(pool, section, name);

    for (; one != NULL; one = one->next)
        for (const char *args = bearer_tree_is(one, name) ? one->args : ""; *args != '\0';)
            call(context, ap_getword_conf(pool, &args));
}

typedef struct {
    bool ours, others;
} found_words;

static void note_provider(void *context, const char *word)
{
    found_words *found = context;

    if (strcmp(word, "jwt") == 0)
        found->ours = true;
    else
        found->others = true;
}

/* mod_authn_socache only remembers. */
static void note_password(void *context, const char *word)
{
    found_words *found = context;

    if (bearer_tree_says(word, "bearer"))
        found->ours = true;
    else if (!bearer_tree_says(word, "socache"))
        found->others = true;
}

/* Tokens and their issuers, if tokens are accepted at all. */
static void add_tokens(apr_pool_t *pool, const bearer_section *section,
                       apr_array_header_t *prefixes)
{
    found_words providers = { false, false };

    each_word(pool, section, "AuthBearerProvider", note_provider, &providers);
    if (providers.others)
        add(prefixes, "");
    if (providers.ours || !providers.others)
        add_issuers(pool, section, prefixes);
}

static bool meet(const apr_array_header_t *prefixes)
{
    for (int i = 0; i < prefixes->nelts; i++)
        for (int k = i + 1; k < prefixes->nelts; k++)
            if (strcmp(APR_ARRAY_IDX(prefixes, i, const char *),
                       APR_ARRAY_IDX(prefixes, k, const char *)) == 0)
                return true;
    return false;
}

bool bearer_sources_meet(apr_pool_t *pool, const bearer_section *section)
{
    apr_array_header_t *prefixes = apr_array_make(pool, 4, sizeof(const char *));
    const char *type = value(pool, section, "AuthType");
    bool on = bearer_tree_says(value(pool, section, "AuthBearer"), "On");
    bool basic = bearer_tree_says(type, "Basic");
    found_words passwords = { false, false };

    if (basic)
        each_word(pool, section, "AuthBasicProvider", note_password, &passwords);
    if (bearer_tree_says(type, "Bearer") || on || passwords.ours)
        add_tokens(pool, section, prefixes);
    if (basic ? passwords.others || !passwords.ours
              : type != NULL && !bearer_tree_says(type, "Bearer")
                    && !bearer_tree_says(type, "None"))
        add(prefixes, "");
    return meet(prefixes);
}
