#include "bearer/keystore.h"
#include "bearer/jwk.h"
#include "bearer/pem.h"
#include "bearer/source.h"

#include <string.h>
#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <apr_thread_mutex.h>

static const struct kind {
    const char *prefix;
    bearer_key_reader *reader;
    bool secret;
} kinds[] = {
    { "jwks:",   bearer_jwk_read,      false },
    { "pem:",    bearer_pem_read,      false },
    { "secret:", bearer_source_secret, true },
    { NULL,      NULL,                 false },
};

typedef struct {
    const struct kind *kind;
    const char *file;
    bearer_stamp stamp;             /* of what was read last, good or not */
    bearer_keyset *keys;            /* the last good ones */
    char error[256];                /* the last complaint, so that it is logged once */
} source;

/* The mutex guards nothing but the pointer: it is held for a few instructions, never while a key is
 * read or used. */
struct bearer_keystore {
    apr_thread_mutex_t *mutex;
    bearer_keyset *set;             /* the keys of all sources */
    source *sources;
    size_t count;
    volatile apr_uint32_t second;   /* of the last look */
    volatile apr_uint32_t busy;     /* somebody is looking */
};

const char *bearer_keystore_kinds(void)
{
    return "jwks:file, pem:file or secret:file";
}

static const struct kind *kind_of(const char *text)
{
    const struct kind *kind = kinds;

    while (kind->prefix != NULL && strncmp(text, kind->prefix, strlen(kind->prefix)) != 0)
        kind++;
    return kind;
}

bool bearer_keystore_is_secret(const char *text)
{
    return kind_of(text)->secret;
}

const char *bearer_keystore_file_of(const char *text)
{
    const struct kind *kind = kind_of(text);

    return kind->prefix != NULL ? text + strlen(kind->prefix) : NULL;
}

static size_t list_length(const bearer_key *const *keys)
{
    size_t n = 0;

    while (keys[n] != NULL)
        n++;
    return n;
}

/* Reads the source into a set of its own. On failure what it had stays. */
static bool read_source(apr_pool_t *pool, source *from, const bearer_log *log, const char **error)
{
    const bearer_key *const *keys = bearer_source_read(pool, from->file, from->kind->reader,
                                                       &from->stamp, log, error);
    bearer_keyset *set;

    if (keys == NULL)
        return false;
    set = bearer_keyset_make(keys, list_length(keys));
    if (set == NULL) {
        *error = "memory failed";
        return false;
    }
    bearer_keyset_release(from->keys);
    from->keys = set;
    return true;
}

static bearer_keyset *join_sources(apr_pool_t *pool, const bearer_keystore *store)
{
    apr_array_header_t *all = apr_array_make(pool, 16, sizeof(const bearer_key *));

    for (size_t i = 0; i < store->count; i++)
        for (size_t k = 0; k < bearer_keyset_count(store->sources[i].keys); k++)
            APR_ARRAY_PUSH(all, const bearer_key *) = bearer_keyset_at(store->sources[i].keys, k);
    return bearer_keyset_make((const bearer_key *const *)all->elts, (size_t)all->nelts);
}

static bearer_keyset *swap_set(bearer_keystore *store, bearer_keyset *set)
{
    bearer_keyset *old;

    apr_thread_mutex_lock(store->mutex);
    old = store->set;
    store->set = set;
    apr_thread_mutex_unlock(store->mutex);
    return old;
}

bearer_keyset *bearer_keystore_hold(bearer_keystore *store)
{
    bearer_keyset *set;

    apr_thread_mutex_lock(store->mutex);
    set = store->set != NULL ? bearer_keyset_hold(store->set) : NULL;
    apr_thread_mutex_unlock(store->mutex);
    return set;
}

static apr_status_t close_store(void *data)
{
    bearer_keystore *store = data;

    bearer_keyset_release(store->set);
    for (size_t i = 0; i < store->count; i++)
        bearer_keyset_release(store->sources[i].keys);
    return APR_SUCCESS;
}

static const char *open_source(apr_pool_t *pool, apr_pool_t *scratch, source *to, const char *text,
                               const bearer_log *log)
{
    const char *error;

    to->kind = kind_of(text);
    if (to->kind->prefix == NULL)
        return apr_psprintf(pool, "keys=%s: want %s", text, bearer_keystore_kinds());
    to->file = apr_pstrdup(pool, bearer_keystore_file_of(text));
    if (!read_source(scratch, to, log, &error))
        return apr_psprintf(pool, "the key file %s %s", to->file, error);
    return NULL;
}

static const char *open_sources(apr_pool_t *pool, bearer_keystore *store, const char *const *texts,
                                const bearer_log *log)
{
    const char *error = NULL;
    apr_pool_t *scratch;

    if (apr_pool_create(&scratch, pool) != APR_SUCCESS)
        return "memory failed";
    for (size_t i = 0; i < store->count && error == NULL; i++)
        error = open_source(pool, scratch, &store->sources[i], texts[i], log);
    if (error == NULL && (store->set = join_sources(scratch, store)) == NULL)
        error = "memory failed";
    apr_pool_destroy(scratch);
    return error;
}

bearer_keystore *bearer_keystore_open(apr_pool_t *pool, const char *const *sources,
                                      const bearer_log *log, const char **error)
{
    bearer_keystore *store = apr_pcalloc(pool, sizeof(*store));

    while (sources[store->count] != NULL)
        store->count++;
    store->sources = apr_pcalloc(pool, sizeof(*store->sources) * (store->count + 1));
    if (apr_thread_mutex_create(&store->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
        *error = "a mutex cannot be made";
        return NULL;
    }
    apr_pool_cleanup_register(pool, store, close_store, apr_pool_cleanup_null);
    *error = open_sources(pool, store, sources, log);
    return *error == NULL ? store : NULL;
}

static void complain(source *about, const bearer_log *log, const char *error)
{
    if (strcmp(about->error, error) == 0)
        return;
    apr_cpystrn(about->error, error, sizeof(about->error));
    bearer_log_line(log, BEARER_LOG_WARNING, "the key file %s %s; the keys read before stay in use",
                    about->file, about->error);
}

/* True if the source has new keys. */
static bool look_at(apr_pool_t *scratch, source *from, const bearer_log *log)
{
    const char *error;

    if (!bearer_source_changed(scratch, from->file, &from->stamp))
        return false;
    if (!read_source(scratch, from, log, &error)) {
        complain(from, log, error);
        return false;
    }
    from->error[0] = '\0';
    bearer_log_line(log, BEARER_LOG_INFO,
                    "the key file %s was read again: %" APR_SIZE_T_FMT " keys", from->file,
                    bearer_keyset_count(from->keys));
    return true;
}

static void look_at_all(apr_pool_t *scratch, bearer_keystore *store, const bearer_log *log)
{
    bearer_keyset *joined;
    bool changed = false;

    for (size_t i = 0; i < store->count; i++)
        changed = look_at(scratch, &store->sources[i], log) || changed;
    joined = changed ? join_sources(scratch, store) : NULL;
    if (joined != NULL)
        bearer_keyset_release(swap_set(store, joined));
}

void bearer_keystore_look(bearer_keystore *store, apr_time_t now, const bearer_log *log)
{
    apr_uint32_t second = (apr_uint32_t)apr_time_sec(now), last = apr_atomic_read32(&store->second);
    apr_pool_t *scratch;

    /* Requests do not come in the order of their times; a clock may be set back. */
    if (last - second <= 2 || apr_atomic_cas32(&store->second, second, last) != last
        || apr_atomic_cas32(&store->busy, 1, 0) != 0)
        return;
    if (apr_pool_create(&scratch, NULL) == APR_SUCCESS) {
        look_at_all(scratch, store, log);
        apr_pool_destroy(scratch);
    }
    apr_atomic_set32(&store->busy, 0);
}

const char *bearer_keystore_file(const bearer_keystore *store, size_t i)
{
    return i < store->count ? store->sources[i].file : NULL;
}
