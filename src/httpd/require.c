#include "bearer/require.h"
#include "bearer/match.h"
#include "bearer/request.h"
#include "bearer/whatif.h"

#include <http_request.h>
#include <ap_provider.h>
#include <apr_atomic.h>
#include <apr_strings.h>
#include <mod_auth.h>

/* A Require line. Lines are numbered as they are read, which is configuration order. */
typedef struct {
    const bearer_match *match;
    apr_uint32_t number;
} rule;

static volatile apr_uint32_t lines_read;

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

static const char *parse_claim(cmd_parms *cmd, const char *line, const void **parsed)
{
    return parse(cmd, line, parsed, "claim", bearer_match_claim_make);
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
    if (request->walk == NULL)
        request->denied = apr_pstrcat(r->pool, apr_table_get(r->notes, AUTHZ_PROVIDER_NAME_NOTE),
                                      " ", line, NULL);
    if (!bearer_match_gives_up(asked->match, request->identity))
        return AUTHZ_DENIED;
    request->undecided = true;          /* `not` would turn a denial into consent */
    return AUTHZ_GENERAL_ERROR;
}

static const struct {
    const char *word;
    authz_provider provider;
} words[] = {
    { "scope",  { check, parse_scope } },
    { "claim",  { check, parse_claim } },
    { "issuer", { check, parse_issuer } },
};

void bearer_require_register(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, words[i].word, AUTHZ_PROVIDER_VERSION,
                                  &words[i].provider, AP_AUTH_INTERNAL_PER_CONF);
}
