#include <fcntl.h>
#include <unistd.h>
#include <sys/stat.h>
#include "statedir.h"

#define LIMIT 64

static void nothing(void)
{
}

static void a_folder(void)
{
    assert_int_equal(mkdir(temp_path("f"), 0700), 0);
}

static void a_file(void)
{
    temp_write_text("f", "x");
}

static void a_link(void)
{
    assert_int_equal(mkdir(temp_path("real"), 0700), 0);
    assert_int_equal(symlink("real", temp_path("f")), 0);
}

static void a_dangling_link(void)
{
    assert_int_equal(symlink("real", temp_path("f")), 0);
}

static void an_open_folder(void)
{
    a_folder();
    assert_int_equal(chmod(temp_path("f"), 0755), 0);
}

static void a_group_folder(void)
{
    a_folder();
    assert_int_equal(chmod(temp_path("f"), 0770), 0);
}

static void a_searchable_folder(void)
{
    a_folder();
    assert_int_equal(chmod(temp_path("f"), 0701), 0);
}

static void anothers_folder(void)
{
    a_folder();
    if (geteuid() == 0)
        assert_int_equal(chown(temp_path("f"), 65534, 65534), 0);
}

static const struct {
    void (*make)(void);
    const char *path;               /* below the folder of the test, or absolute */
    bool without, with;             /* it is good, without make and with it */
    const char *why;
} folders[] = {
    { nothing, "f", true, true, "absent" },
    { nothing, "f/", true, true, "absent, with a slash behind" },
    { nothing, "no/f", false, false, "absent, as its parent" },
    { a_folder, "f", true, true, "there" },
    { a_folder, "f/", true, true, "there, with a slash behind" },
    { a_folder, "f/g", true, true, "absent in a folder" },
    { a_file, "f", false, false, "a file" },
    { a_file, "f/", false, false, "a file with a slash behind" },
    { a_file, "f/g", false, false, "below a file" },
    { a_link, "f", false, false, "a link to a folder" },
    { a_link, "f/", false, false, "a link with a slash behind" },
    { a_link, "f//", false, false, "a link with two slashes behind" },
    { a_dangling_link, "f", false, false, "a link to nothing" },
    { an_open_folder, "f", false, false, "mode 755" },
    { a_group_folder, "f", false, false, "mode 770" },
    { a_searchable_folder, "f", false, false, "mode 701" },
    { nothing, "/", false, false, "the root" },
    { nothing, "//", false, false, "the root, twice" },
};

static void remove_folders(void)
{
    static const char *const names[] = { "f/g", "f", "real" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (rmdir(temp_path(names[i])) != 0)
            unlink(temp_path(names[i]));
}

static void expect_prepared(const char *path, bool make, bool good, const char *why)
{
    struct stat before = { 0 }, after = { 0 };
    bool was = lstat(path, &before) == 0, is;
    const char *error = bearer_state_prepare(test_pool, path, geteuid(), getegid(), make);

    is = lstat(path, &after) == 0;
    row_expect((error == NULL) == good, "%s, %s: %s", why, make ? "make" : "look",
               error != NULL ? error : "good");
    if (was)
        row_expect(is && before.st_mode == after.st_mode && before.st_uid == after.st_uid
                   && before.st_ino == after.st_ino, "%s: changed", why);
    else
        row_expect(is == (make && good), "%s: made or not made", why);
    if (is && good)
        row_expect(S_ISDIR(after.st_mode) && (after.st_mode & 0777) == 0700
                   && after.st_uid == geteuid(), "%s: mode %o", why, (unsigned)after.st_mode);
}

static void preparing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(folders); i++) {
        const char *path = folders[i].path[0] == '/' ? folders[i].path
                                                     : temp_path(folders[i].path);

        folders[i].make();
        expect_prepared(path, false, folders[i].without, folders[i].why);
        expect_prepared(path, true, folders[i].with, folders[i].why);
        remove_folders();
    }
    assert_non_null(bearer_state_prepare(test_pool, "state", geteuid(), getegid(), true));
    assert_non_null(bearer_state_prepare(test_pool, "./state", geteuid(), getegid(), false));
    assert_non_null(bearer_state_prepare(test_pool, "", geteuid(), getegid(), true));
    rows_end();
}

/* Only root can make what belongs to another. */
static void another_user(void **state)
{
    struct stat info;

    (void)state;
    if (geteuid() != 0)
        return;
    assert_null(bearer_state_prepare(test_pool, temp_path("f"), 65534, 65534, true));
    assert_int_equal(lstat(temp_path("f"), &info), 0);
    assert_int_equal(info.st_uid, 65534);
    assert_int_equal(info.st_gid, 65534);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_null(bearer_state_prepare(test_pool, temp_path("f"), 65534, 65534, true));
    assert_non_null(bearer_state_prepare(test_pool, temp_path("f"), 65533, 65533, true));
    assert_non_null(bearer_state_prepare(test_pool, temp_path("f"), 0, 0, false));
    remove_folders();
    a_folder();                                             /* of root: not given away */
    assert_non_null(bearer_state_prepare(test_pool, temp_path("f"), 65534, 65534, true));
    assert_int_equal(lstat(temp_path("f"), &info), 0);
    assert_int_equal(info.st_uid, 0);
    remove_folders();
}

static void opening(void **state)
{
    static const struct { void (*make)(void); bool opens; const char *why; } rows[] = {
        { a_folder, true, "a folder" }, { nothing, false, "absent" }, { a_file, false, "a file" },
        { a_link, false, "a link" }, { a_dangling_link, false, "a link to nothing" },
        { an_open_folder, false, "mode 755" }, { a_group_folder, false, "mode 770" },
        { anothers_folder, false, "another's" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const paths[] = { temp_path("f"), temp_path("f/") };

        if (rows[i].make == anothers_folder && geteuid() != 0)
            continue;
        rows[i].make();
        for (size_t k = 0; k < COUNT(paths); k++) {
            const char *error = NULL;
            bool opens = bearer_state_open(test_pool, paths[k], &error) != NULL;

            row_expect(opens == rows[i].opens && opens == (error == NULL), "%s, %s: %s",
                       rows[i].why, paths[k], error != NULL ? error : "opens");
        }
        remove_folders();
    }
    rows_end();
}

static void reading(void **state)
{
    static const bearer_stamp zeros = { 0 };
    bearer_stamp stamp = { 1, 2, 3, 4 };
    bearer_state *opened = statedir_fresh();

    (void)state;
    assert_string_equal(statedir_text(opened, "f", LIMIT, &stamp), "-");
    assert_true(bearer_stamp_equal(&stamp, &zeros));
    assert_false(bearer_state_changed(opened, "f", &stamp));
    statedir_put("f", "text");
    assert_true(bearer_state_changed(opened, "f", &stamp));
    assert_string_equal(statedir_text(opened, "f", LIMIT, &stamp), "text");
    assert_false(bearer_state_changed(opened, "f", &stamp));
    statedir_put("f", "");
    assert_true(bearer_state_changed(opened, "f", &stamp));
    assert_string_equal(statedir_text(opened, "f", LIMIT, &stamp), "");
    statedir_put("f", apr_psprintf(test_pool, "%*s", LIMIT, "x"));
    assert_int_equal(strlen(statedir_text(opened, "f", LIMIT, &stamp)), LIMIT);
    assert_int_equal(unlink(statedir_path("f")), 0);
    assert_true(bearer_state_changed(opened, "f", &stamp));
    assert_string_equal(statedir_text(opened, "f", LIMIT, &stamp), "-");
    assert_false(bearer_state_changed(opened, "f", &stamp));
    statedir_done();
}

static void a_large_file(void)
{
    statedir_put("f", apr_psprintf(test_pool, "%*s", LIMIT + 1, "x"));
}

static void a_file_link(void)
{
    statedir_put("target", "text");
    assert_int_equal(symlink("target", statedir_path("f")), 0);
}

static void a_lost_link(void)
{
    assert_int_equal(symlink("target", statedir_path("f")), 0);
}

static void a_fifo(void)
{
    assert_int_equal(mkfifo(statedir_path("f"), 0600), 0);
}

static void an_inner_folder(void)
{
    assert_int_equal(mkdir(statedir_path("f"), 0700), 0);
}

static void anothers_file(void)
{
    statedir_put("f", "text");
    assert_int_equal(chown(statedir_path("f"), 65534, 65534), 0);
}

/* Each is refused; and has a stamp, so that nobody looks at it again before it changes. */
static void bad_files(void **state)
{
    static const struct { void (*make)(void); const char *why; } rows[] = {
        { a_large_file, "too large" }, { a_file_link, "a link" },
        { a_lost_link, "a link to nothing" }, { a_fifo, "a pipe" },
        { an_inner_folder, "a folder" }, { anothers_file, "another's file" },
    };
    bearer_state *opened = statedir_fresh();

    (void)state;
    alarm(20);                                              /* a pipe must not be waited for */
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_stamp stamp = { 0 };

        if (rows[i].make == anothers_file && geteuid() != 0)
            continue;
        rows[i].make();
        row_expect(strcmp(statedir_text(opened, "f", LIMIT, &stamp), "!") == 0, "%s is read",
                   rows[i].why);
        row_expect(!bearer_state_changed(opened, "f", &stamp), "%s has changed", rows[i].why);
        if (unlink(statedir_path("f")) != 0)
            rmdir(statedir_path("f"));
        row_expect(bearer_state_changed(opened, "f", &stamp), "%s is still there", rows[i].why);
        unlink(statedir_path("target"));
    }
    alarm(0);
    statedir_done();
    rows_end();
}

/* It is tried each minute for as long as a server runs. */
static void a_refused_folder_is_closed(void **state)
{
    const char *error, *path = temp_path("f");
    int first, then;

    (void)state;
    an_open_folder();
    first = open("/dev/null", O_RDONLY);
    close(first);
    assert_null(bearer_state_open(test_pool, path, &error));
    assert_non_null(strstr(error, "open to others"));
    then = open("/dev/null", O_RDONLY);
    close(then);
    assert_int_equal(then, first);
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(preparing), TEST(another_user), TEST(opening), TEST(a_refused_folder_is_closed),
        TEST(reading), TEST(bad_files),
    };

    return tests_run(tests);
}
