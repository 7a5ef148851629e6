#include "bearer/require.h"
#include "bearer/match.h"
#include "bearer/request.h"
#include "bearer/whatif.h"

#include <http_config.h>
#include <http_request.h>
#include <ap_provider.h>
#include <apr_atomic.h>
#include <apr_strings.h>
#include <mod_auth.h>

/* A Require line. Lines are numbered as they are read, which is configuration order. */
typedef struct {
    const bearer_match *match;
    apr_uint32_t number;
    const void *theirs;             /* what the other module made of a line that is its own */
} rule;

static volatile apr_uint32_t lines_read;

/* mod_auth_openidc has a word claim too, and of a name httpd knows the module that was loaded last.
 * Ours takes every line, whatever the order, and hands on those that are in the other's writing. */
static const authz_provider *other;

typedef const char *maker(apr_pool_t *pool, const bearer_word *words, const bearer_match **match);

static const char *parse(cmd_parms *cmd, const char *line, const void **parsed, const char *name,
                         maker *make)
{
    const char *error = NULL;
    const bearer_word *words = bearer_words_split(cmd->pool, line, &error);
    rule *made = apr_pcalloc(cmd->pool, sizeof(*made));

    if (words != NULL)
        error = make(cmd->pool, words, &made->match);
    if (error != NULL)
        return apr_psprintf(cmd->pool, "Require %s: %s", name, error);
    made->number = apr_atomic_inc32(&lines_read);
    *parsed = made;
    return NULL;
}

static const char *parse_scope(cmd_parms *cmd, const char *line, const void **parsed)
{
    return parse(cmd, line, parsed, "scope", bearer_match_scope_make);
}

/* name:value or name~regex, which is never a line of ours. */
static bool is_theirs(apr_pool_t *pool, const char *line)
{
    return other != NULL && strpbrk(ap_getword_conf(pool, &line), ":~") != NULL;
}

static const char *parse_claim(cmd_parms *cmd, const char *line, const void **parsed)
{
    const char *error = parse(cmd, line, parsed, "claim", bearer_match_claim_make);
    rule *made;

    if (error == NULL || !is_theirs(cmd->temp_pool, line))
        return error;
    *parsed = made = apr_pcalloc(cmd->pool, sizeof(*made));
    return other->parse_require_line == NULL
               ? NULL : other->parse_require_line(cmd, line, &made->theirs);
}

static const char *parse_issuer(cmd_parms *cmd, const char *line, const void **parsed)
{
    return parse(cmd, line, parsed, "issuer", bearer_match_issuer_make);
}

/* Asked twice in most requests, the first time before anybody is known: only a token verified in
 * this very request counts. */
static authz_status check(request_rec *r, const char *line, const void *parsed)
{
    bearer_request *request = bearer_request_find(r);
    const rule *asked = parsed;
    const char *const *scopes = bearer_match_scopes(asked->match);

    if (request != NULL && request->walk != NULL && scopes != NULL)
        return bearer_walk_scope(request->walk, scopes, asked->number) ? AUTHZ_GRANTED
                                                                       : AUTHZ_DENIED;
    if (request == NULL || request->identity == NULL)
        return AUTHZ_DENIED_NO_USER;
    if (bearer_match_holds(asked->match, request->identity))
        return AUTHZ_GRANTED;
    if (request->walk == NULL || bearer_walk_is_plain(request->walk)) {
        request->denied = apr_pstrcat(r->pool, apr_table_get(r->notes, AUTHZ_PROVIDER_NAME_NOTE),
                                      " ", line, NULL);
        request->denials++;
    }
    if (!bearer_match_gives_up(asked->match, request->identity))
        return AUTHZ_DENIED;
    request->undecided = true;          /* `not` would turn a denial into consent */
    return AUTHZ_GENERAL_ERROR;
}

static authz_status check_claim(request_rec *r, const char *line, const void *parsed)
{
    const rule *asked = parsed;

    return asked->match != NULL ? check(r, line, parsed)
                                : other->check_authorization(r, line, asked->theirs);
}

static const struct {
    const char *word;
    authz_provider provider;
} words[] = {
    { "scope",  { check, parse_scope } },
    { "claim",  { check_claim, parse_claim } },
    { "issuer", { check, parse_issuer } },
};

enum { CLAIM = 1 };

static void find_other(void)
{
    const authz_provider *found = ap_lookup_provider(AUTHZ_PROVIDER_GROUP, words[CLAIM].word,
                                                     AUTHZ_PROVIDER_VERSION);

    if (found != NULL && found != &words[CLAIM].provider)
        other = found;
}

/* All modules are loaded, and no line has been read yet. */
static int keep_claim(apr_pool_t *conf, apr_pool_t *log, apr_pool_t *temp)
{
    (void)log, (void)temp;
    find_other();
    ap_register_provider(conf, AUTHZ_PROVIDER_GROUP, words[CLAIM].word, AUTHZ_PROVIDER_VERSION,
                         &words[CLAIM].provider);
    return OK;
}

void bearer_require_register(apr_pool_t *pool)
{
    other = NULL;
    find_other();
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, words[i].word, AUTHZ_PROVIDER_VERSION,
                                  &words[i].provider, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_pre_config(keep_claim, NULL, NULL, APR_HOOK_REALLY_LAST);
}
