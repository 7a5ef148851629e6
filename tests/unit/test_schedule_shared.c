/* The schedule as processes share it: as text, and through an hour of chance. */
#include "support.h"
#include "bearer/schedule.h"

#define START INT64_C(1700000000)
#define HOUR 3600
#define PROCESSES 4
#define RUNS 300

static bool same(const bearer_schedule *a, const bearer_schedule *b)
{
    const char *error = a->error != NULL ? a->error : "-";

    return a->begun == b->begun && a->asked == b->asked && a->due == b->due
        && a->confirmed == b->confirmed && a->failures == b->failures
        && strcmp(error, b->error != NULL ? b->error : "-") == 0;
}

static void round_trip(void **state)
{
    static const bearer_schedule rows[] = {
        { 0 },
        { START, START + 1, START + 2, START + 3, 4, "refused" },
        { START, 0, START + 3600, START, 0, NULL },
        { 1, 2, 3, 4, 1000, "a \"quote\", a \\, a \n and \xc3\xa4" },
        { INT64_C(253402300799), 0, INT64_C(253402300799), 0, 1, "%s%n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_schedule read = { 9, 9, 9, 9, 9, "x" };
        const char *text = bearer_schedule_write(test_pool, &rows[i]);

        row_expect(bearer_schedule_read(test_pool, tight_text(text), &read), "%s", text);
        row_expect(same(&read, &rows[i]), "%s reads otherwise", text);
    }
    rows_end();
}

/* A text for the log must not cost the schedule. */
static void an_error_that_is_no_text(void **state)
{
    bearer_schedule schedule = { START, 0, START + 4, 0, 3, "\xff\xfe" }, read;
    const char *text = bearer_schedule_write(test_pool, &schedule);

    (void)state;
    assert_true(bearer_schedule_read(test_pool, tight_text(text), &read));
    assert_int_equal(read.due, START + 4);
    assert_int_equal(read.failures, 3);
}

static const test_member whole[] = {
    { "begun", "1700000000" }, { "asked", "1700000001" }, { "due", "1700000002" },
    { "confirmed", "1700000003" }, { "failures", "4" }, { "error", "\"refused\"" }, { NULL, NULL },
};

static void expect_zeros(const char *name, bearer_span text)
{
    static const bearer_schedule zeros = { 0 };
    bearer_schedule read = { 9, 9, 9, 9, 9, "x" };

    row_expect(!bearer_schedule_read(test_pool, tight(text), &read), "%s is read", name);
    row_expect(same(&read, &zeros), "%s: not all zero", name);
}

static void members(void **state)
{
    static const char *const times[] = {
        NULL, "null", "true", "\"1700000000\"", "[]", "{}", "-1", "-0.5", "253402300800", "1e300",
        "9223372036854775807", "9223372036854775808", "99999999999999999999999999",
    };
    static const char *const errors[] = { NULL, "null", "1", "[]", "{}", "\"a\\u0000b\"" };

    (void)state;
    for (const test_member *member = whole; member->name != NULL; member++) {
        bool is_error = strcmp(member->name, "error") == 0;
        size_t count = is_error ? COUNT(errors) : COUNT(times);

        for (size_t i = 0; i < count; i++) {
            test_member edits[] = { { member->name, is_error ? errors[i] : times[i] },
                                    { NULL, NULL } };
            const char *text = object_text(whole, edits, NULL);

            expect_zeros(text, bearer_span_of(text));
        }
    }
    rows_end();
}

static void garbage(void **state)
{
    static const bearer_span texts[] = {
        SPAN_ROW(""), SPAN_ROW("{"), SPAN_ROW("{}"), SPAN_ROW("null"), SPAN_ROW("[]"),
        SPAN_ROW("\0\0\0\0"), SPAN_ROW("\xff"), SPAN_ROW("1700000000 1700000000 0 0 0"),
    };
    const char *good = object_text(whole, NULL, NULL);
    bearer_schedule read;

    (void)state;
    assert_true(bearer_schedule_read(test_pool, tight_text(good), &read));
    for (size_t i = 0; i < COUNT(texts); i++)
        expect_zeros(texts[i].ptr, texts[i]);
    expect_zeros("two", bearer_span_of(apr_pstrcat(test_pool, good, good, NULL)));
    for (size_t len = 0; len < strlen(good); len++)         /* a write that was cut short */
        expect_zeros("cut", (bearer_span){ good, len });
    rows_end();
}

/* Whatever the file says, the source is asked again: no pause is longer than what this process
 * knows. */
static void no_file_stops_for_ever(void **state)
{
    static const int failures[] = { 0, 1, 3, 100, 1000000 };
    static const bearer_need need = { .refresh = 3600 };

    (void)state;
    for (size_t i = 0; i < COUNT(failures); i++) {
        bearer_schedule schedule = { START, 0, INT64_C(253402300799), START, failures[i], NULL };
        int64_t next;

        row_expect(bearer_schedule_decide(&schedule, &need, START + 3600, &next)
                   == BEARER_RENEW_DUE, "%d failures", failures[i]);
        bearer_schedule_begin(&schedule, BEARER_RENEW_DUE, START + 3600);
        row_expect(schedule.due > START + 3600 && schedule.due <= START + 3660,
                   "%d failures: booked", failures[i]);
    }
    rows_end();
}

/* A small generator, so that a run that fails fails again. */
static uint32_t roll(uint32_t *seed, uint32_t sides)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % sides;
}

/* What a watcher outside knows of the attempts. */
typedef struct {
    int64_t asked;                  /* the last one that was asked for */
    int64_t begun;                  /* the last one */
    int64_t not_before;             /* the next due one */
    int failed;                     /* of due ones, in a row; those that nobody ended too */
} watcher;

static int64_t ladder(int failed)
{
    static const int pauses[] = { 1, 1, 2, 4, 8, 16, 32, 60 };

    return pauses[failed < 7 ? failed : 7];
}

/* The end of an attempt by chance: well, badly, given up, or by a crash. */
static void finish(bearer_schedule *schedule, watcher *seen, bearer_renew why, int64_t now,
                   int refresh, uint32_t *seed)
{
    uint32_t end = roll(seed, 8);

    if (end < 2) {
        bearer_schedule_succeed(schedule, now, (int64_t)roll(seed, 200) - 1, refresh,
                                roll(seed, UINT32_MAX));
        seen->failed = 0;
        seen->not_before = seen->begun + 27;                /* 30, less a tenth */
    }
    else if (end < 6) {
        bearer_schedule_fail(schedule, why, now, "refused");
        if (why == BEARER_RENEW_DUE)
            seen->not_before = now + ladder(seen->failed);
    }
    else if (end < 7) {
        bearer_schedule_abandon(schedule, why, now);
        if (why == BEARER_RENEW_DUE) {
            seen->failed--;
            seen->not_before = now;
        }
    }
}

static void begin(bearer_schedule *schedule, watcher *seen, bearer_renew why, int64_t now,
                  const bearer_need *need)
{
    int64_t allowed = seen->not_before;

    if (why == BEARER_RENEW_ASKED) {
        row_expect(now - seen->asked >= BEARER_ASKED_SECONDS, "asked after %" APR_INT64_T_FMT,
                   now - seen->asked);
        seen->asked = now;
    }
    else {
        if (need->keyless && seen->failed == 0 && seen->begun + 1 < allowed)
            allowed = seen->begun + 1;
        row_expect(now >= allowed, "%" APR_INT64_T_FMT " s early, failed %d times",
                   allowed - now, seen->failed);
        seen->failed++;
        seen->not_before = now + ladder(seen->failed);
    }
    seen->begun = now;
    bearer_schedule_begin(schedule, why, now);
}

/* One process looks, and if it is time, asks; the others wait, for it holds the lock. Returns when
 * the lock is free again. */
static int64_t look(bearer_schedule *schedule, watcher *seen, bearer_need *need, int64_t now,
                    uint32_t *seed)
{
    int64_t next = 0;
    bearer_renew why = bearer_schedule_decide(schedule, need, now, &next);

    if (why == BEARER_RENEW_NOT) {
        row_expect(next > now, "to look again at once");
        if (need->asked < schedule->begun)
            need->asked = 0;
        return now;
    }
    need->asked = 0;
    begin(schedule, seen, why, now, need);
    now += roll(seed, 4) == 0 ? roll(seed, 6) : 0;
    finish(schedule, seen, why, now, need->refresh, seed);
    return now;
}

/* Each second is one of look-ups by processes in any order, and of tokens with unknown keys. */
static void an_hour(uint32_t seed, int *attempts)
{
    bearer_need needs[PROCESSES] = { { true, 0, 3600 }, { true, 0, 3600 }, { true, 0, 30 },
                                     { true, 0, 600 } };
    bearer_schedule schedule = { 0 };
    watcher seen = { 0 };

    for (int64_t now = START; now < START + HOUR; now++) {
        for (int i = 0; i < PROCESSES; i++) {
            bearer_need *need = &needs[roll(&seed, PROCESSES)];
            int64_t before = seen.begun, free_at;

            if (roll(&seed, 20) == 0)
                need->keyless = roll(&seed, 4) == 0;
            if (need->asked == 0 && roll(&seed, 3) == 0)
                need->asked = now;
            free_at = look(&schedule, &seen, need, now, &seed);
            *attempts += seen.begun != before;
            now = free_at;
        }
    }
}

static void an_hour_of_chance(void **state)
{
    int attempts = 0;

    (void)state;
    for (uint32_t seed = 1; seed <= RUNS; seed++)
        an_hour(seed * 2654435761U, &attempts);
    row_expect(attempts > RUNS * 100, "%d attempts: nothing was tried", attempts);
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(round_trip), TEST(an_error_that_is_no_text), TEST(members), TEST(garbage),
        TEST(no_file_stops_for_ever), TEST(an_hour_of_chance),
    };

    return tests_run(tests);
}
