#include "bearer/config.h"
#include "bearer/forward.h"
#include "bearer/locate.h"
#include "bearer/provider.h"
#include "bearer/set_onward.h"
#include "bearer/setters.h"

#include <http_core.h>
#include <http_request.h>
#include <apr_strings.h>

#define FIELD(member, min, max)                                                         \
    (void *)&(const bearer_row){ offsetof(bearer_conf, member),                       \
                                   sizeof(((bearer_conf *)0)->member), min, max }

/* Sections of the configuration files; and with AllowOverride AuthConfig also .htaccess, for what
 * cannot loosen a rule. */
#define FILES (RSRC_CONF | ACCESS_CONF)
#define HTACCESS OR_AUTHCFG
#define ONCE RSRC_CONF          /* the main server only: the setter sees to it */

const command_rec bearer_directives[] = {
    AP_INIT_TAKE1("AuthBearer", bearer_set_flag, FIELD(enabled, 0, 0), FILES,
                 "On to accept bearer tokens beside another AuthType"),
    AP_INIT_TAKE_ARGV("AuthBearerProvider", bearer_set_providers, FIELD(providers, 0, 0), FILES,
                      "the token providers, in order"),
    AP_INIT_TAKE1("AuthBearerAuthoritative", bearer_set_flag, FIELD(authoritative, 0, 0), FILES,
                 "Off to leave credentials that are no token of our issuers to other modules"),
    AP_INIT_TAKE_ARGV("AuthBearerIssuer", bearer_set_issuer, FIELD(trusts, 0, 0), FILES,
                      "a trusted issuer and its options"),
    AP_INIT_TAKE_ARGV("AuthBearerAudience", bearer_set_audiences, FIELD(audiences, 0, 0), FILES,
                      "the accepted audiences, or any"),
    AP_INIT_TAKE_ARGV("AuthBearerTokenFrom", bearer_set_places, FIELD(places, 0, 0), FILES,
                      "where a token may come from"),
    AP_INIT_TAKE_ARGV("AuthBearerUser", bearer_set_paths, FIELD(users, 0, 0), FILES,
                      "the claims of which the first present one becomes REMOTE_USER"),
    AP_INIT_TAKE1("AuthBearerLeeway", bearer_set_number, FIELD(leeway, 0, BEARER_LEEWAY_MOST),
                  FILES, "seconds of clock difference to forgive"),
    AP_INIT_TAKE1("AuthBearerMaxAge", bearer_set_number, FIELD(max_age, 1, 315360000), FILES,
                  "seconds after which a token is refused, counted from iat"),
    AP_INIT_TAKE1("AuthBearerMaxTokenSize", bearer_set_number, FIELD(max_size, 64, 1048576), FILES,
                  "bytes of the longest token that is looked at"),
    AP_INIT_TAKE_ARGV("AuthBearerScopeClaim", bearer_set_paths, FIELD(scopes, 0, 0), FILES,
                      "the claims that hold scopes"),
    AP_INIT_TAKE1("AuthBearerOptional", bearer_set_flag, FIELD(optional, 0, 0), FILES,
                 "On to judge a token that is presented where none is asked for"),
    AP_INIT_TAKE1("AuthBearerEnforce", bearer_set_enforce, FIELD(report, 0, 0), FILES,
                 "on, or report to let requests through and log what would be refused"),
    AP_INIT_TAKE1("AuthBearerPreflight", bearer_set_flag, FIELD(preflight, 0, 0), FILES,
                 "On to let CORS preflights through"),
    AP_INIT_TAKE1("AuthBearerHide", bearer_set_flag, FIELD(hide, 0, 0), FILES,
                 "On to answer 404 before a valid token"),
    AP_INIT_TAKE1("AuthBearerChallenge", bearer_set_challenge, FIELD(challenge, 0, 0), HTACCESS,
                  "On, Off, or an expression: whether the Bearer challenge is offered"),
    AP_INIT_TAKE1("AuthBearerErrorBody", bearer_set_body, FIELD(body, 0, 0), HTACCESS,
                  "auto, problem, json or httpd"),
    AP_INIT_TAKE1("AuthBearerErrorDetail", bearer_set_flag, FIELD(detail, 0, 0), HTACCESS,
                 "Off to keep descriptions of errors to the log"),
    AP_INIT_TAKE_ARGV("AuthBearerEnv", bearer_set_variables, FIELD(variables, 0, 0), HTACCESS,
                      "claims as environment variables: claim[=NAME] ..., or Off"),
    AP_INIT_TAKE2("AuthBearerHeader", bearer_set_header, FIELD(carried, 0, 0), FILES,
                 "a request header for backends, and the claim that it carries"),
    AP_INIT_TAKE1("AuthBearerPass", bearer_set_pass, FIELD(pass, 0, 0), FILES,
                 "what a proxied backend gets: Off, On (the token) or minted (a new one)"),
    AP_INIT_TAKE_ARGV("AuthBearerMint", bearer_set_mint, FIELD(minting, 0, 0), FILES,
                      "how tokens for backends are made"),
    AP_INIT_TAKE1("AuthBearerProxy", bearer_set_proxy, FIELD(proxy, 0, 0), FILES,
                 "an expression for the token that a proxied backend gets, or off"),
    AP_INIT_TAKE1("AuthBearerStateDir", bearer_set_state_dir, FIELD(state_dir, 0, 0), ONCE,
                  "the folder where the last good keys are kept"),
    AP_INIT_TAKE_ARGV("AuthBearerCache", bearer_set_cache, FIELD(cache, 0, 0), ONCE,
                      "how many verified tokens a process remembers, or Off"),
    { NULL }
};

#define ROWS (sizeof(bearer_directives) / sizeof(bearer_directives[0]) - 1)

_Static_assert(ROWS <= 64, "one bit a row");

void *bearer_conf_create(apr_pool_t *pool, char *dir)
{
    const bearer_provider **providers = apr_pcalloc(pool, 2 * sizeof(*providers));
    const bearer_place **places = apr_pcalloc(pool, 2 * sizeof(*places));
    bearer_conf *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)dir;
    providers[0] = bearer_provider_find(pool, "jwt");
    places[0] = &bearer_place_header;
    *conf = (bearer_conf){
        .authoritative = 1, .detail = 1, .leeway = 30, .max_size = 16384, .body = BEARER_BODY_AUTO,
        .providers = providers, .places = places, .users = bearer_default_users,
        .scopes = bearer_default_scopes, .state_dir = BEARER_STATE_DIR,
    };
    return conf;
}

void *bearer_conf_slot(cmd_parms *cmd, void *section)
{
    const bearer_row *field = cmd->info;
    bearer_conf *conf = section;

    conf->set |= APR_UINT64_C(1) << (cmd->cmd - bearer_directives);
    return (char *)conf + field->offset;
}

void *bearer_conf_merge(apr_pool_t *pool, void *outer, void *inner)
{
    const bearer_conf *add = inner;
    bearer_conf *out = apr_pmemdup(pool, outer, sizeof(*out));

    for (apr_uint64_t left = add->set; left != 0; left &= left - 1) {
        const bearer_row *field = bearer_directives[__builtin_ctzll(left)].cmd_data;

        memcpy((char *)out + field->offset, (const char *)add + field->offset, field->size);
    }
    out->set |= add->set;
    /* A header that backends may trust is never a client's, further in either. */
    out->guarded = bearer_forward_join(pool, out->guarded, add->guarded);
    return out;
}

bearer_policy bearer_conf_policy(const bearer_conf *conf)
{
    return (bearer_policy){
        .audiences = conf->audiences.names,
        .any_audience = conf->audiences.any,
        .users = conf->users,
        .scopes = conf->scopes,
        .leeway = conf->leeway,
        .max_age = conf->max_age,
    };
}

const bearer_conf *bearer_conf_get(request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &auth_bearer_module);
}
