#include "bearer/renew.h"
#include "bearer/inquiry.h"
#include "bearer/schedule.h"

#include <errno.h>
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
    bearer_inquiry *inquiry;
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

/* Times and sizes in a complaint do not make it another one. */
static bool is_same_complaint(const char *a, const char *b)
{
    static const char digits[] = "0123456789";

    for (;;) {
        a += strspn(a, digits);
        b += strspn(b, digits);
        if (*a == '\0' || *a != *b)
            return *a == *b;
        a++;
        b++;
    }
}

/* The same complaint again and again is no news, but for a process that begins: its log may be a
 * new one. */
static void fail(bearer_remote *remote, const bearer_means *with, const char *error)
{
    bearer_renewal *renewal = remote->renewal;
    const char *before = renewal->schedule.error;
    const char *words = bearer_remote_words(renewal->pool, remote, with->now);
    bool news = !remote->complained || before == NULL || !is_same_complaint(before, error);

    remote->complained = true;
    apr_cpystrn(remote->failure, error, sizeof(remote->failure));
    bearer_schedule_fail(&renewal->schedule, renewal->why, with->now, error);
    bearer_log_line(with->log, news ? BEARER_LOG_WARNING : BEARER_LOG_INFO,
                    "%s: no keys were fetched: %s%s", remote->source, error,
                    prospect(renewal, with, apr_pstrcat(renewal->pool, words, "; next attempt",
                                                        NULL)));
    end_booked(remote, with);
}

/* Whoever was warned is told of the end. */
static void succeed(bearer_remote *remote, const bearer_means *with, bearer_outcome outcome)
{
    bearer_renewal *renewal = remote->renewal;
    bool again = renewal->schedule.error != NULL;
    uint32_t chance = 0;

    RAND_bytes((unsigned char *)&chance, sizeof(chance));
    bearer_schedule_succeed(&renewal->schedule, with->now, outcome.fresh, remote->terms.refresh,
                            chance);
    remote->confirmed = with->now;
    remote->failure[0] = '\0';
    bearer_log_line(with->log, again ? BEARER_LOG_NOTICE : BEARER_LOG_INFO, "%s: %s%s%s",
                    remote->source, again ? "works again: " : "", outcome.words,
                    prospect(renewal, with, "next look"));
    end_booked(remote, with);
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
    apr_cpystrn(remote->failure, renewal->schedule.error != NULL ? renewal->schedule.error : "",
                sizeof(remote->failure));
    if (remote->kept && renewal->schedule.confirmed < remote->confirmed)
        renewal->schedule.confirmed = remote->confirmed;        /* the file was deleted */
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

static void begin(bearer_remote *remote, const bearer_means *with)
{
    apr_pool_t *pool;
    int lock;

    if (!take_lock(remote, with, &lock))
        return;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        if (lock >= 0)
            bearer_state_unlock(lock);
        remote->next = with->now + 1;
        return;
    }
    remote->renewal = apr_pcalloc(pool, sizeof(*remote->renewal));
    remote->renewal->pool = pool;
    remote->renewal->lock = lock;
    if (with->state != NULL)
        read_schedule(remote, with);
    if (is_time(remote, with) && book(remote, with))
        remote->renewal->inquiry = bearer_inquiry_start(pool, remote, with);
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
    bearer_outcome outcome;

    if (with->now < remote->seen)
        remote->next = 0;
    remote->seen = with->now;
    if (remote->renewal == NULL) {
        if (is_called(remote) || with->now >= remote->next)
            begin(remote, with);
        return;
    }
    outcome = bearer_inquiry_step(remote->renewal->inquiry, remote, with);
    if (outcome.end == BEARER_INQUIRY_FAILED)
        fail(remote, with, outcome.words);
    if (outcome.end == BEARER_INQUIRY_DONE)
        succeed(remote, with, outcome);
}

void bearer_renew_abandon(bearer_remote *remote, const bearer_means *with)
{
    bearer_renewal *renewal = remote->renewal;

    if (renewal == NULL)
        return;
    bearer_schedule_abandon(&renewal->schedule, renewal->why, with->now);
    end_booked(remote, with);
}
