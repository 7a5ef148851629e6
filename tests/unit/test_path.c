#include "support.h"
#include "bearer/path.h"

static const char document[] =
    "{\"a\":1,\"realm_access\":{\"roles\":[\"x\",\"y\"]},\"a.b\":2,\"a/b\":3,\"m~n\":4,\"~1\":5,"
    "\"list\":[10,[20,21],{\"k\":22}],\"0\":{\"1\":30},\"kubernetes.io\":{\"namespace\":\"prod\"},"
    "\"https://example.com/roles\":[\"admin\"],\" \":7,\"#\":{\"a\":8},\"null\":null}";

/* The value as JSON text; NULL: none is there. */
static const struct { const char *path, *value; } found[] = {
    { "a", "1" }, { "realm_access.roles", "[\"x\",\"y\"]" },
    { "realm_access", "{\"roles\":[\"x\",\"y\"]}" }, { "A", NULL }, { "realm_access.role", NULL },
    { "realm_access.rolesx", NULL }, { "realm", NULL }, { "realm_access.roles.x", NULL },
    { "a.b", NULL }, { "a.a", NULL }, { "/a.b", "2" }, { "list.0", NULL }, { "list.1.0", NULL },
    { "0.1", "30" }, { "null", "null" }, { "null.x", NULL }, { "/a", "1" }, { "/A", NULL },
    { "/a~1b", "3" }, { "/m~0n", "4" }, { "/~01", "5" }, { "/ ", "7" },
                     { "/realm_access/roles/1", "\"y\"" },
    { "/realm_access.roles", NULL }, { "/kubernetes.io/namespace", "\"prod\"" },
    { "/https:~1~1example.com~1roles", "[\"admin\"]" },
    { "/https:~1~1example.com~1roles/0", "\"admin\"" }, { "/list/0", "10" }, { "/list/1/1", "21" },
    { "/list/2/k", "22" }, { "/list/3", NULL }, { "/list/-", NULL }, { "/list/-1", NULL },
    { "/list/00", NULL }, { "/list/01", NULL }, { "/list/+1", NULL }, { "/list/ 1", NULL },
    { "/list/1 ", NULL }, { "/list/1x", NULL }, { "/list/0x0", NULL }, { "/list/1e0", NULL },
    { "/list/4294967296", NULL }, { "/list/18446744073709551616", NULL },
    { "/list/18446744073709551617", NULL }, { "/0/1", "30" }, { "/a/0", NULL }, { "/null/0", NULL },
    { "/missing/0", NULL },
};

static void values(void **state)
{
    const bearer_json *json = json_of(document);

    (void)state;
    for (size_t i = 0; i < COUNT(found); i++) {
        const bearer_path *path = NULL;
        const char *error = bearer_path_make(test_pool, found[i].path, &path);
        const bearer_json *value;

        if (!row_expect(error == NULL && path != NULL, "'%s' is refused: %s", found[i].path,
                        error != NULL ? error : ""))
            continue;
        value = bearer_path_find(path, json);
        row_expect((value == NULL) == (found[i].value == NULL), "'%s' is %s there", found[i].path,
                   value ? "" : "not");
        if (value != NULL && found[i].value != NULL)
            row_expect(strcmp(bearer_json_print(test_pool, value), found[i].value) == 0,
                       "value of '%s'", found[i].path);
        row_expect(strcmp(path->text, found[i].path) == 0, "text of '%s'", found[i].path);
        row_expect(path->pointer == (found[i].path[0] == '/'), "pointer: '%s'", found[i].path);
    }
    rows_end();
}

static void wrong_paths(void **state)
{
    static const char *const rows[] = {
        "", ".", "..", ".a", "a.", "a..b", "a.b.", "/a~", "/a~2", "/~", "/a~/b", "/~1~", "/a~b",
        /* legal in RFC 6901, but no claim has an empty name: a slip */
        "/", "//", "/a/", "/a//b",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const bearer_path *path = NULL;
        const char *error = bearer_path_make(test_pool, rows[i], &path);

        row_expect(error != NULL && strlen(error) > 5, "'%s' is taken", rows[i]);
    }
    rows_end();
}

static void steps(void **state)
{
    const bearer_path *path = NULL;

    (void)state;
    assert_null(bearer_path_make(test_pool, "/https:~1~1x~0/y", &path));
    assert_string_equal(path->steps[0], "https://x~");
    assert_string_equal(path->steps[1], "y");
    assert_null(path->steps[2]);
    assert_null(bearer_path_make(test_pool, "a.b~1.c", &path));
    assert_string_equal(path->steps[1], "b~1");
    assert_null(path->steps[3]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { TEST(values), TEST(wrong_paths), TEST(steps) };

    return tests_run(tests);
}
