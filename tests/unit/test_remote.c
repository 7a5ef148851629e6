#include <unistd.h>
#include "view.h"

static void keep(const view *at, const char *set, int64_t confirmed)
{
    view_keep(at, SOURCE, set, confirmed);
}

static void put_keys(const view *at, bearer_span text)
{
    assert_null(bearer_state_write(test_pool, at->state, at->remote->keys_file, text));
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
    const char *first = view_set("first");

    (void)state;
    assert_string_equal(view_kid(&other, NOW), "-");
    assert_false(bearer_remote_has_keys(other.remote, NOW));
    keep(&one, first, NOW);
    assert_string_equal(view_kid(&other, NOW), "first");
    assert_true(bearer_remote_has_keys(other.remote, NOW));
    assert_string_equal(view_kid(&other, NOW), "-");
    keep(&one, view_set("second"), NOW + 1);
    assert_string_equal(view_kid(&other, NOW + 1), "second");
    assert_string_equal(view_kid(&other, NOW + 2), "-");
    assert_string_equal(view_kid(&one, NOW + 2), "second");   /* a process that starts later */
    keep(&one, first, NOW + 3);
    assert_string_equal(view_kid(&other, NOW + 3), "first");  /* and back again */
    assert_int_equal(log_count(), 0);
    view_done(&one);
}

/* The same set, found again: nothing to take, but it is confirmed. */
static void the_same_set_is_not_taken_again(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE);
    const char *set = view_set("first");

    (void)state;
    keep(&one, set, NOW);
    assert_string_equal(view_kid(&other, NOW), "first");
    keep(&one, set, NOW + 600);
    assert_string_equal(view_kid(&other, NOW + 600), "-");
    assert_false(bearer_remote_is_stale(other.remote, NOW + MAX_STALE));
    assert_true(bearer_remote_has_keys(other.remote, NOW + 600 + MAX_STALE - 1));
    assert_true(bearer_remote_is_stale(other.remote, NOW + 600 + MAX_STALE));
    keep(&one, set, NOW + 300);                             /* an older word is no news */
    assert_string_equal(view_kid(&other, NOW + 601), "-");
    assert_true(bearer_remote_has_keys(other.remote, NOW + 600 + MAX_STALE - 1));
    assert_int_equal(log_count(), 0);
    view_done(&one);
}

static void two_sources_do_not_meet(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE "/"), address = view_of(SOURCE);

    (void)state;
    address.remote = bearer_remote_make(test_pool, SOURCE, false, &bearer_terms_default);
    keep(&one, view_set("first"), NOW);
    assert_string_equal(view_kid(&other, NOW), "-");
    assert_string_equal(view_kid(&address, NOW), "-");        /* of a set, not of an issuer */
    assert_int_equal(log_count(), 0);
    view_keep(&other, SOURCE, view_set("first"), NOW);          /* a file that was moved there */
    assert_string_equal(view_kid(&other, NOW), "-");
    assert_int_equal(log_count(), 1);
    assert_int_equal(unlink(view_path(&other)), 0);
    view_done(&one);
}

static void a_broken_file_is_told_of_once(void **state)
{
    static const bearer_span broken[] = {
        SPAN_ROW(""), SPAN_ROW("{"), SPAN_ROW("{}"), SPAN_ROW("[]"), SPAN_ROW("\0\0\0\0"),
        SPAN_ROW("{\"keys\":[]}"), SPAN_ROW("{\"version\":2}"),
    };
    view one = view_of(SOURCE), other = view_of(SOURCE);

    (void)state;
    keep(&one, view_set("first"), NOW);
    assert_string_equal(view_kid(&other, NOW), "first");
    for (size_t i = 0; i < COUNT(broken); i++) {
        put_keys(&one, broken[i]);
        log_clear();
        row_expect(strcmp(view_kid(&other, NOW + 1), "-") == 0, "row %zu is taken", i);
        row_expect(log_count() == 1 && strstr(log_text(), SOURCE) != NULL, "row %zu: log: %s", i,
                   log_text());
        row_expect(strcmp(view_kid(&other, NOW + 2), "-") == 0 && log_count() == 1,
                   "row %zu is logged again", i);
        row_expect(bearer_remote_has_keys(other.remote, NOW + MAX_STALE - 1)
                   && !bearer_remote_has_keys(other.remote, NOW + MAX_STALE), "row %zu: the age",
                   i);
    }
    keep(&one, view_set("second"), NOW + 3);
    assert_string_equal(view_kid(&other, NOW + 3), "second");
    view_done(&one);
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
    keep(&one, view_set("first"), NOW);
    assert_string_equal(view_kid(&other, NOW), "first");
    for (size_t i = 0; i < COUNT(sets); i++) {
        keep(&one, sets[i], NOW + 500);
        log_clear();
        row_expect(strcmp(view_kid(&other, NOW + 500), "-") == 0, "%s is taken", sets[i]);
        row_expect(strcmp(view_kid(&other, NOW + 501), "-") == 0, "%s is taken later", sets[i]);
        row_expect(log_count() == 1, "%s: %d lines", sets[i], log_count());
        row_expect(!bearer_remote_has_keys(other.remote, NOW + MAX_STALE),
                   "%s confirms the keys before it", sets[i]);
    }
    view_done(&one);
    rows_end();
}

static void what_is_no_file_is_told_of_once(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE);
    const char *path = view_path(&one);

    (void)state;
    keep(&one, view_set("first"), NOW);
    assert_string_equal(view_kid(&other, NOW), "first");
    assert_int_equal(unlink(path), 0);
    assert_string_equal(view_kid(&other, NOW), "-");
    assert_int_equal(log_count(), 0);                       /* absent is not wrong */
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_string_equal(view_kid(&other, NOW), "-");
    assert_string_equal(view_kid(&other, NOW + 1), "-");
    assert_int_equal(log_count(), 1);
    assert_true(bearer_remote_has_keys(other.remote, NOW + 1));
    view_done(&one);
}

/* Another process was told that the keys are as they were, which only the schedule says. */
static void confirmed_by_another(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE);

    (void)state;
    keep(&one, view_set("first"), NOW);
    view_confirm(&one, NOW);
    assert_string_equal(view_kid(&other, NOW), "first");
    assert_false(bearer_remote_is_stale(other.remote, NOW + MAX_STALE - 1));
    assert_string_equal(view_kid(&other, NOW + MAX_STALE), "-");
    assert_true(bearer_remote_is_stale(other.remote, NOW + MAX_STALE));
    assert_false(bearer_remote_has_keys(other.remote, NOW + MAX_STALE));
    view_confirm(&one, NOW + MAX_STALE + 5);
    assert_string_equal(view_kid(&other, NOW + MAX_STALE + 6), "-");
    assert_false(bearer_remote_is_stale(other.remote, NOW + MAX_STALE + 6));
    assert_true(bearer_remote_has_keys(other.remote, NOW + MAX_STALE + 6));
    assert_true(bearer_remote_is_stale(other.remote, NOW + 2 * MAX_STALE + 5));
    assert_int_equal(log_count(), 0);
    view_done(&one);
}

/* What is confirmed is the set that the source has now, not one before it. */
static void another_set_is_confirmed(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE);

    (void)state;
    keep(&one, view_set("first"), NOW);
    assert_string_equal(view_kid(&other, NOW), "first");
    put_keys(&one, SPAN("{"));                              /* a second set, spoilt on the disk */
    view_confirm(&one, NOW + MAX_STALE + 5);
    assert_string_equal(view_kid(&other, NOW + MAX_STALE + 6), "-");
    assert_string_equal(view_kid(&other, NOW + MAX_STALE + 7), "-");
    assert_false(bearer_remote_has_keys(other.remote, NOW + MAX_STALE + 7));
    keep(&one, view_set("third"), NOW + MAX_STALE + 8);
    assert_string_equal(view_kid(&other, NOW + MAX_STALE + 8), "third");
    assert_true(bearer_remote_has_keys(other.remote, NOW + MAX_STALE + 8));
    view_done(&one);
}

static void kept_too_long(void **state)
{
    view one = view_of(SOURCE), other = view_of(SOURCE);

    (void)state;
    keep(&one, view_set("first"), NOW - MAX_STALE);
    bearer_keyset_release(view_look(&other, NOW));
    assert_false(bearer_remote_has_keys(other.remote, NOW));
    assert_true(bearer_remote_is_stale(other.remote, NOW));
    view_done(&one);
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
    view_done(&at);
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
        TEST(short_lives_are_renewed_in_time),
    };

    return tests_run(tests);
}
