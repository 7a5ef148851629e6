#include "bearer/refresher.h"
#include "bearer/registry.h"

#include <stdatomic.h>
#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>
#include <unixd.h>
#include <apr_signal.h>
#include <apr_thread_proc.h>

APLOG_USE_MODULE(auth_bearer);

/* New keys reach all children within a second; the first ones sooner. */
#define LOOK_EACH apr_time_from_msec(400)
#define PAUSE apr_time_from_msec(100)
#define OPEN_EACH apr_time_from_sec(60)
#define RENEWALS_MOST 16                    /* of one child at a time */
#define TURN_MOST apr_time_from_msec(200)   /* a child that ends waits so long for its thread */

typedef struct {
    server_rec *server;
    apr_array_header_t *trusts;     /* bearer_trust * */
    const char *folder;             /* the state directory; NULL if all keys are in files */
    /* Of a child. */
    apr_pool_t *pool;               /* for what is opened in the thread; the child's before */
    apr_time_t opened;              /* the last try to */
    bearer_state *state;
    bearer_fetcher *fetcher;
    apr_thread_t *thread;
    atomic_bool ending;             /* the child waits for it */
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
                     "AB0308: AuthBearerStateDir %s, where keys from the network are kept: it %s",
                     path, error);
    return error == NULL;
}

bool bearer_refresher_check(apr_pool_t *pool, server_rec *server)
{
    const apr_array_header_t *trusts = bearer_registry_trusts(pool, server);

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

static void abandon(refresher *of, const bearer_means *with)
{
    for (int i = 0; i < of->trusts->nelts; i++)
        bearer_keystore_abandon(APR_ARRAY_IDX(of->trusts, i, bearer_trust *)->keys, with);
}

/* A child that only finishes its last requests leaves fetching to its successors. */
static bool is_retiring(void)
{
    int state = 0;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

/* Without its folder a process neither keeps nor fetches; it tries again, since somebody may mend
 * that. */
static void open_state(refresher *of)
{
    const char *error;
    apr_pool_t *pool;

    of->opened = apr_time_now();
    apr_pool_create(&pool, of->pool);
    of->state = bearer_state_open(pool, of->folder, &error);
    if (of->state != NULL)
        return;
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, of->server,
                 "AB0202: no keys are fetched by this process: AuthBearerStateDir %s: it %s",
                 of->folder, error);
    apr_pool_destroy(pool);
}

/* Before there are threads: libcurl wants that. */
static void open_network(refresher *of)
{
    of->fetcher = bearer_fetcher_open(of->pool);
    if (of->fetcher == NULL)
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, of->server,
                     "AB0202: no keys are fetched by this process: libcurl cannot be set up");
    open_state(of);
}

/* Renewals go on as long as the turn lasts: several answers may come in it. */
static void turn(apr_pool_t *pool, refresher *of)
{
    apr_time_t begun = apr_time_now(), now = begun;
    bearer_log log = { log_line, of->server };
    bearer_means with = { of->state, of->fetcher, 0, &log };
    bool able = of->state != NULL && of->fetcher != NULL, fetches = able && !is_retiring();

    do {
        with.now = apr_time_sec(now);
        if (able && !fetches)
            abandon(of, &with);
        if ((fetches && renew(of, &with)) || (of->lacking && now == begun))
            of->looked = 0;
        if (now - of->looked >= LOOK_EACH || now < of->looked) {
            look(pool, of, &with);
            of->looked = now;
        }
        if (fetches)
            bearer_fetcher_run(of->fetcher, (int)apr_time_as_msec(begun + TURN_MOST - now));
        now = apr_time_now();
    } while (!atomic_load(&of->ending) && count_renewals(of) > 0 && now >= begun
             && now < begun + TURN_MOST);
}

/* Signals are for the threads of the MPM: here, a prefork child that ends would wait for itself. */
static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    refresher *of = data;
    bearer_log log = { log_line, of->server };
    bearer_means with = { .log = &log };
    apr_pool_t *pool;

    (void)thread;
    apr_setup_signal_thread();
    if (apr_pool_create(&of->pool, NULL) != APR_SUCCESS
        || apr_pool_create(&pool, of->pool) != APR_SUCCESS)
        return NULL;                    /* without memory: the keys stay as they are */
    apr_pool_tag(of->pool, "bearer_refresher");
    while (!atomic_load(&of->ending)) {
        if (of->folder != NULL && of->state == NULL && apr_time_now() - of->opened > OPEN_EACH)
            open_state(of);
        turn(pool, of);
        apr_pool_clear(pool);
        apr_sleep(PAUSE);
    }
    with.now = apr_time_sec(apr_time_now());
    with.state = of->state;
    abandon(of, &with);
    apr_pool_destroy(of->pool);
    return NULL;
}

static apr_status_t end(void *data)
{
    refresher *of = data;
    apr_status_t ignored;

    atomic_store(&of->ending, true);
    return apr_thread_join(&ignored, of->thread);
}

static refresher *refresher_of(server_rec *server)
{
    void *found = NULL;

    apr_pool_userdata_get(&found, "mod_auth_bearer:refresher", server->process->pconf);
    return found;
}

bool bearer_refresher_start(apr_pool_t *pool, server_rec *server)
{
    apr_array_header_t *trusts = bearer_registry_trusts(pool, server);
    refresher *of = apr_pcalloc(pool, sizeof(*of));

    if (trusts->nelts == 0)
        return true;
    of->server = server;
    of->trusts = trusts;
    if (wants_network(trusts)) {
        of->folder = state_dir(server);
        if (!prepare_or_log(pool, server, true))
            return false;
    }
    apr_pool_userdata_setn(of, "mod_auth_bearer:refresher", NULL, server->process->pconf);
    return true;
}

void bearer_refresher_child(apr_pool_t *pool, server_rec *server)
{
    refresher *of = refresher_of(server);
    bearer_log log = { log_line, server };
    bearer_means with = { .now = apr_time_sec(apr_time_now()), .log = &log };
    apr_pool_t *scratch;
    apr_status_t status;

    if (of == NULL)
        return;
    of->pool = pool;
    if (of->folder != NULL)
        open_network(of);
    with.state = of->state;
    apr_pool_create(&scratch, pool);
    look(scratch, of, &with);
    apr_pool_destroy(scratch);
    status = apr_thread_create(&of->thread, NULL, run, of, pool);
    if (status == APR_SUCCESS)
        apr_pool_pre_cleanup_register(pool, of, end);
    else
        ap_log_error(APLOG_MARK, APLOG_ERR, status, server,
                     "AB0203: this process keeps the keys that it began with: no thread");
}
