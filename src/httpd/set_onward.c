#include "bearer/set_onward.h"
#include "bearer/forward.h"
#include "bearer/onward.h"
#include "bearer/registry.h"
#include "bearer/setters.h"

#include <http_core.h>
#include <http_log.h>
#include <apr_strings.h>

APLOG_USE_MODULE(auth_bearer);

static const char *complain(cmd_parms *cmd, const char *sentence)
{
    return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, sentence);
}

/* The list with one more. A section begins with none: its own lines go on with it. */
static const bearer_carried *const *extend(apr_pool_t *pool, const bearer_carried *const *list,
                                           const bearer_carried *one)
{
    const bearer_carried **longer;
    size_t n = 0;

    while (list != NULL && list[n] != NULL)
        n++;
    longer = apr_pcalloc(pool, (n + 2) * sizeof(*longer));
    for (size_t i = 0; i < n; i++)
        longer[i] = list[i];
    longer[n] = one;
    return longer;
}

const char *bearer_set_header(cmd_parms *cmd, void *section, const char *name, const char *claim)
{
    bearer_conf *conf = section;
    bearer_carried *one = apr_pcalloc(cmd->pool, sizeof(*one));
    const char **names = apr_pcalloc(cmd->pool, 2 * sizeof(*names));
    const char *error = bearer_forward_refuse(cmd->pool, name);

    if (error != NULL)
        return complain(cmd, error);
    if (bearer_forward_among(conf->guarded, bearer_span_of(name)))
        return complain(cmd, apr_psprintf(cmd->pool, "two claims for the one header %s", name));
    error = bearer_path_make(cmd->pool, claim, &one->claim);
    if (error != NULL)
        return complain(cmd, apr_psprintf(cmd->pool, "'%s': %s", claim, error));
    one->name = names[0] = apr_pstrdup(cmd->pool, name);
    conf->guarded = bearer_forward_join(cmd->pool, conf->guarded, names);
    *(const bearer_carried *const **)bearer_conf_slot(cmd, conf) = extend(cmd->pool, conf->carried,
                                                                          one);
    bearer_registry_section(cmd, conf);
    return NULL;
}

const char *bearer_set_pass(cmd_parms *cmd, void *conf, const char *word)
{
    static const char *const words[] = {
        [BEARER_PASS_OFF] = "Off", [BEARER_PASS_ON] = "On", [BEARER_PASS_MINTED] = "minted",
    };

    for (int i = 0; i <= BEARER_PASS_MINTED; i++)
        if (ap_cstr_casecmp(word, words[i]) == 0) {
            *(int *)bearer_conf_slot(cmd, conf) = i;
            bearer_registry_section(cmd, conf);
            return NULL;
        }
    return complain(cmd, apr_psprintf(cmd->pool, "want Off, On or minted, not '%s'", word));
}

static char *resolve(apr_pool_t *pool, const char *file)
{
    return ap_server_root_relative(pool, file);
}

const char *bearer_set_mint(cmd_parms *cmd, void *conf, int argc, char *const argv[])
{
    const char **words = apr_pcalloc(cmd->pool, ((size_t)argc + 1) * sizeof(*words));
    const bearer_minting *minting;
    const char *error = NULL;

    for (int i = 0; i < argc; i++)
        words[i] = argv[i];
    minting = bearer_minting_open(cmd->pool, words, resolve, &error);
    if (minting == NULL)
        return complain(cmd, error);
    *(const bearer_minting **)bearer_conf_slot(cmd, conf) = minting;
    bearer_onward_expect();
    bearer_registry_section(cmd, conf);
    return NULL;
}

const char *bearer_set_proxy(cmd_parms *cmd, void *conf, const char *text)
{
    ap_expr_info_t *proxy = NULL;
    const char *error = NULL;

    if (ap_cstr_casecmp(text, "Off") != 0)
        proxy = ap_expr_parse_cmd(cmd, text, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
    if (error != NULL)
        return complain(cmd, apr_psprintf(cmd->pool, "want off or an expression, not '%s': %s",
                                          text, error));
    *(const ap_expr_info_t **)bearer_conf_slot(cmd, conf) = proxy;
    bearer_registry_section(cmd, conf);
    return NULL;
}
