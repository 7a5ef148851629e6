#include "bearer/require.h"
#include "bearer/match.h"
#include "bearer/request.h"
#include "bearer/whatif.h"

#include <http_request.h>
#include <ap_provider.h>
#include <apr_strings.h>
#include <mod_auth.h>

typedef const char *maker(apr_pool_t *pool, const bearer_word *words, const bearer_match **match);

static const char *parse(cmd_parms *cmd, const char *line, const void **parsed, const char *name,
                         maker *make)
{
    const char *error = NULL;
    const bearer_word *words = bearer_words_split(cmd->pool, line, &error);
    const bearer_match *match;

    if (words != NULL)
        error = make(cmd->pool, words, &match);
    if (error != NULL)
        return apr_psprintf(cmd->pool, "Require %s: %s", name, error);
    *parsed = match;
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
    const bearer_request *request = bearer_request_find(r);

    (void)line;
    if (request != NULL && request->walk != NULL && bearer_match_scopes(parsed) != NULL)
        return bearer_walk_scope(request->walk, parsed) ? AUTHZ_GRANTED : AUTHZ_DENIED;
    if (request == NULL || request->identity == NULL)
        return AUTHZ_DENIED_NO_USER;
    return bearer_match_holds(parsed, request->identity) ? AUTHZ_GRANTED : AUTHZ_DENIED;
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
