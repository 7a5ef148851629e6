/* mod_auth_bearer: OAuth 2.0 bearer tokens for Apache httpd 2.4. The module record, its hooks, and
 * the way of one request through them. docs/architecture.md shows the rest of the house. */
#include "bearer/advice.h"
#include "bearer/answer.h"
#include "bearer/authenticate.h"
#include "bearer/errorpage.h"
#include "bearer/expression.h"
#include "bearer/formbody.h"
#include "bearer/identity.h"
#include "bearer/index.h"
#include "bearer/memory.h"
#include "bearer/modes.h"
#include "bearer/onward.h"
#include "bearer/private.h"
#include "bearer/refresher.h"
#include "bearer/registry.h"
#include "bearer/require.h"
#include "bearer/view.h"

#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

/* Each of the three wrappers runs its own hook again, with a mark that makes it step aside, and
 * turns the outcome of all modules into the answer. They are the only places where one status
 * becomes another. */

static int run_again(request_rec *r, int stage, int (*hook)(request_rec *r))
{
    bearer_request *request = bearer_request_get(r);
    int status;

    request->inside[stage]++;
    status = hook(r);
    request->inside[stage]--;
    return status;
}

static bool is_inside(request_rec *r, int stage)
{
    const bearer_request *request = bearer_request_find(r);

    return request != NULL && request->inside[stage] > 0;
}

/* Before anything else looks at the request: no rule, handler or log is to see a token that came in
 * its address or in a cookie. */
static int take_tokens(request_rec *r)
{
    const bearer_conf *conf = bearer_conf_get(r);
    bearer_mode mode = bearer_mode_of(r, conf);

    if (mode >= BEARER_BESIDE)
        bearer_locate_take(r, conf);
    bearer_identity_arrive(r, conf, mode);
    return DECLINED;
}

/* What ended before that, as by a redirect of mod_alias, is logged, too. */
static int take_from_logs(request_rec *r)
{
    for (; r != NULL; r = r->next)
        take_tokens(r);
    return DECLINED;
}

/* mod_authz_core decides a rule about claims before anybody is known: no claim is there, so it
 * would refuse what asks for one, and grant what forbids one. Authentication comes first then. */
static int wrap_access(request_rec *r)
{
    const bearer_conf *conf = bearer_conf_get(r);
    bearer_mode mode = bearer_mode_of(r, conf);
    bearer_request *request;
    bool may_let;
    int status;

    if (mode == BEARER_IDLE || is_inside(r, BEARER_ACCESS))
        return DECLINED;
    may_let = bearer_mode_may_let(r, conf, mode);
    if (!bearer_expression_used() && !may_let && !bearer_answer_hides(conf, mode))
        return DECLINED;
    request = bearer_request_get(r);
    request->asked = false;
    status = run_again(r, BEARER_ACCESS, ap_run_access_checker_ex);
    if (may_let)
        status = bearer_mode_let(r, conf, mode, status);
    if (request->let || !request->asked
        || (status != OK && status != DECLINED && status != HTTP_FORBIDDEN))
        return bearer_answer_access(r, conf, mode, status);
    request->force_authn = true;
    return OK;
}

static int force_authn(request_rec *r)
{
    const bearer_request *request = bearer_request_find(r);

    if (request != NULL && request->let)
        return DECLINED;
    return (request != NULL && request->force_authn) || bearer_mode_wants_authn(r) ? OK : DECLINED;
}

static int wrap_authn(request_rec *r)
{
    const bearer_conf *conf = bearer_conf_get(r);
    bearer_mode mode = bearer_mode_of(r, conf);
    const apr_table_t *saved;
    int status;

    if (is_inside(r, BEARER_AUTHN) || (mode == BEARER_IDLE && !bearer_answer_precedes(r)))
        return DECLINED;
    saved = bearer_answer_save(r);
    if (mode == BEARER_BESIDE && conf->hide)
        return bearer_answer_restore(r, saved, bearer_answer_contradiction(r));
    status = run_again(r, BEARER_AUTHN, ap_run_check_user_id);
    if (mode != BEARER_IDLE)
        status = bearer_answer_authn(r, conf, mode, status);
    return bearer_answer_restore(r, saved, status);
}

/* Under AuthType Bearer a credential was left to others, and none took it: mod_authn_core, which is
 * next, would call that an error of the configuration. */
static int settle_authn(request_rec *r)
{
    const bearer_request *request = bearer_request_find(r);

    if (request == NULL || !request->judged || request->identity != NULL
        || bearer_mode_of(r, bearer_conf_get(r)) != BEARER_ALONE)
        return DECLINED;
    return bearer_answer_get(request->verdict.reason)->status;
}

static int wrap_authz(request_rec *r)
{
    const bearer_conf *conf = bearer_conf_get(r);
    bearer_mode mode = bearer_mode_of(r, conf);
    const apr_table_t *saved;
    int status;

    if (is_inside(r, BEARER_AUTHZ) || (mode == BEARER_IDLE && !bearer_answer_precedes(r)))
        return DECLINED;
    saved = bearer_answer_save(r);
    status = run_again(r, BEARER_AUTHZ, ap_run_auth_checker);
    if (mode != BEARER_IDLE)
        status = bearer_answer_authz(r, conf, mode, status);
    return bearer_answer_restore(r, saved, status);
}

static int check_authn(request_rec *r)
{
    const bearer_conf *conf = bearer_conf_get(r);
    bearer_mode mode = bearer_mode_of(r, conf);

    return mode >= BEARER_BESIDE ? bearer_authenticate(r, conf, mode) : DECLINED;
}

static int fixups(request_rec *r)
{
    bearer_identity_carry(r);
    bearer_index_settle(r);
    return bearer_onward_send(r);
}

static int before_indexes(request_rec *r)
{
    bearer_index_begin(r);
    return OK;
}

static int late_fixups(request_rec *r)
{
    bearer_index_end(r);
    bearer_identity_carry_index(r);
    return OK;
}

static int before_handlers(request_rec *r)
{
    int status = bearer_onward_prepare(r);

    if (status == DECLINED)
        bearer_identity_leave(r);
    return status;
}

static int pre_config(apr_pool_t *conf, apr_pool_t *log, apr_pool_t *temp)
{
    (void)conf, (void)log, (void)temp;
    bearer_expression_reset();
    return OK;
}

static int check_config(apr_pool_t *conf, apr_pool_t *log, apr_pool_t *temp, server_rec *server)
{
    (void)conf, (void)log;
    return bearer_registry_check(temp, server) && bearer_refresher_check(temp, server)
               ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

/* Of `apachectl configtest`, which ends before post_config. */
static void test_config(apr_pool_t *conf, server_rec *server)
{
    bearer_advice_give(conf, server);
}

static int post_config(apr_pool_t *conf, apr_pool_t *log, apr_pool_t *temp, server_rec *server)
{
    (void)log;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    bearer_registry_report(temp, server);
    return bearer_refresher_start(conf, server) ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

static void register_hooks(apr_pool_t *pool)
{
    /* Whichever of them are loaded: a bearer credential is looked at before they see the
     * request. */
    static const char *const after[] = { "mod_auth_basic.c", "mod_auth_digest.c", "mod_auth_form.c",
                                         NULL };
    static const char *const before[] = { "mod_authn_core.c", NULL };
    static const char *const indexes[] = { "mod_dir.c", NULL };

    ap_hook_post_perdir_config(bearer_onward_clean, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_check_access(take_tokens, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_access_ex(wrap_access, NULL, NULL, APR_HOOK_REALLY_FIRST,
                            AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_force_authn(force_authn, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_check_authn(wrap_authn, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(check_authn, NULL, after, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(settle_authn, NULL, before, APR_HOOK_LAST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(wrap_authz, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_fixups(fixups, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_fixups(before_indexes, NULL, indexes, APR_HOOK_LAST);
    ap_hook_fixups(late_fixups, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_handler(before_handlers, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_insert_filter(bearer_formbody_insert, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_filter(bearer_private_insert, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_filter(bearer_errorpage_insert, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(bearer_private_insert_error, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(bearer_body_insert, NULL, NULL, APR_HOOK_LAST);
    ap_hook_log_transaction(take_from_logs, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_expr_lookup(bearer_expression_lookup, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_test_config(test_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(bearer_refresher_child, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(bearer_memory_child, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(bearer_onward_child, NULL, NULL, APR_HOOK_MIDDLE);
    bearer_require_register(pool);
    bearer_basic_register(pool);
    bearer_body_register();
    bearer_errorpage_register();
    bearer_formbody_register();
    bearer_private_register();
    bearer_identity_register();
    bearer_view_register();
}

AP_DECLARE_MODULE(auth_bearer) = {
    STANDARD20_MODULE_STUFF,
    bearer_conf_create,
    bearer_conf_merge,
    NULL,
    NULL,
    bearer_directives,
    register_hooks
};
