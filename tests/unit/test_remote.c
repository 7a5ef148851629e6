#include <sys/stat.h>
#include <unistd.h>
#include "sign.h"
#include "statedir.h"
#include "bearer/remote.h"
#include "bearer/renew.h"
#include "bearer/schedule.h"

#define NOW INT64_C(1700000000)
#define SOURCE "https://issuer.example/a"
#define MAX_STALE 1000

/* One process's view of the source and of the one state directory. */
typedef struct {
    bearer_remote *remote;
    bearer_state *state;
} view;

static view view_of(const char *source)
{
    bearer_terms terms = bearer_terms_default;
    view made;

    terms.max_stale = MAX_STALE;
    mkdir(temp_path("state"), 0700);                        /* the first one makes it */
    made.state = statedir_open();
    made.remote = bearer_remote_make(test_pool, source, true, &terms);
    return made;
}

static bearer_keyset *look(const view *at, int64_t now)
{
    bearer_means with = { .state = at->state, .now = now, .log = &test_log };
    bearer_keyset *set;
    apr_pool_t *pool;

    assert_int_equal(apr_pool_create(&pool, test_pool), APR_SUCCESS);
    set = bearer_remote_look(pool, at->remote, &with);
    apr_pool_destroy(pool);                                 /* the set does not need it */
    return set;
}

/* The kid of the one key that came; "-" if nothing new did. */
static const char *kid_at(const view *at, int64_t now)
{
    bearer_keyset *set = look(at, now);
    const char *kid = "-";

    if (set == NULL)
        return kid;
    assert_int_equal(bearer_keyset_count(set), 1);
    kid = apr_pstrdup(test_pool, bearer_keyset_at(set, 0)->kid);
    bearer_keyset_release(set);
    return kid;
}

static const char *set_of(const char *kid)
{
    return apr_psprintf(test_pool, "{\"keys\":[%s]}",
                        public_jwk(make_key("ED25519"),
                                   apr_psprintf(test_pool, "\"kid\":\"%s\",", kid)));
}

/* What another process keeps of this source. */
static void keep_of(const view *at, const char *source, const char *set, int64_t confirmed)
{
    bearer_saved saved = { .source = source, .uri = "https://issuer.example/keys",
                           .confirmed = confirmed };
    const char *text;

    assert_true(bearer_saved_digest(bearer_span_of(set), saved.digest));
    text = bearer_saved_write(test_pool, &saved, bearer_span_of(set));
    assert_non_null(text);
    assert_null(bearer_state_write(test_pool, at->state, at->remote->keys_file,
                                   bearer_span_of(text)));
}

static void keep(const view *at, const char *set, int64_t confirmed)
{
    keep_of(at, SOURCE, set, confirmed);
}

static void put_keys(const view *at, bearer_span text)
{
    assert_null(bearer_state_write(test_pool, at->state, at->remote->keys_file, text));
}

static void confirm(const view *at, int64_t confirmed)
{
    bearer_schedule schedule = { .begun = confirmed, .due = confirmed + 10,
                                 .confirmed = confirmed };

    assert_null(bearer_state_write(test_pool, at->state, at->remote->times_file,
                                   bearer_span_of(bearer_schedule_write(test_pool, &schedule))));
}

static const char *kept_at(const view *at)
{
    return statedir_path(at->remote->keys_file);
}

static void done(const view *at)
{
    unlink(kept_at(at));
    unlink(statedir_path(at->remote->times_file));
    assert_int_equal(rmdir(temp_path("state")), 0);
}

/* One step towards a renewal; nobody listens there, and nothing waits for it. */
static void step(const view *at, bearer_fetcher *fetcher, int64_t now)
{
    bearer_means with = { at->state, fetcher, now, &test_log };

    bearer_renew_step(at->remote, &with);
}

static bearer_schedule schedule_at(const view *at)
{
    bearer_schedule schedule = { 0 };
    bearer_stamp stamp;
    bearer_span text;
    const char *error;

    if (bearer_state_read(test_pool, at->state, at->remote->times_file, 4096, &stamp, &text, &error)
        == BEARER_STATE_READ)
        bearer_schedule_read(test_pool, text, &schedule);
    return schedule;
}

static void give_up(const view *at, bearer_fetcher *fetcher, int64_t now)
{
    bearer_means with = { at->state, fetcher, now, &test_log };

    bearer_renew_abandon(at->remote, &with);
    unlink(statedir_path(at->remote->lock_file));
}

/* The next attempt was to be in the future of a clock that went wrong. */
static void a_clock_set_back(void **state)
{
    view one = view_of("http://127.0.0.1:1");
    bearer_fetcher *fetcher = bearer_fetcher_open(test_pool);

    (void)state;
    confirm(&one, NOW);
    step(&one, fetcher, NOW);
    assert_null(one.remote->renewal);
    assert_int_equal(one.remote->next, NOW + 1);            /* without keys */
    one.remote->next = NOW + 3600;
    step(&one, fetcher, NOW + 2);
    assert_null(one.remote->renewal);
    step(&one, fetcher, NOW - 7200);
    assert_non_null(one.remote->renewal);
    give_up(&one, fetcher, NOW - 7200);
    done(&one);
}

/* The last confirmation is in the schedule alone; who deletes that must not make keys old. */
static void a_schedule_that_is_deleted(void **state)
{
    view one = view_of("http://127.0.0.1:1");
    bearer_fetcher *fetcher = bearer_fetcher_open(test_pool);

    (void)state;
    keep_of(&one, "http://127.0.0.1:1", set_of("a"), NOW - MAX_STALE);
    confirm(&one, NOW);
    assert_string_equal(kid_at(&one, NOW), "a");
    assert_int_equal(one.remote->confirmed, NOW);
    step(&one, fetcher, NOW);
    assert_true(one.remote->next > NOW);
    unlink(statedir_path(one.remote->times_file));
    assert_string_equal(kid_at(&one, NOW + 1), "-");
    step(&one, fetcher, NOW + 1);                           /* it is asked at once */
    assert_non_null(one.remote->renewal);
    assert_int_equal(schedule_at(&one).confirmed, NOW);
    give_up(&one, fetcher, NOW + 1);
    done(&one);
}

/* Asking as often as keys get old would leave none in between. */
static void short_lives_are_renewed_in_time(void **state)
{
    static const struct { int refresh, max_stale, becomes; } rows[] = {
        { 3600, 86400, 3600 }, { 3600, 7200, 3600 }, { 3600, 600, 300 }, { 3600, 1, 1 },
        { 60, 3, 1 }, { 86400, 86400, 43200 }, { 1, 86400, 1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_terms terms = { .refresh = rows[i].refresh, .max_stale = rows[i].max_stale };
        bearer_remote *remote = bearer_remote_make(test_pool, SOURCE, true, &terms);

        row_expect(remote->terms.refresh == rows[i].becomes, "%d and %d: %d", rows[i].refresh,
                   rows[i].max_stale, remote->terms.refresh);
    }
    rows_end();
}

static void what_one_keeps_the_other_takes_once(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE);
    const char *first = set_of("first");

    (void)state;
    assert_string_equal(kid_at(&other, NOW), "-");
    assert_false(bearer_remote_has_keys(other.remote, NOW));
    keep(&one, first, NOW);
    assert_string_equal(kid_at(&other, NOW), "first");
    assert_true(bearer_remote_has_keys(other.remote, NOW));
    assert_string_equal(kid_at(&other, NOW), "-");
    keep(&one, set_of("second"), NOW + 1);
    assert_string_equal(kid_at(&other, NOW + 1), "second");
    assert_string_equal(kid_at(&other, NOW + 2), "-");
    assert_string_equal(kid_at(&one, NOW + 2), "second");   /* a process that starts later */
    keep(&one, first, NOW + 3);
    assert_string_equal(kid_at(&other, NOW + 3), "first");  /* and back again */
    assert_int_equal(log_count(), 0);
    done(&one);
}

/* The same set, found again: nothing to take, but it is confirmed. */
static void the_same_set_is_not_taken_again(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE);
    const char *set = set_of("first");

    (void)state;
    keep(&one, set, NOW);
    assert_string_equal(kid_at(&other, NOW), "first");
    keep(&one, set, NOW + 600);
    assert_string_equal(kid_at(&other, NOW + 600), "-");
    assert_false(bearer_remote_is_stale(other.remote, NOW + MAX_STALE));
    assert_true(bearer_remote_has_keys(other.remote, NOW + 600 + MAX_STALE - 1));
    assert_true(bearer_remote_is_stale(other.remote, NOW + 600 + MAX_STALE));
    keep(&one, set, NOW + 300);                             /* an older word is no news */
    assert_string_equal(kid_at(&other, NOW + 601), "-");
    assert_true(bearer_remote_has_keys(other.remote, NOW + 600 + MAX_STALE - 1));
    assert_int_equal(log_count(), 0);
    done(&one);
}

static void two_sources_do_not_meet(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE "/"), address = view_of(SOURCE);

    (void)state;
    address.remote = bearer_remote_make(test_pool, SOURCE, false, &bearer_terms_default);
    keep(&one, set_of("first"), NOW);
    assert_string_equal(kid_at(&other, NOW), "-");
    assert_string_equal(kid_at(&address, NOW), "-");        /* of a set, not of an issuer */
    assert_int_equal(log_count(), 0);
    keep_of(&other, SOURCE, set_of("first"), NOW);          /* a file that was moved there */
    assert_string_equal(kid_at(&other, NOW), "-");
    assert_int_equal(log_count(), 1);
    assert_int_equal(unlink(kept_at(&other)), 0);
    done(&one);
}

static void a_broken_file_is_told_of_once(void **state)
{
    static const bearer_span broken[] = {
        SPAN_ROW(""), SPAN_ROW("{"), SPAN_ROW("{}"), SPAN_ROW("[]"), SPAN_ROW("\0\0\0\0"),
        SPAN_ROW("{\"keys\":[]}"), SPAN_ROW("{\"version\":2}"),
    };
    view one = view_of(SOURCE), other = view_of(SOURCE);

    (void)state;
    keep(&one, set_of("first"), NOW);
    assert_string_equal(kid_at(&other, NOW), "first");
    for (size_t i = 0; i < COUNT(broken); i++) {
        put_keys(&one, broken[i]);
        log_clear();
        row_expect(strcmp(kid_at(&other, NOW + 1), "-") == 0, "row %zu is taken", i);
        row_expect(log_count() == 1 && strstr(log_text(), SOURCE) != NULL, "row %zu: log: %s", i,
                   log_text());
        row_expect(strcmp(kid_at(&other, NOW + 2), "-") == 0 && log_count() == 1,
                   "row %zu is logged again", i);
        row_expect(bearer_remote_has_keys(other.remote, NOW + MAX_STALE - 1)
                   && !bearer_remote_has_keys(other.remote, NOW + MAX_STALE), "row %zu: the age",
                   i);
    }
    keep(&one, set_of("second"), NOW + 3);
    assert_string_equal(kid_at(&other, NOW + 3), "second");
    done(&one);
    rows_end();
}

/* Sets that come in a whole frame and give no usable key. */
static void a_set_without_keys_is_told_of_once(void **state)
{
    static const char *const sets[] = {
        "{}", "{\"keys\":[]}", "{\"keys\":{}}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
        "{\"keys\":[{\"kty\":\"x\"}]}",
    };
    view one = view_of(SOURCE), other = view_of(SOURCE);

    (void)state;
    keep(&one, set_of("first"), NOW);
    assert_string_equal(kid_at(&other, NOW), "first");
    for (size_t i = 0; i < COUNT(sets); i++) {
        keep(&one, sets[i], NOW + 500);
        log_clear();
        row_expect(strcmp(kid_at(&other, NOW + 500), "-") == 0, "%s is taken", sets[i]);
        row_expect(strcmp(kid_at(&other, NOW + 501), "-") == 0, "%s is taken later", sets[i]);
        row_expect(log_count() == 1, "%s: %d lines", sets[i], log_count());
        row_expect(!bearer_remote_has_keys(other.remote, NOW + MAX_STALE),
                   "%s confirms the keys before it", sets[i]);
    }
    done(&one);
    rows_end();
}

static void what_is_no_file_is_told_of_once(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE);
    const char *path = kept_at(&one);

    (void)state;
    keep(&one, set_of("first"), NOW);
    assert_string_equal(kid_at(&other, NOW), "first");
    assert_int_equal(unlink(path), 0);
    assert_string_equal(kid_at(&other, NOW), "-");
    assert_int_equal(log_count(), 0);                       /* absent is not wrong */
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_string_equal(kid_at(&other, NOW), "-");
    assert_string_equal(kid_at(&other, NOW + 1), "-");
    assert_int_equal(log_count(), 1);
    assert_true(bearer_remote_has_keys(other.remote, NOW + 1));
    done(&one);
}

/* Another process was told that the keys are as they were, which only the schedule says. */
static void confirmed_by_another(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE);

    (void)state;
    keep(&one, set_of("first"), NOW);
    confirm(&one, NOW);
    assert_string_equal(kid_at(&other, NOW), "first");
    assert_false(bearer_remote_is_stale(other.remote, NOW + MAX_STALE - 1));
    assert_string_equal(kid_at(&other, NOW + MAX_STALE), "-");
    assert_true(bearer_remote_is_stale(other.remote, NOW + MAX_STALE));
    assert_false(bearer_remote_has_keys(other.remote, NOW + MAX_STALE));
    confirm(&one, NOW + MAX_STALE + 5);
    assert_string_equal(kid_at(&other, NOW + MAX_STALE + 6), "-");
    assert_false(bearer_remote_is_stale(other.remote, NOW + MAX_STALE + 6));
    assert_true(bearer_remote_has_keys(other.remote, NOW + MAX_STALE + 6));
    assert_true(bearer_remote_is_stale(other.remote, NOW + 2 * MAX_STALE + 5));
    assert_int_equal(log_count(), 0);
    done(&one);
}

/* What is confirmed is the set that the source has now, not one before it. */
static void another_set_is_confirmed(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE);

    (void)state;
    keep(&one, set_of("first"), NOW);
    assert_string_equal(kid_at(&other, NOW), "first");
    put_keys(&one, SPAN("{"));                              /* a second set, spoilt on the disk */
    confirm(&one, NOW + MAX_STALE + 5);
    assert_string_equal(kid_at(&other, NOW + MAX_STALE + 6), "-");
    assert_string_equal(kid_at(&other, NOW + MAX_STALE + 7), "-");
    assert_false(bearer_remote_has_keys(other.remote, NOW + MAX_STALE + 7));
    keep(&one, set_of("third"), NOW + MAX_STALE + 8);
    assert_string_equal(kid_at(&other, NOW + MAX_STALE + 8), "third");
    assert_true(bearer_remote_has_keys(other.remote, NOW + MAX_STALE + 8));
    done(&one);
}

static void kept_too_long(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE);

    (void)state;
    keep(&one, set_of("first"), NOW - MAX_STALE);
    bearer_keyset_release(look(&other, NOW));
    assert_false(bearer_remote_has_keys(other.remote, NOW));
    assert_true(bearer_remote_is_stale(other.remote, NOW));
    done(&one);
}

static void asking_keeps_the_first_time(void **state)
{
    view at = view_of(SOURCE);

    (void)state;
    assert_int_equal(atomic_load(&at.remote->asked), 0);
    bearer_remote_ask(at.remote, NOW);
    bearer_remote_ask(at.remote, NOW + 5);
    bearer_remote_ask(at.remote, NOW - 5);
    assert_int_equal(atomic_load(&at.remote->asked), NOW);
    atomic_store(&at.remote->asked, 0);
    bearer_remote_ask(at.remote, NOW + 10);
    assert_int_equal(atomic_load(&at.remote->asked), NOW + 10);
    done(&at);
}

static void without_a_state_directory(void **state)
{
    bearer_remote *remote = bearer_remote_make(test_pool, SOURCE, true, &bearer_terms_default);
    bearer_means with = { .now = NOW, .log = &test_log };

    (void)state;
    assert_null(bearer_remote_look(test_pool, remote, &with));
    assert_false(bearer_remote_has_keys(remote, NOW));
    assert_true(bearer_remote_is_stale(remote, NOW));
    assert_int_equal(log_count(), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_one_keeps_the_other_takes_once), TEST(the_same_set_is_not_taken_again),
        TEST(two_sources_do_not_meet), TEST(a_broken_file_is_told_of_once),
        TEST(a_set_without_keys_is_told_of_once), TEST(what_is_no_file_is_told_of_once),
        TEST(confirmed_by_another), TEST(another_set_is_confirmed), TEST(kept_too_long),
        TEST(asking_keeps_the_first_time), TEST(without_a_state_directory),
        TEST(a_clock_set_back), TEST(a_schedule_that_is_deleted),
        TEST(short_lives_are_renewed_in_time),
    };

    return tests_run(tests);
}
