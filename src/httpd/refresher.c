#include "bearer/refresher.h"
#include "bearer/registry.h"

#include <stdatomic.h>
#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>
#include <mod_watchdog.h>
#include <unixd.h>
#include <apr_optional.h>
#include <apr_portable.h>
#include <apr_signal.h>

APLOG_USE_MODULE(auth_bearer);

/* New keys reach all children within a second; the first ones sooner. */
#define LOOK_EACH apr_time_from_msec(400)
#define RENEWALS_MOST 16                    /* of one child at a time */
#define TURN_MOST apr_time_from_msec(200)   /* then mod_watchdog may see that the child ends */

typedef struct {
    server_rec *server;
    apr_array_header_t *trusts;     /* bearer_trust * */
    const char *folder;             /* the state directory; NULL if all keys are in files */
    /* Of a child. */
    bearer_state *state;
    bearer_fetcher *fetcher;
    apr_os_thread_t thread;         /* mod_watchdog's, once it runs */
    atomic_bool ending;             /* another thread waits for it */
    apr_time_t looked;
    bool lacking;                   /* some issuer has no keys yet */
} refresher;

static const char *state_dir(server_rec *server)
{
    const bearer_conf *conf = ap_get_module_config(server->lookup_defaults, &auth_bearer_module);

    return conf->state_dir;
}

static bool wants_network(const apr_array_header_t *trusts)
{
    for (int i = 0; i < trusts->nelts; i++)
        if (bearer_keystore_is_remote(APR_ARRAY_IDX(trusts, i, bearer_trust *)->keys))
            return true;
    return false;
}

/* Without root's rights nothing can be handed over: the server runs as who started it. */
static const char *prepare(apr_pool_t *pool, const char *path, bool make)
{
    bool root = geteuid() == 0;

    return bearer_state_prepare(pool, path, root ? ap_unixd_config.user_id : geteuid(),
                                root ? ap_unixd_config.group_id : getegid(), make);
}

static bool prepare_or_log(apr_pool_t *pool, server_rec *server, bool make)
{
    const char *path = state_dir(server), *error = prepare(pool, path, make);

    if (error != NULL)
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, server,
                     "AB0309: AuthBearerStateDir %s, where keys from the network are kept: it %s",
                     path, error);
    return error == NULL;
}

bool bearer_refresher_check(apr_pool_t *pool, server_rec *server)
{
    const apr_array_header_t *trusts = bearer_registry_trusts(pool, server);

    if (trusts->nelts == 0)
        return true;
    if (APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance) == NULL) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, server,
                     "AB0308: AuthBearerIssuer wants mod_watchdog, which keeps keys fresh:"
                     " LoadModule watchdog_module modules/mod_watchdog.so");
        return false;
    }
    return !wants_network(trusts) || prepare_or_log(pool, server, false);
}

static void log_line(void *context, bearer_log_level level, const char *text)
{
    bearer_registry_log(context, level, "AB0201", text);
}

static void look(apr_pool_t *pool, refresher *of, const bearer_means *with)
{
    of->lacking = false;
    for (int i = 0; i < of->trusts->nelts; i++) {
        bearer_keystore *store = APR_ARRAY_IDX(of->trusts, i, bearer_trust *)->keys;

        bearer_keystore_look(pool, store, with);
        of->lacking = of->lacking || !bearer_keystore_has_keys(store);
    }
}

static int count_renewals(const refresher *of)
{
    int count = 0;

    for (int i = 0; i < of->trusts->nelts; i++)
        count += bearer_keystore_renewals(APR_ARRAY_IDX(of->trusts, i, bearer_trust *)->keys);
    return count;
}

/* Takes what is under way a step on, and begins what is due as long as there is room. True if
 * something ended. */
static bool renew(refresher *of, const bearer_means *with)
{
    int under_way = count_renewals(of);
    bool ended = false;

    for (int i = 0; i < of->trusts->nelts; i++) {
        bearer_keystore *store = APR_ARRAY_IDX(of->trusts, i, bearer_trust *)->keys;
        int before = bearer_keystore_renewals(store), after;

        if (before == 0 && under_way >= RENEWALS_MOST)
            continue;
        bearer_keystore_renew(store, with);
        after = bearer_keystore_renewals(store);
        under_way += after - before;
        ended = ended || after < before;
    }
    return ended;
}

/* Renewals go on as long as the turn lasts: several answers may come in it. */
static void turn(apr_pool_t *pool, refresher *of)
{
    apr_time_t begun = apr_time_now(), now = begun;
    bearer_log log = { log_line, of->server };
    bearer_means with = { of->state, of->fetcher, 0, &log };

    do {
        with.now = apr_time_sec(now);
        if ((of->fetcher != NULL && renew(of, &with)) || (of->lacking && now == begun))
            of->looked = 0;
        if (now - of->looked >= LOOK_EACH || now < of->looked) {
            look(pool, of, &with);
            of->looked = now;
        }
        if (of->fetcher != NULL)
            bearer_fetcher_run(of->fetcher, (int)apr_time_as_msec(begun + TURN_MOST - now));
        now = apr_time_now();
    } while (!atomic_load(&of->ending) && count_renewals(of) > 0 && now >= begun
             && now < begun + TURN_MOST);
}

static apr_status_t abandon(void *data)
{
    refresher *of = data;
    bearer_log log = { log_line, of->server };
    bearer_means with = { of->state, of->fetcher, apr_time_sec(apr_time_now()), &log };

    for (int i = 0; i < of->trusts->nelts; i++)
        bearer_keystore_abandon(APR_ARRAY_IDX(of->trusts, i, bearer_trust *)->keys, &with);
    return APR_SUCCESS;
}

/* mod_watchdog says that it stops in its own thread when that sees the child end, or in the thread
 * that clears the child's pool and is about to wait for the other: then a turn may be under way,
 * and what it works at is not to be touched. The pool's clean-up gives up the rest, once the thread
 * is gone. */
static void stop(refresher *of)
{
    if (apr_os_thread_equal(apr_os_thread_current(), of->thread))
        abandon(of);
    else
        atomic_store(&of->ending, true);
}

/* Signals are for the threads of the MPM: in ours, a prefork child that ends would wait for
 * itself. */
static void begin(refresher *of)
{
    of->thread = apr_os_thread_current();
    apr_setup_signal_thread();
}

static apr_status_t watch(int state, void *data, apr_pool_t *pool)
{
    switch (state) {
    case AP_WATCHDOG_STATE_STARTING:
        begin(data);
        break;
    case AP_WATCHDOG_STATE_RUNNING:
        turn(pool, data);
        break;
    default:
        stop(data);
    }
    return APR_SUCCESS;
}

static refresher *refresher_of(server_rec *server)
{
    void *found = NULL;

    apr_pool_userdata_get(&found, "mod_auth_bearer:refresher", server->process->pconf);
    return found;
}

static apr_status_t ask_for_thread(apr_pool_t *pool, refresher *of)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *call =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    apr_status_t status;

    if (get == NULL || call == NULL)
        return APR_ENOTIMPL;
    status = get(&watchdog, "mod_auth_bearer", 0, 0, pool);
    return status == APR_SUCCESS ? call(watchdog, AP_WD_TM_SLICE, of, watch) : status;
}

bool bearer_refresher_start(apr_pool_t *pool, server_rec *server)
{
    apr_array_header_t *trusts = bearer_registry_trusts(pool, server);
    refresher *of = apr_pcalloc(pool, sizeof(*of));
    apr_status_t status;

    if (trusts->nelts == 0)
        return true;
    of->server = server;
    of->trusts = trusts;
    if (wants_network(trusts)) {
        of->folder = state_dir(server);
        if (!prepare_or_log(pool, server, true))
            return false;
    }
    status = ask_for_thread(pool, of);
    if (status != APR_SUCCESS)
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, status, server,
                     "AB0310: mod_watchdog gives no thread to keep keys fresh");
    apr_pool_userdata_setn(of, "mod_auth_bearer:refresher", NULL, server->process->pconf);
    return status == APR_SUCCESS;
}

void bearer_refresher_child(apr_pool_t *pool, server_rec *server)
{
    refresher *of = refresher_of(server);
    bearer_log log = { log_line, server };
    bearer_means with = { .now = apr_time_sec(apr_time_now()), .log = &log };
    const char *error = "libcurl cannot be set up";

    if (of == NULL || of->folder == NULL)
        return;
    of->state = bearer_state_open(pool, of->folder, &error);
    of->fetcher = of->state != NULL ? bearer_fetcher_open(pool) : NULL;
    if (of->fetcher == NULL)
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     "AB0202: no keys are fetched by this process: AuthBearerStateDir %s: %s",
                     of->folder, error);
    apr_pool_cleanup_register(pool, of, abandon, apr_pool_cleanup_null);
    with.state = of->state;
    look(pool, of, &with);
}
