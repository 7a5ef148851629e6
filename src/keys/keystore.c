#include "bearer/keystore.h"
#include "bearer/address.h"
#include "bearer/jwk.h"
#include "bearer/pem.h"
#include "bearer/renew.h"

#include <string.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <apr_thread_mutex.h>

/* Kinds of source, told apart by how the word begins. */
static const struct kind {
    const char *prefix;
    bearer_key_reader *reader;      /* NULL: on the network */
    bool secret;
} kinds[] = {
    { "discovery", NULL,                 false },
    { "https:",    NULL,                 false },
    { "http:",     NULL,                 false },
    { "jwks:",     bearer_jwk_read,      false },
    { "pem:",      bearer_pem_read,      false },
    { "secret:",   bearer_source_secret, true },
    { NULL,        NULL,                 false },
};

typedef struct {
    const struct kind *kind;
    const char *file;               /* or NULL */
    bearer_remote *remote;          /* or NULL */
    bearer_stamp stamp;             /* of what was read last from the file, good or not */
    bearer_keyset *keys;            /* the last good ones */
    bool stale;                     /* which are too old to be used */
    char error[256];                /* the last complaint, so that it is logged once */
} source;

/* The mutex guards nothing but the pointer: it is held for a few instructions, never while a key is
 * read or used. */
struct bearer_keystore {
    apr_thread_mutex_t *mutex;
    bearer_keyset *set;             /* the keys of all sources; NULL if there are none */
    source *sources;
    size_t count;
    const char *const *files;
    bool changed;                   /* a source is newer than the set */
};

const char *bearer_keystore_kinds(void)
{
    return "discovery, an https URL, jwks:file, pem:file or secret:file";
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

bool bearer_keystore_is_web(const char *text)
{
    const struct kind *kind = kind_of(text);

    return kind->prefix != NULL && kind->reader == NULL;
}

const char *bearer_keystore_file_of(const char *text)
{
    const struct kind *kind = kind_of(text);

    return kind->reader != NULL ? text + strlen(kind->prefix) : NULL;
}

static const char *refuse_address(apr_pool_t *pool, const char *text, const char *error)
{
    return error != NULL ? apr_psprintf(pool, "%s %s", text, error) : NULL;
}

const char *bearer_keystore_refuse(apr_pool_t *pool, const char *text, const char *issuer)
{
    const struct kind *kind = kind_of(text);
    const char *error;

    if (strcmp(text, "discovery") == 0) {
        error = bearer_address_refuse_issuer(pool, issuer);
        return error != NULL
            ? apr_psprintf(pool, "the issuer's name %s, so its keys cannot be discovered", error)
            : NULL;
    }
    if (kind->prefix == NULL || strcmp(kind->prefix, "discovery") == 0
        || strcmp(kind->prefix, text) == 0)
        return apr_psprintf(pool, "want %s", bearer_keystore_kinds());
    if (kind->reader != NULL)
        return NULL;
    if (bearer_address_is_metadata(text))
        return "is the address of an issuer's metadata: want keys=discovery, or the jwks_uri in"
               " them";
    return refuse_address(pool, text, bearer_address_refuse(pool, text));
}

/* Reads the source's file into a set of its own. On failure what it had stays. */
static bool read_file(apr_pool_t *pool, source *from, const bearer_log *log, const char **error)
{
    const bearer_key *const *keys = bearer_source_read(pool, from->file, from->kind->reader,
                                                       &from->stamp, log, error);
    bearer_keyset *set;

    if (keys == NULL)
        return false;
    set = bearer_keyset_of(keys);
    if (set == NULL) {
        memset(&from->stamp, 0, sizeof(from->stamp));       /* the next look tries again */
        *error = "cannot be used: memory failed";
        return false;
    }
    bearer_keyset_release(from->keys);
    from->keys = set;
    return true;
}

/* The sources whose keys may be used. */
static apr_array_header_t *usable(apr_pool_t *pool, const bearer_keystore *store)
{
    apr_array_header_t *sets = apr_array_make(pool, (int)store->count, sizeof(bearer_keyset *));

    for (size_t i = 0; i < store->count; i++)
        if (store->sources[i].keys != NULL && !store->sources[i].stale)
            APR_ARRAY_PUSH(sets, bearer_keyset *) = store->sources[i].keys;
    return sets;
}

/* One set of them all, held; NULL if there is none. False if memory failed. */
static bool join_sources(apr_pool_t *pool, const bearer_keystore *store, bearer_keyset **joined)
{
    apr_array_header_t *sets = usable(pool, store);
    apr_array_header_t *all = apr_array_make(pool, 16, sizeof(const bearer_key *));

    *joined = NULL;
    if (sets->nelts == 0)
        return true;
    if (sets->nelts == 1) {
        *joined = bearer_keyset_hold(APR_ARRAY_IDX(sets, 0, bearer_keyset *));
        return true;
    }
    for (int i = 0; i < sets->nelts; i++) {
        const bearer_keyset *one = APR_ARRAY_IDX(sets, i, bearer_keyset *);

        for (size_t k = 0; k < bearer_keyset_count(one); k++)
            APR_ARRAY_PUSH(all, const bearer_key *) = bearer_keyset_at(one, k);
    }
    *joined = bearer_keyset_make((const bearer_key *const *)all->elts, (size_t)all->nelts);
    return *joined != NULL;
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

bool bearer_keystore_has_keys(bearer_keystore *store)
{
    bearer_keyset *set = bearer_keystore_hold(store);

    bearer_keyset_release(set);
    return set != NULL;
}

static apr_status_t close_store(void *data)
{
    bearer_keystore *store = data;

    bearer_keyset_release(store->set);
    for (size_t i = 0; i < store->count; i++) {
        bearer_keyset_release(store->sources[i].keys);
        if (store->sources[i].remote != NULL)
            bearer_keyset_release(store->sources[i].remote->arrived);
    }
    return APR_SUCCESS;
}

static const char *open_source(apr_pool_t *pool, apr_pool_t *scratch, source *to, const char *text,
                               const bearer_origin *from, const bearer_log *log)
{
    const char *error = bearer_keystore_refuse(pool, text, from->issuer);
    bool discovery = strcmp(text, "discovery") == 0;

    if (error != NULL)
        return apr_psprintf(pool, "keys=%s: %s", text, error);
    to->kind = kind_of(text);
    if (to->kind->reader == NULL) {
        to->remote = bearer_remote_make(pool, discovery ? from->issuer : text, discovery,
                                        &from->terms);
        return to->remote != NULL ? NULL : "OpenSSL failed";
    }
    to->file = apr_pstrdup(pool, bearer_keystore_file_of(text));
    return read_file(scratch, to, log, &error)
               ? NULL
               : apr_psprintf(pool, "the key file %s %s", to->file, error);
}

static const char *open_sources(apr_pool_t *pool, bearer_keystore *store, const bearer_origin *from,
                                const bearer_log *log)
{
    const char *error = NULL;
    apr_pool_t *scratch;

    if (apr_pool_create(&scratch, pool) != APR_SUCCESS)
        return "memory failed";
    for (size_t i = 0; i < store->count && error == NULL; i++)
        error = open_source(pool, scratch, &store->sources[i], from->sources[i], from, log);
    if (error == NULL && !join_sources(scratch, store, &store->set))
        error = "memory failed";
    apr_pool_destroy(scratch);
    return error;
}

/* The key files, and what fetching reads where something is fetched. */
static const char *const *list_files(apr_pool_t *pool, const bearer_keystore *store,
                                     const bearer_access *access)
{
    const char *const needed[] = { access->ca, access->client_cert, access->client_key,
                                   access->auth };
    apr_array_header_t *files = apr_array_make(pool, 8, sizeof(const char *));

    for (size_t i = 0; i < store->count; i++)
        if (store->sources[i].file != NULL)
            APR_ARRAY_PUSH(files, const char *) = store->sources[i].file;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (needed[i] != NULL)
            APR_ARRAY_PUSH(files, const char *) = needed[i];
    APR_ARRAY_PUSH(files, const char *) = NULL;
    return (const char *const *)files->elts;
}

bearer_keystore *bearer_keystore_open(apr_pool_t *pool, const bearer_origin *from,
                                      const bearer_log *log, const char **error)
{
    bearer_keystore *store = apr_pcalloc(pool, sizeof(*store));

    while (from->sources[store->count] != NULL)
        store->count++;
    store->sources = apr_pcalloc(pool, sizeof(*store->sources) * (store->count + 1));
    if (apr_thread_mutex_create(&store->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
        *error = "a mutex cannot be made";
        return NULL;
    }
    apr_pool_cleanup_register(pool, store, close_store, apr_pool_cleanup_null);
    *error = open_sources(pool, store, from, log);
    store->files = list_files(pool, store, &from->terms.access);
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
static bool look_at_file(apr_pool_t *scratch, source *from, const bearer_log *log)
{
    const char *error;

    if (!bearer_source_changed(scratch, from->file, &from->stamp))
        return false;
    if (!read_file(scratch, from, log, &error)) {
        complain(from, log, error);
        return false;
    }
    bearer_log_line(log, from->error[0] != '\0' ? BEARER_LOG_NOTICE : BEARER_LOG_INFO,
                    "the key file %s was read again: %" APR_SIZE_T_FMT " keys", from->file,
                    bearer_keyset_count(from->keys));
    from->error[0] = '\0';
    return true;
}

static bool look_at_remote(apr_pool_t *scratch, source *from, const bearer_means *with)
{
    bearer_keyset *set = bearer_remote_look(scratch, from->remote, with);
    bool stale = bearer_remote_is_stale(from->remote, with->now);
    bool changed = set != NULL || stale != from->stale;

    if (set != NULL) {
        bearer_keyset_release(from->keys);
        from->keys = set;
    }
    if (stale && !from->stale && from->keys != NULL)
        bearer_log_line(with->log, BEARER_LOG_WARNING,
                        "%s: its keys were not confirmed for %d s (max-stale=) and are not used any"
                        " more%s%s",
                        from->remote->source, from->remote->terms.max_stale,
                        from->remote->failure[0] != '\0' ? "; the last attempt: " : "",
                        from->remote->failure);
    from->stale = stale;
    return changed;
}

void bearer_keystore_look(apr_pool_t *pool, bearer_keystore *store, const bearer_means *with)
{
    bearer_keyset *joined;

    for (size_t i = 0; i < store->count; i++) {
        source *one = &store->sources[i];

        if (one->remote != NULL ? look_at_remote(pool, one, with)
                                : look_at_file(pool, one, with->log))
            store->changed = true;
    }
    if (!store->changed || !join_sources(pool, store, &joined))
        return;
    bearer_keyset_release(swap_set(store, joined));
    store->changed = false;
}

void bearer_keystore_renew(bearer_keystore *store, const bearer_means *with)
{
    for (size_t i = 0; i < store->count; i++)
        if (store->sources[i].remote != NULL)
            bearer_renew_step(store->sources[i].remote, with);
}

void bearer_keystore_abandon(bearer_keystore *store, const bearer_means *with)
{
    for (size_t i = 0; i < store->count; i++)
        if (store->sources[i].remote != NULL)
            bearer_renew_abandon(store->sources[i].remote, with);
}

int bearer_keystore_renewals(const bearer_keystore *store)
{
    int count = 0;

    for (size_t i = 0; i < store->count; i++)
        count += store->sources[i].remote != NULL && store->sources[i].remote->renewal != NULL;
    return count;
}

void bearer_keystore_ask(bearer_keystore *store, int64_t now)
{
    for (size_t i = 0; i < store->count; i++)
        if (store->sources[i].remote != NULL)
            bearer_remote_ask(store->sources[i].remote, now);
}

bool bearer_keystore_is_remote(const bearer_keystore *store)
{
    for (size_t i = 0; i < store->count; i++)
        if (store->sources[i].remote != NULL)
            return true;
    return false;
}

const char *bearer_keystore_file(const bearer_keystore *store, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (store->files[k] == NULL)
            return NULL;
    return store->files[i];
}
