/* The state directory as processes share it: replacing files, and locks. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "statedir.h"

#define LARGE 100000

static const char *content(const bearer_state *state, const char *name)
{
    bearer_stamp stamp;

    return statedir_text(state, name, LARGE, &stamp);
}

static bool is_there(const char *name)
{
    struct stat info;

    return lstat(statedir_path(name), &info) == 0;
}

static const char *write_text(const bearer_state *state, const char *text)
{
    return bearer_state_write(test_pool, state, "f", tight_text(text));
}

static void writing(void **state)
{
    bearer_state *to = statedir_fresh();
    struct stat info;

    (void)state;
    assert_null(write_text(to, "one"));
    assert_string_equal(content(to, "f"), "one");
    assert_int_equal(lstat(statedir_path("f"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_null(write_text(to, "second"));
    assert_string_equal(content(to, "f"), "second");
    assert_null(write_text(to, ""));
    assert_string_equal(content(to, "f"), "");
    assert_null(bearer_state_write(test_pool, to, "f", SPAN("a\0b")));
    assert_int_equal(lstat(statedir_path("f"), &info), 0);
    assert_int_equal(info.st_size, 3);
    assert_false(is_there("f.new"));
    statedir_done();
}

/* Who has the old file open reads it to its end; and a write shows, of one size or not. */
static void replaced_in_one_step(void **state)
{
    bearer_state *to = statedir_fresh();
    bearer_stamp stamp;
    bearer_span text;
    const char *error = NULL;
    char old[4] = "";
    int file;

    (void)state;
    assert_null(write_text(to, "one"));
    file = open(statedir_path("f"), O_RDONLY);
    assert_int_equal(bearer_state_read(test_pool, to, "f", LARGE, &stamp, &text, &error),
                     BEARER_STATE_READ);
    assert_null(write_text(to, "two"));
    assert_int_equal(read(file, old, 3), 3);
    close(file);
    assert_string_equal(old, "one");
    assert_true(bearer_state_changed(to, "f", &stamp));
    statedir_done();
}

static int write_in_turns(const bearer_state *to, const char *first, const char *second)
{
    for (int i = 0; i < 50; i++)
        if (write_text(to, i % 2 ? first : second) != NULL)
            return 1;
    return 0;
}

/* A reader beside a writer sees whole files alone. */
static void readers_see_whole_files(void **state)
{
    bearer_state *to = statedir_fresh();
    char *first = apr_pcalloc(test_pool, LARGE), *second = apr_pcalloc(test_pool, LARGE);
    int status, torn = 0;
    apr_pool_t *pool;
    pid_t writer;

    (void)state;
    memset(first, 'a', LARGE - 1);
    memset(second, 'b', LARGE / 2);
    assert_null(write_text(to, first));
    assert_int_equal(apr_pool_create(&pool, test_pool), APR_SUCCESS);
    writer = fork();
    if (writer == 0)
        _exit(write_in_turns(to, first, second));
    while (waitpid(writer, &status, WNOHANG) == 0) {
        bearer_stamp stamp;
        bearer_span text = { "", 0 };
        const char *error;

        bearer_state_read(pool, to, "f", LARGE, &stamp, &text, &error);
        torn += !bearer_span_is(text, first) && !bearer_span_is(text, second);
        apr_pool_clear(pool);
    }
    assert_int_equal(status, 0);
    assert_int_equal(torn, 0);
    statedir_done();
}

static void what_a_dead_writer_left(void **state)
{
    bearer_state *to = statedir_fresh();

    (void)state;
    statedir_put("f", "old");
    statedir_put("f.new", "half");
    assert_string_equal(content(to, "f"), "old");
    assert_null(write_text(to, "new"));
    assert_string_equal(content(to, "f"), "new");
    assert_false(is_there("f.new"));
    statedir_done();
}

static void links_are_not_written_through(void **state)
{
    bearer_state *to = statedir_fresh();
    struct stat info;

    (void)state;
    statedir_put("target", "mine");
    assert_int_equal(symlink("target", statedir_path("f.new")), 0);
    assert_null(write_text(to, "new"));
    assert_string_equal(content(to, "target"), "mine");
    assert_string_equal(content(to, "f"), "new");
    assert_int_equal(unlink(statedir_path("f")), 0);
    assert_int_equal(symlink("target", statedir_path("f")), 0);
    assert_null(write_text(to, "newer"));                   /* replaces the link */
    assert_string_equal(content(to, "target"), "mine");
    assert_string_equal(content(to, "f"), "newer");
    assert_int_equal(lstat(statedir_path("f"), &info), 0);
    assert_true(S_ISREG(info.st_mode));
    statedir_done();
}

static void what_cannot_be_written(void **state)
{
    bearer_state *to = statedir_fresh();
    const char *error;

    (void)state;
    assert_int_equal(mkdir(statedir_path("f"), 0700), 0);
    error = write_text(to, "text");
    assert_non_null(error);
    assert_non_null(strstr(error, "state/f"));
    assert_int_equal(rmdir(statedir_path("f")), 0);
    unlink(statedir_path("f.new"));
    assert_int_equal(mkdir(statedir_path("f.new"), 0700), 0);
    assert_non_null(write_text(to, "text"));
    statedir_done();
    assert_non_null(write_text(to, "text"));                /* the folder is gone */
    assert_string_equal(content(to, "f"), "-");
    assert_int_equal(bearer_state_lock(to, "lock"), BEARER_STATE_FAILED);
}

static void holders_in_one_process(void **state)
{
    bearer_state *one = statedir_fresh(), *other = statedir_open();
    int lock = bearer_state_lock(one, "lock"), second;

    (void)state;
    assert_true(lock >= 0);
    assert_int_equal(bearer_state_lock(one, "lock"), BEARER_STATE_BUSY);
    assert_int_equal(bearer_state_lock(other, "lock"), BEARER_STATE_BUSY);
    second = bearer_state_lock(one, "target");              /* another name */
    assert_true(second >= 0);
    bearer_state_unlock(second);
    assert_int_equal(bearer_state_lock(other, "lock"), BEARER_STATE_BUSY);
    bearer_state_unlock(lock);
    lock = bearer_state_lock(other, "lock");
    assert_true(lock >= 0);
    bearer_state_unlock(lock);
    statedir_done();
}

/* Another process that takes the lock and keeps it until it is killed. */
static pid_t start_holder(void)
{
    int ready[2];
    char byte = 0;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        byte = bearer_state_lock(statedir_open(), "lock") >= 0 ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            sleep(60);
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(byte, 'y');
    return child;
}

static void another_process(void **state)
{
    bearer_state *to = statedir_fresh();
    pid_t holder = start_holder();
    int lock = bearer_state_lock(to, "lock");

    (void)state;
    kill(holder, SIGKILL);
    assert_int_equal(waitpid(holder, NULL, 0), holder);
    assert_int_equal(lock, BEARER_STATE_BUSY);
    lock = bearer_state_lock(to, "lock");                   /* free with its process */
    assert_true(lock >= 0);
    bearer_state_unlock(lock);
    statedir_done();
}

/* Somebody empties the folder while the lock is held. */
/* A program that a child forked, without exec, has the descriptor too. */
static void forked_meanwhile(void **state)
{
    bearer_state *dir = statedir_fresh();
    int lock = bearer_state_lock(dir, "lock"), again;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        pause();
        _exit(0);
    }
    bearer_state_unlock(lock);
    again = bearer_state_lock(dir, "lock");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(again >= 0);
    bearer_state_unlock(again);
    statedir_done();
}

static void a_removed_lock(void **state)
{
    bearer_state *to = statedir_fresh();
    int lock = bearer_state_lock(to, "lock"), second;

    (void)state;
    assert_true(lock >= 0);
    assert_int_equal(unlink(statedir_path("lock")), 0);
    second = bearer_state_lock(to, "lock");                 /* nobody is locked out */
    assert_true(second >= 0);
    bearer_state_unlock(lock);                              /* and the old holder frees its own */
    assert_int_equal(bearer_state_lock(to, "lock"), BEARER_STATE_BUSY);
    bearer_state_unlock(second);
    lock = bearer_state_lock(to, "lock");
    assert_true(lock >= 0);
    bearer_state_unlock(lock);
    statedir_done();
}

static void what_is_no_lock(void **state)
{
    bearer_state *to = statedir_fresh();

    (void)state;
    statedir_put("target", "mine");
    assert_int_equal(symlink("target", statedir_path("lock")), 0);
    errno = 0;
    assert_int_equal(bearer_state_lock(to, "lock"), BEARER_STATE_FAILED);
    assert_int_not_equal(errno, 0);
    assert_int_equal(unlink(statedir_path("target")), 0);
    assert_int_equal(bearer_state_lock(to, "lock"), BEARER_STATE_FAILED);
    assert_false(is_there("target"));                       /* nor made through a link */
    assert_int_equal(unlink(statedir_path("lock")), 0);
    assert_int_equal(mkdir(statedir_path("lock"), 0700), 0);
    assert_int_equal(bearer_state_lock(to, "lock"), BEARER_STATE_FAILED);
    statedir_done();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(writing), TEST(replaced_in_one_step), TEST(readers_see_whole_files),
        TEST(what_a_dead_writer_left), TEST(links_are_not_written_through),
        TEST(what_cannot_be_written), TEST(holders_in_one_process), TEST(another_process),
        TEST(forked_meanwhile), TEST(a_removed_lock), TEST(what_is_no_lock),
    };

    return tests_run(tests);
}
