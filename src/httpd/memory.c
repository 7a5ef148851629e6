#include "bearer/memory.h"
#include "bearer/registry.h"

#include <ap_mpm.h>
#include <http_log.h>

APLOG_USE_MODULE(auth_bearer);

/* Of a process, unless AuthBearerCache says something else. A server without threads has many. */
#define ENTRIES 10000
#define ENTRIES_ALONE 1000
#define ENTRY_BYTES 2048            /* twice what most tokens take */

static bearer_cache *present;       /* of this process */

bearer_cache *bearer_memory(void)
{
    return present;
}

static size_t entries_by_default(void)
{
    int threaded = 0;

    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    return threaded ? ENTRIES : ENTRIES_ALONE;
}

bearer_cache_size bearer_memory_size(server_rec *server)
{
    const bearer_conf *conf = ap_get_module_config(server->lookup_defaults, &auth_bearer_module);
    bearer_cache_size size = conf->cache;

    if (size.off)
        return size;
    if (size.entries == 0)
        size.entries = size.bytes != 0 ? size.bytes / (ENTRY_BYTES / 2) : entries_by_default();
    if (size.bytes == 0)
        size.bytes = size.entries * ENTRY_BYTES;
    return size;
}

/* It is not freed at the end: a child may be ended in a signal handler, in the middle of anything,
 * and its memory goes with it. */
void bearer_memory_child(apr_pool_t *pool, server_rec *server)
{
    bearer_cache_size size = bearer_memory_size(server);

    if (size.off || bearer_registry_trusts(pool, server)->nelts == 0)
        return;
    present = bearer_cache_make(size.entries, size.bytes);
    if (present == NULL)
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     "AB0204: this process verifies each token each time: no memory for the cache");
}
