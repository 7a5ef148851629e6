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

static bool is_on(apr_pool_t *pool, const ap_directive_t *first)
{
    return bearer_tree_says(bearer_tree_value(pool, first, "AuthBearer"), "On");
}

/* The section turns this module on. */
static bool is_ours(apr_pool_t *pool, const bearer_section *section)
{
    const ap_directive_t *first = section->at->first_child;

    return bearer_tree_says(bearer_tree_value(pool, first, "AuthType"), "Bearer")
        || is_on(pool, first);
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

/* AuthBearerOptional where nothing turns the module on. */
static void warn_optional(apr_pool_t *pool, const apr_array_header_t *sections,
                          const bearer_section *section, server_rec *server)
{
    if (!bearer_tree_says(bearer_tree_value(pool, section->at->first_child, "AuthBearerOptional"),
                          "On")
        || is_on(pool, ap_conftree)
        || (section->host != NULL && is_on(pool, section->host->first_child)))
        return;
    for (int i = 0; i < sections->nelts; i++) {
        const bearer_section *other = APR_ARRAY_IDX(sections, i, const bearer_section *);

        if (is_ours(pool, other) && bearer_tree_may_meet(section, other))
            return;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 "AB0315: AuthBearerOptional On, and neither AuthType Bearer nor AuthBearer On here"
                 " or around it: no token is looked at: %s", section->name);
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
        warn_optional(pool, sections, section, server);
    }
    warn_report(pool, ap_conftree, server);
}
