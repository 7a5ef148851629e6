#include "bearer/renew.h"
#include "bearer/address.h"
#include "bearer/fetched.h"
#include "bearer/jwk.h"
#include "bearer/metadata.h"
#include "bearer/schedule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>
#include <openssl/rand.h>

/* Where the state directory cannot be written, trying each tenth of a second helps nobody. */
#define UNWRITABLE_PAUSE 60

struct bearer_renewal {
    apr_pool_t *pool;
    int lock;                       /* BEARER_STATE_FAILED without a state directory */
    bearer_renew why;
    bearer_schedule schedule;
    bearer_saved saved;             /* what is kept, for its etag; source NULL if nothing is */
    size_t place;                   /* which of the metadata's addresses is asked */
    const char *uri;                /* of the set, once known */
    const char *asking;             /* the address under way */
    const char *etag;               /* sent along; NULL: none */
    const char *complaints;         /* of the addresses asked so far */
    bearer_fetch *fetch;
};

/* The lock's holder alone changes the schedule. */
static const char *write_schedule(bearer_renewal *renewal, const bearer_means *with,
                                  const bearer_remote *remote)
{
    const char *text;

    if (with->state == NULL)
        return NULL;
    text = bearer_schedule_write(renewal->pool, &renewal->schedule);
    return bearer_state_write(renewal->pool, with->state, remote->times_file,
                              bearer_span_of(text));
}

static void end(bearer_remote *remote)
{
    bearer_renewal *renewal = remote->renewal;

    remote->renewal = NULL;
    if (renewal->lock >= 0)
        bearer_state_unlock(renewal->lock);
    apr_pool_destroy(renewal->pool);
}

static void end_booked(bearer_remote *remote, const bearer_means *with)
{
    const char *error = write_schedule(remote->renewal, with, remote);

    if (error != NULL)
        bearer_log_line(with->log, BEARER_LOG_ERROR, "%s: %s", remote->source, error);
    remote->next = remote->renewal->schedule.due;
    end(remote);
}

/* How it goes on; who keeps nothing asks once. */
static const char *prospect(const bearer_renewal *renewal, const bearer_means *with,
                            const char *what)
{
    return with->state == NULL ? ""
        : apr_psprintf(renewal->pool, "; %s in %" APR_INT64_T_FMT " s", what,
                       renewal->schedule.due - with->now);
}

/* The same complaint again and again is no news. */
static void fail(bearer_remote *remote, const bearer_means *with, const char *error)
{
    bearer_renewal *renewal = remote->renewal;
    const char *before = renewal->schedule.error;
    const char *words = bearer_remote_words(renewal->pool, remote, with->now);
    bool news = before == NULL || strcmp(before, error) != 0;

    bearer_schedule_fail(&renewal->schedule, renewal->why, with->now, error);
    bearer_log_line(with->log, news ? BEARER_LOG_WARNING : BEARER_LOG_INFO,
                    "%s: no keys were fetched: %s%s", remote->source, error,
                    prospect(renewal, with, apr_pstrcat(renewal->pool, words, "; next attempt",
                                                        NULL)));
    end_booked(remote, with);
}

static void succeed(bearer_remote *remote, const bearer_means *with, const bearer_fetched *answer,
                    const char *what)
{
    bearer_renewal *renewal = remote->renewal;
    uint32_t chance = 0;

    RAND_bytes((unsigned char *)&chance, sizeof(chance));
    bearer_schedule_succeed(&renewal->schedule, with->now, answer->fresh, remote->terms.refresh,
                            chance);
    remote->confirmed = with->now;
    bearer_log_line(with->log, BEARER_LOG_INFO, "%s: %s%s", remote->source, what,
                    prospect(renewal, with, "next look"));
    end_booked(remote, with);
}

static void ask(bearer_remote *remote, const bearer_means *with, const char *url, const char *etag,
                size_t limit)
{
    bearer_renewal *renewal = remote->renewal;

    renewal->asking = url;
    renewal->etag = etag;
    renewal->fetch = bearer_fetch_start(renewal->pool, with->fetcher, url, etag,
                                        &remote->terms.access, limit);
}

static void ask_for_keys(bearer_remote *remote, const bearer_means *with)
{
    const bearer_renewal *renewal = remote->renewal;
    const char *etag = NULL;

    if (renewal->saved.source != NULL && strcmp(renewal->saved.uri, renewal->uri) == 0
        && strcmp(renewal->saved.digest, remote->digest) == 0)
        etag = renewal->saved.etag;
    ask(remote, with, renewal->uri, etag, BEARER_JWK_MAX_BYTES);
}

static void ask_for_metadata(bearer_remote *remote, const bearer_means *with)
{
    bearer_renewal *renewal = remote->renewal;
    const char *url = bearer_address_metadata(renewal->pool, remote->source, renewal->place);

    if (url != NULL)
        ask(remote, with, url, NULL, BEARER_METADATA_MAX_BYTES);
    else
        fail(remote, with, renewal->complaints);
}

/* One line an answer; finding: what is in it, if it was read. */
static void tell(const bearer_renewal *renewal, const bearer_means *with,
                 const bearer_fetched *answer, const char *finding)
{
    bearer_log_line(with->log, BEARER_LOG_DEBUG, "%s: %s%s%s", renewal->asking,
                    bearer_fetched_words(renewal->pool, answer), finding != NULL ? "; it " : "",
                    finding != NULL ? finding : "");
}

static void read_metadata(bearer_remote *remote, const bearer_means *with,
                          const bearer_fetched *answer)
{
    bearer_renewal *renewal = remote->renewal;
    const char *refused = bearer_fetched_refuse(renewal->pool, answer), *error = refused;

    if (refused == NULL)
        renewal->uri = bearer_metadata_jwks_uri(renewal->pool, answer->body, remote->source,
                                                &error);
    if (renewal->uri != NULL) {
        tell(renewal, with, answer, apr_pstrcat(renewal->pool, "names ", renewal->uri, NULL));
        ask_for_keys(remote, with);
        return;
    }
    tell(renewal, with, answer, refused == NULL ? error : NULL);
    renewal->complaints = apr_pstrcat(renewal->pool,
                                      renewal->complaints != NULL ? renewal->complaints : "",
                                      renewal->complaints != NULL ? ", " : "", renewal->asking,
                                      ": ", error, NULL);
    renewal->place++;
    ask_for_metadata(remote, with);
}

/* For the other processes, and for the time when the source does not answer. */
static const char *keep(bearer_remote *remote, const bearer_means *with,
                        const bearer_fetched *answer, const char *digest)
{
    bearer_renewal *renewal = remote->renewal;
    bearer_saved saved = {
        .source = remote->source, .uri = renewal->uri, .etag = answer->etag, .confirmed = with->now
    };
    char *text;

    if (with->state == NULL)
        return NULL;
    memcpy(saved.digest, digest, sizeof(saved.digest));
    text = bearer_saved_write(renewal->pool, &saved, answer->body);
    if (text == NULL
        || bearer_saved_read(renewal->pool, bearer_span_of(text), remote->source, &saved) != NULL)
        return "cannot be kept: it nests too deep, its address is too long, or memory failed";
    return bearer_state_write(renewal->pool, with->state, remote->keys_file, bearer_span_of(text));
}

/* NULL and *set, or why the document is no set to be used. */
static const char *take_document(bearer_remote *remote, const bearer_means *with,
                                 const bearer_fetched *answer, bearer_keyset **set)
{
    bearer_renewal *renewal = remote->renewal;
    char digest[BEARER_SAVED_DIGEST + 1];
    bearer_named_log named = { with->log, renewal->asking };
    const bearer_key *const *keys;
    const char *error;

    keys = bearer_jwk_read(renewal->pool, answer->body, &(bearer_log){ bearer_log_named, &named },
                           &error);
    if (keys == NULL)
        return error;
    if (*keys == NULL)
        return "holds no usable key";
    *set = bearer_saved_digest(answer->body, digest) ? bearer_keyset_of(keys) : NULL;
    if (*set == NULL)
        return "cannot be used: memory failed";
    error = keep(remote, with, answer, digest);
    if (error == NULL)
        memcpy(remote->digest, digest, sizeof(remote->digest));
    return error;
}

static bool is_the_same(const bearer_remote *remote, const bearer_fetched *answer)
{
    const bearer_saved *saved = &remote->renewal->saved;
    char digest[BEARER_SAVED_DIGEST + 1];

    return saved->source != NULL && strcmp(saved->uri, remote->renewal->uri) == 0
        && strcmp(saved->digest, remote->digest) == 0
        && bearer_saved_digest(answer->body, digest) && strcmp(digest, remote->digest) == 0;
}

static void read_set(bearer_remote *remote, const bearer_means *with, const bearer_fetched *answer)
{
    bearer_renewal *renewal = remote->renewal;
    const char *error = NULL;
    bearer_keyset *set = NULL;

    tell(renewal, with, answer, NULL);
    if (answer->status == 304 && renewal->etag != NULL) {
        succeed(remote, with, answer, "the keys are as they were (304)");
        return;
    }
    error = bearer_fetched_refuse(renewal->pool, answer);
    if (error == NULL && is_the_same(remote, answer)) {
        succeed(remote, with, answer, "the keys are as they were");
        return;
    }
    if (error == NULL)
        error = take_document(remote, with, answer, &set);
    if (error != NULL) {
        bearer_keyset_release(set);
        fail(remote, with, apr_psprintf(renewal->pool, "%s: %s", renewal->asking, error));
        return;
    }
    bearer_keyset_release(remote->arrived);
    remote->arrived = set;
    succeed(remote, with, answer, apr_psprintf(renewal->pool, "%" APR_SIZE_T_FMT
                                               " keys fetched from %s", bearer_keyset_count(set),
                                               renewal->asking));
}

static void read_schedule(bearer_remote *remote, const bearer_means *with)
{
    bearer_renewal *renewal = remote->renewal;
    bearer_stamp stamp;
    bearer_span text;
    const char *error;

    if (bearer_state_read(renewal->pool, with->state, remote->times_file, BEARER_SAVED_FRAME,
                          &stamp, &text, &error) == BEARER_STATE_READ
        && bearer_schedule_read(renewal->pool, text, &renewal->schedule)
        && remote->kept && renewal->schedule.confirmed > remote->confirmed)
        remote->confirmed = renewal->schedule.confirmed;
}

static void read_kept(bearer_renewal *renewal, const bearer_remote *remote,
                      const bearer_means *with)
{
    bearer_stamp stamp;
    bearer_span text;
    const char *error;

    if (bearer_state_read(renewal->pool, with->state, remote->keys_file,
                          BEARER_JWK_MAX_BYTES + BEARER_SAVED_FRAME, &stamp, &text, &error)
            != BEARER_STATE_READ
        || bearer_saved_read(renewal->pool, text, remote->source, &renewal->saved) != NULL)
        renewal->saved.source = NULL;
}

/* What another process kept meanwhile is as good as keys: the next look takes it. */
static bool is_keyless(const bearer_remote *remote, const bearer_means *with)
{
    if (bearer_remote_has_keys(remote, with->now))
        return false;
    return with->state == NULL
        || !bearer_state_changed(with->state, remote->keys_file, &remote->keys_stamp);
}

static bool is_time(bearer_remote *remote, const bearer_means *with)
{
    bearer_renewal *renewal = remote->renewal;
    bearer_need need = {
        .keyless = is_keyless(remote, with),
        .asked = atomic_load(&remote->asked),
        .refresh = remote->terms.refresh,
    };

    renewal->why = bearer_schedule_decide(&renewal->schedule, &need, with->now, &remote->next);
    if (renewal->why != BEARER_RENEW_NOT || need.asked < renewal->schedule.begun)
        atomic_store(&remote->asked, 0);        /* served by this attempt, or by a later one */
    return renewal->why != BEARER_RENEW_NOT;
}

/* Nothing is sent that is not booked. */
static bool book(bearer_remote *remote, const bearer_means *with)
{
    bearer_renewal *renewal = remote->renewal;
    const char *error;

    bearer_schedule_begin(&renewal->schedule, renewal->why, with->now);
    error = write_schedule(renewal, with, remote);
    if (error == NULL)
        return true;
    bearer_log_line(with->log, BEARER_LOG_ERROR, "%s: nothing is fetched: %s", remote->source,
                    error);
    remote->next = with->now + UNWRITABLE_PAUSE;
    return false;
}

static bool take_lock(bearer_remote *remote, const bearer_means *with, int *lock)
{
    char why[120];

    *lock = BEARER_STATE_FAILED;
    if (with->state == NULL)
        return true;
    *lock = bearer_state_lock(with->state, remote->lock_file);
    if (*lock >= 0)
        return true;
    remote->next = with->now + 1;               /* another process is at it */
    if (*lock == BEARER_STATE_FAILED) {
        bearer_log_line(with->log, BEARER_LOG_ERROR,
                        "%s: nothing is fetched: %s in the state directory cannot be locked: %s",
                        remote->source, remote->lock_file, apr_strerror(errno, why, sizeof(why)));
        remote->next = with->now + UNWRITABLE_PAUSE;
    }
    return false;
}

static void ask_first(bearer_remote *remote, const bearer_means *with)
{
    if (with->state != NULL)
        read_kept(remote->renewal, remote, with);
    if (remote->discovered) {
        ask_for_metadata(remote, with);
        return;
    }
    remote->renewal->uri = remote->source;
    ask_for_keys(remote, with);
}

static void begin(bearer_remote *remote, const bearer_means *with)
{
    apr_pool_t *pool;
    int lock;

    if (!take_lock(remote, with, &lock))
        return;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        abort();
    remote->renewal = apr_pcalloc(pool, sizeof(*remote->renewal));
    remote->renewal->pool = pool;
    remote->renewal->lock = lock;
    if (with->state != NULL)
        read_schedule(remote, with);
    if (is_time(remote, with) && book(remote, with))
        ask_first(remote, with);
    else
        end(remote);
}

/* A token asked since the schedule was looked at. */
static bool is_called(bearer_remote *remote)
{
    int64_t asked = atomic_load_explicit(&remote->asked, memory_order_relaxed);
    bool news = asked != remote->heard;

    remote->heard = asked;
    return news && asked != 0;
}

void bearer_renew_step(bearer_remote *remote, const bearer_means *with)
{
    const bearer_renewal *renewal = remote->renewal;
    const bearer_fetched *answer;

    if (renewal == NULL) {
        if (is_called(remote) || with->now >= remote->next)
            begin(remote, with);
        return;
    }
    answer = bearer_fetch_result(renewal->fetch, with->now);
    if (answer == NULL)
        return;
    if (renewal->uri != NULL)
        read_set(remote, with, answer);
    else
        read_metadata(remote, with, answer);
}

void bearer_renew_abandon(bearer_remote *remote, const bearer_means *with)
{
    bearer_renewal *renewal = remote->renewal;

    if (renewal == NULL)
        return;
    bearer_schedule_abandon(&renewal->schedule, renewal->why, with->now);
    end_booked(remote, with);
}
