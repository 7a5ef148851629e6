#include "bearer/schedule.h"
#include "bearer/json.h"
#include "bearer/json_text.h"

#include <apr_strings.h>

#define LONGEST_FAILURE 600         /* seconds, from an attempt's begin to the next one's */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t pause_after(int failures)
{
    if (failures > 6)
        return BEARER_RETRY_MOST;
    return least(INT64_C(1) << (failures > 0 ? failures - 1 : 0), BEARER_RETRY_MOST);
}

/* When the next attempt is due for this process: the others may have been told a longer refresh=,
 * or have keys that it lacks. After failures it is the ladder's to say, however short refresh= is;
 * but no attempt and its pause take so long that a time from a spoilt file may stop all others. */
static int64_t due_for(const bearer_schedule *schedule, const bearer_need *need)
{
    int64_t pause = need->keyless ? 1 : need->refresh;

    if (schedule->failures > 0)
        pause = LONGEST_FAILURE;
    return least(schedule->due, schedule->begun + pause);
}

bearer_renew bearer_schedule_decide(const bearer_schedule *schedule, const bearer_need *need,
                                    int64_t now, int64_t *next)
{
    int64_t due = due_for(schedule, need), allowed = schedule->asked + BEARER_ASKED_SECONDS;
    bool asked = need->asked != 0 && need->asked >= schedule->begun;

    *next = asked ? least(due, allowed) : due;
    if (schedule->begun > now || now >= due)
        return BEARER_RENEW_DUE;
    return asked && now >= allowed ? BEARER_RENEW_ASKED : BEARER_RENEW_NOT;
}

static void book_failure(bearer_schedule *schedule, bearer_renew why, int64_t now)
{
    if (why != BEARER_RENEW_DUE)
        return;
    schedule->failures++;
    schedule->due = now + pause_after(schedule->failures);
}

void bearer_schedule_begin(bearer_schedule *schedule, bearer_renew why, int64_t now)
{
    schedule->begun = now;
    if (why == BEARER_RENEW_ASKED)
        schedule->asked = now;
    else if (schedule->asked > now)
        schedule->asked = 0;
    book_failure(schedule, why, now);
}

void bearer_schedule_succeed(bearer_schedule *schedule, int64_t now, int64_t fresh, int refresh,
                             uint32_t chance)
{
    int64_t period = fresh < 0 || fresh > refresh ? refresh : fresh;

    if (period < BEARER_PERIOD_LEAST)
        period = least(BEARER_PERIOD_LEAST, refresh);
    schedule->due = now + period - (int64_t)(chance % (uint32_t)(period / 10 + 1));
    schedule->confirmed = now;
    schedule->failures = 0;
    schedule->error = NULL;
}

void bearer_schedule_fail(bearer_schedule *schedule, bearer_renew why, int64_t now,
                          const char *error)
{
    if (why == BEARER_RENEW_DUE)
        schedule->due = now + pause_after(schedule->failures);
    schedule->error = error;
}

void bearer_schedule_abandon(bearer_schedule *schedule, bearer_renew why, int64_t now)
{
    if (why != BEARER_RENEW_DUE)
        return;
    schedule->failures--;
    schedule->due = now + 1;
}

char *bearer_schedule_write(apr_pool_t *pool, const bearer_schedule *schedule)
{
    const char *error = schedule->error != NULL
                      ? bearer_json_quote(pool, bearer_span_of(schedule->error)) : NULL;

    return apr_psprintf(pool,
                        "{\"begun\":%" APR_INT64_T_FMT ",\"asked\":%" APR_INT64_T_FMT
                        ",\"due\":%" APR_INT64_T_FMT ",\"confirmed\":%" APR_INT64_T_FMT
                        ",\"failures\":%d,\"error\":%s}\n",
                        schedule->begun, schedule->asked, schedule->due, schedule->confirmed,
                        schedule->failures, error != NULL ? error : "\"\"");
}

bool bearer_schedule_read(apr_pool_t *pool, bearer_span text, bearer_schedule *schedule)
{
    bearer_schedule read = { 0 };
    const bearer_json *json;
    int64_t failures;
    bearer_span error;

    *schedule = read;
    if (bearer_json_read(pool, text, &json) != BEARER_JSON_OK
        || bearer_json_time(json, "begun", &read.begun) != BEARER_PRESENT
        || bearer_json_time(json, "asked", &read.asked) != BEARER_PRESENT
        || bearer_json_time(json, "due", &read.due) != BEARER_PRESENT
        || bearer_json_time(json, "confirmed", &read.confirmed) != BEARER_PRESENT
        || bearer_json_time(json, "failures", &failures) != BEARER_PRESENT
        || bearer_json_string(json, "error", &error) != BEARER_PRESENT)
        return false;
    read.failures = (int)least(failures, 1000000);
    read.error = error.len > 0 ? apr_pstrmemdup(pool, error.ptr, error.len) : NULL;
    *schedule = read;
    return true;
}
