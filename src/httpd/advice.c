#include "bearer/advice.h"
#include "bearer/rules.h"
#include "bearer/sources.h"

#include <http_log.h>

APLOG_USE_MODULE(auth_bearer);

static void warn_name(apr_pool_t *pool, const bearer_section *section, server_rec *server)
{
    if (!bearer_tree_says(bearer_tree_value(pool, section->at->first_child, "AuthType"), "Bearer"))
        return;
    for (const bearer_section *around = section; around != NULL; around = around->outer)
        if (bearer_tree_value(pool, around->at->first_child, "AuthName") != NULL)
            return;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 "AB0304: AuthType Bearer without AuthName: the realm of challenges is the server's"
                 " name: %s", section->name);
}

/* The section turns this module on. */
static bool is_ours(apr_pool_t *pool, const bearer_section *section)
{
    const ap_directive_t *first = section->at->first_child;

    return bearer_tree_says(bearer_tree_value(pool, first, "AuthType"), "Bearer")
        || bearer_tree_says(bearer_tree_value(pool, first, "AuthBearer"), "On");
}

static void warn_open(apr_pool_t *pool, const apr_array_header_t *sections,
                      const bearer_section *section, server_rec *server)
{
    if (!is_ours(pool, section) || bearer_rules_present(section->at->first_child))
        return;
    for (int i = 0; i < sections->nelts; i++) {
        const bearer_section *other = APR_ARRAY_IDX(sections, i, const bearer_section *);

        if (bearer_tree_may_meet(section, other)
            && bearer_rules_want_user(pool, other->at->first_child))
            return;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 "AB0309: bearer tokens, and no Require line here or in a section that may apply to"
                 " the same requests wants a user: what an inherited 'Require all granted' lets in"
                 " comes without a token, all else ends in a 500: %s", section->name);
}

static void warn_negation(apr_pool_t *pool, const bearer_section *section, server_rec *server)
{
    const ap_directive_t *where = bearer_rules_idle_negation(pool, section->at->first_child);

    if (where == NULL || bearer_tree_says(bearer_tree_value(pool, section->at->first_child,
                                                            "AuthMerging"), "And"))
        return;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 "AB0310: a negated rule about tokens beside rules that want no user: they let in"
                 " without a token, and the rule is never asked: want Require valid-user beside it"
                 " (%s:%d)", where->filename, where->line_num);
}

static void warn_users(apr_pool_t *pool, const bearer_section *section, server_rec *server)
{
    const ap_directive_t *where = bearer_rules_name_user(pool, section->at->first_child);

    if (where == NULL || !bearer_sources_meet(pool, section))
        return;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 "AB0311: users are named, and more than one source gives names here (issuers"
                 " without a user-prefix= of their own, passwords, other providers): who the other"
                 " one calls so is let in too: want user-prefix= (%s:%d)", where->filename,
                 where->line_num);
}

/* mod_authz_svn answers before mod_authz_core, and its yes is final. */
static bool has_access_file(apr_pool_t *pool, const bearer_section *section)
{
    const ap_directive_t *first = section->at->first_child;

    return bearer_tree_value(pool, first, "AuthzSVNAccessFile") != NULL
        || bearer_tree_value(pool, first, "AuthzSVNReposRelativeAccessFile") != NULL;
}

static void warn_displaced(apr_pool_t *pool, const apr_array_header_t *sections,
                           const bearer_section *section, server_rec *server)
{
    const ap_directive_t *where = bearer_rules_about_tokens(pool, section->at->first_child);
    bool displaced = has_access_file(pool, section);

    for (int i = 0; i < sections->nelts && where != NULL && !displaced; i++) {
        const bearer_section *other = APR_ARRAY_IDX(sections, i, const bearer_section *);

        displaced = has_access_file(pool, other) && bearer_tree_covers(other, section);
    }
    if (where != NULL && displaced)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "AB0313: a rule about tokens beside AuthzSVNAccessFile: whom that file lets in"
                     " is asked for no scope, claim or issuer (%s:%d)", where->filename,
                     where->line_num);
}

/* AuthBearer Off where an AuthType Bearer is inherited. Silent where another AuthType may come in
 * between. */
static void warn_off(apr_pool_t *pool, const apr_array_header_t *sections,
                     const bearer_section *section, server_rec *server)
{
    const bearer_section *sets = NULL;

    if (bearer_tree_value(pool, section->at->first_child, "AuthType") != NULL
        || !bearer_tree_says(bearer_tree_value(pool, section->at->first_child, "AuthBearer"),
                             "Off"))
        return;
    for (int i = 0; i < sections->nelts; i++) {
        const bearer_section *other = APR_ARRAY_IDX(sections, i, const bearer_section *);
        const char *type = bearer_tree_value(pool, other->at->first_child, "AuthType");

        if (type == NULL || !bearer_tree_may_meet(section, other))
            continue;
        if (!bearer_tree_says(type, "Bearer"))
            return;
        if (bearer_tree_covers(other, section))
            sets = other;
    }
    if (sets != NULL)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "AB0312: AuthBearer Off has no effect under the AuthType Bearer of %s: want"
                     " another AuthType, or None: %s", sets->name, section->name);
}

/* Anywhere: a rollout is begun to be ended. */
static void warn_report(apr_pool_t *pool, const ap_directive_t *first, server_rec *server)
{
    for (; first != NULL; first = first->next) {
        const char *args = first->args;

        if (bearer_tree_is(first, "AuthBearerEnforce")
            && bearer_tree_says(ap_getword_conf(pool, &args), "report"))
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                         "AB0314: AuthBearerEnforce report: tokens are judged for the log, and"
                         " nobody is refused for want of one (%s:%d)", first->filename,
                         first->line_num);
        warn_report(pool, first->first_child, server);
    }
}

/* A directive outside of sections that holds for this one: of its host or of the server; those of
 * any host hold for the server's sections too. */
static bool is_said_around(apr_pool_t *pool, const bearer_section *section, const char *name,
                           const char *word)
{
    for (const ap_directive_t *one = ap_conftree; one != NULL; one = one->next)
        if (bearer_tree_is(one, "<VirtualHost") && (section->host == NULL || section->host == one)
            && bearer_tree_has(pool, one->first_child, name, word))
            return true;
    return bearer_tree_has(pool, ap_conftree, name, word);
}

/* A section that may apply to the same requests says it, or something around it does. */
static bool may_say(apr_pool_t *pool, const apr_array_header_t *sections,
                    const bearer_section *section, const char *name, const char *word)
{
    for (int i = 0; i < sections->nelts; i++) {
        const bearer_section *other = APR_ARRAY_IDX(sections, i, const bearer_section *);

        if (bearer_tree_has(pool, other->at->first_child, name, word)
            && bearer_tree_may_meet(section, other))
            return true;
    }
    return is_said_around(pool, section, name, word);
}

/* It may turn the module on where the text does not show it: by an AuthType that is computed, or in
 * .htaccess. */
static bool leaves_open(apr_pool_t *pool, const bearer_section *section)
{
    const ap_directive_t *first = section->at->first_child;
    const char *type = bearer_tree_value(pool, first, "AuthType");

    return (type != NULL && strpbrk(type, "%=") != NULL)
        || bearer_tree_has(pool, first, "AllowOverride", "All")
        || bearer_tree_has(pool, first, "AllowOverride", "AuthConfig")
        || bearer_tree_has(pool, first, "AllowOverrideList", NULL);
}

/* What shows that somebody wants tokens to be looked at. */
static const char *wants_tokens(apr_pool_t *pool, const ap_directive_t *first)
{
    static const char *const names[] = { "AuthBearerIssuer", "AuthBearerTokenFrom" };

    if (bearer_tree_has(pool, first, "AuthBearerOptional", "On"))
        return "AuthBearerOptional On";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bearer_tree_has(pool, first, names[i], NULL))
            return names[i];
    return NULL;
}

static bool may_be_on(apr_pool_t *pool, const apr_array_header_t *sections,
                      const bearer_section *section)
{
    for (int i = 0; i < sections->nelts; i++) {
        const bearer_section *other = APR_ARRAY_IDX(sections, i, const bearer_section *);

        if ((is_ours(pool, other) || leaves_open(pool, other))
            && bearer_tree_may_meet(section, other))
            return true;
    }
    return is_said_around(pool, section, "AuthBearer", "On")
        || is_said_around(pool, section, "<AuthnProviderAlias", "bearer")
        || may_say(pool, sections, section, "AuthBasicProvider", "bearer");
}

static void warn_idle(apr_pool_t *pool, const apr_array_header_t *sections,
                      const bearer_section *section, server_rec *server)
{
    const char *wanted = wants_tokens(pool, section->at->first_child);

    if (wanted == NULL || may_be_on(pool, sections, section))
        return;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 "AB0315: %s, and neither AuthType Bearer nor AuthBearer On here or around it: no"
                 " token is looked at: %s", wanted, section->name);
}

/* One of several rules is enough. */
static void warn_outvoted(apr_pool_t *pool, const bearer_section *section, server_rec *server)
{
    const ap_directive_t *first = section->at->first_child;
    const ap_directive_t *where = bearer_rules_outvoted(pool, first);

    if (where != NULL && !bearer_tree_has(pool, first, "AuthMerging", "And")
        && (is_ours(pool, section) || bearer_rules_about_tokens(pool, first) != NULL))
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "AB0316: Require all granted beside rules that want a user: one of them is"
                     " enough, so that everybody is let in without a token (%s:%d)",
                     where->filename, where->line_num);
}

static void warn_issuer(apr_pool_t *pool, const apr_array_header_t *sections,
                        const bearer_section *section, server_rec *server)
{
    if (is_ours(pool, section) && !may_say(pool, sections, section, "AuthBearerIssuer", NULL)
        && !may_say(pool, sections, section, "AuthBearerProvider", NULL))
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "AB0317: bearer tokens, and no AuthBearerIssuer here or around it: each token"
                     " gets a 503: %s", section->name);
}

void bearer_advice_give(apr_pool_t *pool, server_rec *server)
{
    const apr_array_header_t *sections = bearer_tree_sections(pool);

    for (int i = 0; i < sections->nelts; i++) {
        const bearer_section *section = APR_ARRAY_IDX(sections, i, const bearer_section *);

        warn_name(pool, section, server);
        warn_open(pool, sections, section, server);
        warn_negation(pool, section, server);
        warn_users(pool, section, server);
        warn_displaced(pool, sections, section, server);
        warn_off(pool, sections, section, server);
        warn_idle(pool, sections, section, server);
        warn_outvoted(pool, section, server);
        warn_issuer(pool, sections, section, server);
    }
    warn_report(pool, ap_conftree, server);
}
