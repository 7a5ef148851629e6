#include "bearer/registry.h"
#include "bearer/advice.h"
#include "bearer/issuer.h"
#include "bearer/json_text.h"
#include "bearer/locate.h"
#include "bearer/memory.h"
#include "bearer/onward.h"
#include "bearer/reader.h"
#include "bearer/tree.h"
#include "bearer/version.h"

#include <http_core.h>
#include <http_log.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_version.h>
#include <openssl/crypto.h>

APLOG_USE_MODULE(auth_bearer);

typedef struct {
    bearer_log_level level;
    const char *text;
} line;

typedef struct {
    bearer_conf *conf;
    server_rec *server;
    const char *name;               /* <Location "/api"> in file:line */
    bool whole_server;              /* outside any section */
} section;

typedef struct {
    apr_pool_t *pool;
    apr_hash_t *trusts;             /* the issuer's words -> bearer_trust */
    apr_array_header_t *sections;   /* section */
    apr_array_header_t *lines;      /* line */
    const char *issuer;             /* whose keys are being read */
} registry;

static registry *registry_of(apr_pool_t *pool)
{
    static const char name[] = "mod_auth_bearer:registry";
    void *found = NULL;
    registry *made;

    apr_pool_userdata_get(&found, name, pool);
    if (found != NULL)
        return found;
    made = apr_pcalloc(pool, sizeof(*made));
    made->pool = pool;
    made->trusts = apr_hash_make(pool);
    made->sections = apr_array_make(pool, 8, sizeof(section));
    made->lines = apr_array_make(pool, 8, sizeof(line));
    apr_pool_userdata_setn(made, name, NULL, pool);
    return made;
}

/* The log is not open yet while the configuration is read. */
static void keep_line(void *context, bearer_log_level level, const char *text)
{
    registry *all = context;

    APR_ARRAY_PUSH(all->lines, line) =
        (line){ level, apr_psprintf(all->pool, "issuer %s: %s", all->issuer, text) };
}

static char *resolve(apr_pool_t *pool, const char *file)
{
    return ap_server_root_relative(pool, file);
}

bearer_trust *bearer_registry_trust(cmd_parms *cmd, const char *const *words, const char **error)
{
    registry *all = registry_of(cmd->pool);
    bearer_log log = { keep_line, all };
    const char *key = "";
    bearer_trust *trust;

    for (const char *const *word = words; *word != NULL; word++)
        key = apr_pstrcat(cmd->pool, key, *word, "\n", NULL);
    trust = apr_hash_get(all->trusts, key, APR_HASH_KEY_STRING);
    if (trust != NULL)
        return trust;
    all->issuer = *words;
    trust = bearer_issuer_open(cmd->pool, words, resolve, &log, error);
    if (trust != NULL)
        apr_hash_set(all->trusts, key, APR_HASH_KEY_STRING, trust);
    return trust;
}

void bearer_registry_section(cmd_parms *cmd, bearer_conf *conf)
{
    registry *all = registry_of(cmd->pool);
    const ap_directive_t *at = cmd->directive, *outer = at->parent;
    section *last = all->sections->nelts > 0
                  ? &APR_ARRAY_IDX(all->sections, all->sections->nelts - 1, section) : NULL;

    if (last != NULL && last->conf == conf)
        return;
    APR_ARRAY_PUSH(all->sections, section) = (section){
        .conf = conf,
        .server = cmd->server,
        .whole_server = cmd->path == NULL,
        .name = apr_psprintf(cmd->pool, "%s %s in %s:%d",
                             outer != NULL ? outer->directive : "the server",
                             outer != NULL && outer->args != NULL ? outer->args : "", at->filename,
                             at->line_num),
    };
}

static bool names_audience(const bearer_conf *conf)
{
    return conf->audiences.any || conf->audiences.names != NULL;
}

/* An audience for the issuers of this section: its own, its server's, or the main server's. Issuers
 * of a whole server may leave it to the sections that use them. */
static bool has_audience(const registry *all, const section *here, server_rec *main_server)
{
    if (names_audience(here->conf)
        || names_audience(ap_get_module_config(here->server->lookup_defaults, &auth_bearer_module))
        || names_audience(ap_get_module_config(main_server->lookup_defaults, &auth_bearer_module)))
        return true;
    for (int i = 0; here->whole_server && i < all->sections->nelts; i++)
        if (names_audience(APR_ARRAY_IDX(all->sections, i, section).conf))
            return true;
    return false;
}

static bool check_audiences(const registry *all, const section *here, server_rec *server)
{
    bool sound = true;

    if (has_audience(all, here, server))
        return true;
    for (bearer_trust *const *trust = here->conf->trusts; trust != NULL && *trust != NULL;
         trust++) {
        if ((*trust)->rules.any_audience || (*trust)->rules.audiences != NULL)
            continue;
        ap_log_error(
            APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, server,
            "AB0302: AuthBearerIssuer %s: no audience: want"
            " AuthBearerAudience in the section or at server level, or audience= on the line (%s)",
            (*trust)->rules.name, here->name);
        sound = false;
    }
    return sound;
}

/* What is handed on in a section: tokens are made by a line of the section, or of a server around
 * it; for a whole server the sections may have theirs. */
static bool check_onward(const registry *all, const section *here, server_rec *server)
{
    bearer_conf *own = ap_get_module_config(here->server->lookup_defaults, &auth_bearer_module);
    bearer_conf *whole = ap_get_module_config(server->lookup_defaults, &auth_bearer_module);
    bool described = own->minting != NULL || whole->minting != NULL;
    const char *error;

    for (int i = 0; here->whole_server && i < all->sections->nelts; i++)
        described = described || APR_ARRAY_IDX(all->sections, i, section).conf->minting != NULL;
    error = bearer_onward_refuse(here->conf, described);
    if (error == NULL)
        error = bearer_onward_refuse_field(
            bearer_conf_merge(all->pool, bearer_conf_merge(all->pool, whole, own), here->conf));
    if (error != NULL)
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, server, "AB0501: %s (%s)", error,
                     here->name);
    return error == NULL;
}

/* Which directive of a section wants fields from behind a body kept apart: they would join those
 * of the server alone, or those of a request that was judged, when nobody looks any more. */
static const char *refuse_trailers(const bearer_conf *conf)
{
    const bearer_place *const *place = conf->places;

    if (conf->guarded != NULL)
        return "AuthBearerHeader";
    while (place != NULL && *place != NULL && !bearer_place_is_form(*place))
        place++;
    return place != NULL && *place != NULL ? "AuthBearerTokenFrom form" : NULL;
}

/* Sections of the main server are those of every virtual host. */
static bool check_trailers(const section *here, server_rec *server)
{
    const char *wants = refuse_trailers(here->conf);

    for (server_rec *one = server; one != NULL && wants != NULL; one = one->next) {
        const core_server_config *core = ap_get_core_module_config(one->module_config);

        if (core->merge_trailers != AP_MERGE_TRAILERS_ENABLE
            || (here->server != server && here->server != one))
            continue;
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, server,
                     "AB0303: %s wants MergeTrailers Off: clients could add fields behind a body,"
                     " which nobody judges (%s)", wants, here->name);
        return false;
    }
    return true;
}

/* What stands side by side in one section and contradicts itself. */
static bool check_siblings(apr_pool_t *pool, const ap_directive_t *first, server_rec *server)
{
    const char *type = bearer_tree_value(pool, first, "AuthType");
    const char *error = NULL;

    if (bearer_tree_says(type, "Bearer")
        && bearer_tree_says(bearer_tree_value(pool, first, "AuthBearer"), "Off"))
        error = "AuthBearer Off contradicts AuthType Bearer: want one or the other";
    if (type != NULL && !bearer_tree_says(type, "Bearer")
        && bearer_tree_says(bearer_tree_value(pool, first, "AuthBearerHide"), "On"))
        error = "AuthBearerHide On wants AuthType Bearer: another module's answer would show what "
                "is hidden";
    if (error != NULL)
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, server, "AB0303: %s (%s:%d)", error,
                     first->filename, first->line_num);
    return error == NULL;
}

static bool check_tree(apr_pool_t *pool, const ap_directive_t *first, server_rec *server)
{
    bool sound = first == NULL || check_siblings(pool, first, server);

    for (; first != NULL; first = first->next)
        sound = check_tree(pool, first->first_child, server) && sound;
    return sound;
}

bool bearer_registry_check(apr_pool_t *pool, server_rec *server)
{
    const registry *all = registry_of(server->process->pconf);
    bool sound = check_tree(pool, ap_conftree, server);

    for (int i = 0; i < all->sections->nelts; i++) {
        const section *here = &APR_ARRAY_IDX(all->sections, i, section);

        sound = check_audiences(all, here, server) && sound;
        sound = check_onward(all, here, server) && sound;
        sound = check_trailers(here, server) && sound;
    }
    return sound;
}

static void warn_trace(const registry *all, server_rec *server)
{
    for (int i = 0; i < all->sections->nelts; i++) {
        server_rec *one = APR_ARRAY_IDX(all->sections, i, section).server;
        const core_server_config *core = ap_get_core_module_config(one->module_config);

        if (core->trace_enable == AP_TRACE_DISABLE)
            continue;
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "AB0305: TRACE is answered before authentication and echoes"
                     " tokens: want TraceEnable off");
        return;
    }
}

apr_array_header_t *bearer_registry_trusts(apr_pool_t *pool, server_rec *server)
{
    const registry *all = registry_of(server->process->pconf);
    apr_array_header_t *trusts = apr_array_make(pool, 8, sizeof(bearer_trust *));

    for (apr_hash_index_t *at = apr_hash_first(pool, all->trusts); at != NULL;
         at = apr_hash_next(at))
        APR_ARRAY_PUSH(trusts, bearer_trust *) = apr_hash_this_val(at);
    return trusts;
}

static apr_array_header_t *key_files(apr_pool_t *pool, server_rec *server)
{
    const apr_array_header_t *trusts = bearer_registry_trusts(pool, server);
    apr_array_header_t *files = apr_array_make(pool, 8, sizeof(const char *));

    for (int i = 0; i < trusts->nelts; i++) {
        const bearer_keystore *keys = APR_ARRAY_IDX(trusts, i, bearer_trust *)->keys;
        const char *file;

        for (size_t k = 0; (file = bearer_keystore_file(keys, k)) != NULL; k++)
            APR_ARRAY_PUSH(files, const char *) = file;
    }
    return files;
}

static void warn_writable(apr_pool_t *pool, const apr_array_header_t *files, server_rec *server)
{
    apr_finfo_t info;

    for (int i = 0; i < files->nelts; i++)
        if (apr_stat(&info, APR_ARRAY_IDX(files, i, const char *), APR_FINFO_PROT, pool)
                == APR_SUCCESS
            && (info.protection & APR_FPROT_WWRITE) != 0)
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                         "AB0318: the file %s can be written by everybody: it wants to be root's"
                         " alone", APR_ARRAY_IDX(files, i, const char *));
}

static void warn_files(apr_pool_t *pool, server_rec *server)
{
    apr_array_header_t *files = key_files(pool, server);

    warn_writable(pool, files, server);
    bearer_reader_check(files);
    for (int i = 0; i < files->nelts; i++)
        if (APR_ARRAY_IDX(files, i, const char *) != NULL)
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                         "AB0306: the file %s cannot be read by the user that the server runs"
                         " as: what changes in a key file needs a graceful restart, and nothing can"
                         " be fetched with it",
                         APR_ARRAY_IDX(files, i, const char *));
}

void bearer_registry_log(server_rec *server, bearer_log_level level, const char *number,
                         const char *text)
{
    static const int levels[] = {
        [BEARER_LOG_ERROR] = APLOG_ERR,
        [BEARER_LOG_WARNING] = APLOG_WARNING,
        [BEARER_LOG_NOTICE] = APLOG_NOTICE,
        [BEARER_LOG_INFO] = APLOG_INFO,
        [BEARER_LOG_DEBUG] = APLOG_DEBUG,
    };

    ap_log_error(APLOG_MARK, levels[level], 0, server, "%s: %s", number, text);
}

void bearer_registry_report(apr_pool_t *pool, server_rec *server)
{
    const registry *all = registry_of(server->process->pconf);
    bearer_cache_size cache = bearer_memory_size(server);

    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                 "AB0301: mod_auth_bearer " BEARER_VERSION " (%s, %s, jansson"
                 " %s, libcurl %s, APR %s), %u issuers, each process remembers %" APR_SIZE_T_FMT
                 " tokens in %" APR_SIZE_T_FMT " bytes at most",
                 ap_get_server_description(), OpenSSL_version(OPENSSL_VERSION),
                 bearer_json_library(), bearer_fetch_library(), apr_version_string(),
                 apr_hash_count(all->trusts), cache.entries, cache.bytes);
    for (int i = 0; i < all->lines->nelts; i++) {
        const line *one = &APR_ARRAY_IDX(all->lines, i, line);

        bearer_registry_log(server, one->level, "AB0307", one->text);
    }
    bearer_advice_give(pool, server);
    warn_trace(all, server);
    warn_files(pool, server);
}
