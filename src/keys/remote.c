#include "bearer/remote.h"
#include "bearer/jwk.h"
#include "bearer/schedule.h"

#include <string.h>
#include <apr_strings.h>

/* Keys that are used for so long only must be confirmed in time, and a failure or two survived. */
static int refresh_of(const bearer_terms *terms)
{
    int half = terms->max_stale / 2 > 0 ? terms->max_stale / 2 : 1;

    return terms->refresh < half ? terms->refresh : half;
}

/* Whoever vouches for the source belongs to its identity: keys that were vouched for by another
 * authority are not its keys. So does the way to it: one that leads nowhere must not use up the
 * attempts of another. */
static const char *name_of(apr_pool_t *pool, const char *source, bool discovered,
                           const bearer_access *by)
{
    const char *const way[] = { by->ca, by->proxy, by->auth, by->client_cert, by->client_key };
    char digest[BEARER_SAVED_DIGEST + 1] = "";
    const char *all = apr_pstrcat(pool, discovered ? "issuer\n" : "keys\n", source, NULL);

    for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++)
        all = apr_pstrcat(pool, all, "\n", way[i] != NULL ? way[i] : "", NULL);
    return bearer_saved_digest(bearer_span_of(all), digest) ? apr_pstrndup(pool, digest, 32) : NULL;
}

bearer_remote *bearer_remote_make(apr_pool_t *pool, const char *issuer_or_url, bool discovered,
                                  const bearer_terms *terms)
{
    bearer_remote *remote = apr_pcalloc(pool, sizeof(*remote));
    const char *name = name_of(pool, issuer_or_url, discovered, &terms->access);

    if (name == NULL)
        return NULL;
    remote->source = apr_pstrdup(pool, issuer_or_url);
    remote->discovered = discovered;
    remote->terms = *terms;
    remote->terms.refresh = refresh_of(terms);
    remote->keys_file = apr_pstrcat(pool, name, ".keys", NULL);
    remote->times_file = apr_pstrcat(pool, name, ".times", NULL);
    remote->lock_file = apr_pstrcat(pool, name, ".lock", NULL);
    return remote;
}

void bearer_remote_ask(bearer_remote *remote, int64_t now)
{
    int64_t none = 0;

    if (atomic_load_explicit(&remote->asked, memory_order_relaxed) == 0)
        atomic_compare_exchange_strong(&remote->asked, &none, now);
}

bool bearer_remote_is_stale(const bearer_remote *remote, int64_t now)
{
    return now - remote->confirmed >= remote->terms.max_stale;
}

bool bearer_remote_has_keys(const bearer_remote *remote, int64_t now)
{
    return remote->digest[0] != '\0' && !bearer_remote_is_stale(remote, now);
}

const char *bearer_remote_words(apr_pool_t *pool, const bearer_remote *remote, int64_t now)
{
    if (remote->digest[0] == '\0')
        return "there are none yet";
    if (bearer_remote_is_stale(remote, now))
        return "those there were are too old to be used";
    return apr_psprintf(pool, "those of %" APR_INT64_T_FMT " s ago stay in use",
                        now - remote->confirmed);
}

/* The keys of a set that was kept, which is judged like one that came just now; those left out were
 * told of when it came. */
static const char *take_saved(apr_pool_t *pool, bearer_remote *remote, const bearer_saved *saved,
                              bearer_keyset **set)
{
    const char *error = NULL;
    const bearer_key *const *keys = bearer_jwk_read_set(pool, saved->set, NULL, &error);

    if (keys == NULL)
        return error;
    *set = bearer_keyset_of(keys);
    if (*set == NULL)
        return "cannot be used: memory failed";
    if (bearer_keyset_count(*set) == 0) {
        bearer_keyset_release(*set);
        *set = NULL;
        return "holds no usable key";
    }
    memcpy(remote->digest, saved->digest, sizeof(remote->digest));
    return NULL;
}

static const char *read_keys(apr_pool_t *pool, bearer_remote *remote, const bearer_means *with,
                             bearer_keyset **set)
{
    bearer_saved saved;
    bearer_span text;
    const char *error;

    remote->kept = false;
    switch (bearer_state_read(pool, with->state, remote->keys_file,
                              BEARER_JWK_MAX_BYTES + BEARER_SAVED_FRAME, &remote->keys_stamp, &text,
                              &error)) {
    case BEARER_STATE_ABSENT:
        return NULL;
    case BEARER_STATE_BAD:
        return error;
    default:
        error = bearer_saved_read(pool, text, remote->source, &saved);
    }
    if (error == NULL && strcmp(saved.digest, remote->digest) != 0)
        error = take_saved(pool, remote, &saved, set);
    remote->kept = error == NULL;
    if (error == NULL && saved.confirmed > remote->confirmed)
        remote->confirmed = saved.confirmed;
    return error != NULL ? apr_psprintf(pool, "%s in the state directory %s", remote->keys_file,
                                        error) : NULL;
}

/* Another process may have been told that the keys are still good: those that are kept, not others
 * that this one may have. */
static void read_confirmation(apr_pool_t *pool, bearer_remote *remote, const bearer_means *with)
{
    bearer_schedule schedule;
    bearer_span text;
    const char *error;

    if (remote->kept
        && bearer_state_changed(with->state, remote->times_file, &remote->times_stamp)
        && bearer_state_read(pool, with->state, remote->times_file, BEARER_SAVED_FRAME,
                             &remote->times_stamp, &text, &error) == BEARER_STATE_READ
        && bearer_schedule_read(pool, text, &schedule) && schedule.confirmed > remote->confirmed)
        remote->confirmed = schedule.confirmed;
}

/* Somebody took the schedule away, to have the source asked now. */
static bool has_lost_schedule(bearer_remote *remote, const bearer_means *with)
{
    static const bearer_stamp absent;
    bool had = remote->scheduled;

    remote->scheduled = bearer_state_changed(with->state, remote->times_file, &absent);
    return had && !remote->scheduled;
}

bearer_keyset *bearer_remote_look(apr_pool_t *pool, bearer_remote *remote,
                                  const bearer_means *with)
{
    bearer_keyset *set = remote->arrived;
    const char *error = NULL;

    remote->arrived = NULL;
    if (with->state == NULL)
        return set;
    if (set == NULL && bearer_state_changed(with->state, remote->keys_file, &remote->keys_stamp))
        error = read_keys(pool, remote, with, &set);
    if (error != NULL)
        bearer_log_line(with->log, BEARER_LOG_WARNING, "%s: %s", remote->source, error);
    if (remote->confirmed > with->now)
        remote->confirmed = with->now;          /* the clock was set back */
    if (bearer_remote_is_stale(remote, with->now))
        read_confirmation(pool, remote, with);
    if (has_lost_schedule(remote, with))
        remote->next = 0;
    return set;
}
