#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <apr_general.h>
#include "bearer/b64url.h"

apr_pool_t *test_pool;

static int rows_failed;
static char folder[64];
static char log_lines[16384];
static size_t log_len;
static int log_number;

int tests_begin(void **state)
{
    (void)state;
    return apr_initialize() == APR_SUCCESS ? 0 : -1;
}

int tests_end(void **state)
{
    (void)state;
    apr_terminate();
    return 0;
}

int test_setup(void **state)
{
    (void)state;
    rows_failed = 0;
    log_clear();
    return apr_pool_create(&test_pool, NULL) == APR_SUCCESS ? 0 : -1;
}

static void remove_folder(void)
{
    DIR *entries = folder[0] != '\0' ? opendir(folder) : NULL;
    struct dirent *entry;

    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        char path[sizeof(folder) + sizeof(entry->d_name)];

        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (unlink(path) != 0)
            rmdir(path);
    }
    if (entries != NULL) {
        closedir(entries);
        rmdir(folder);
    }
    folder[0] = '\0';
}

int test_teardown(void **state)
{
    (void)state;
    apr_pool_destroy(test_pool);
    test_pool = NULL;
    remove_folder();
    return rows_failed == 0 ? 0 : -1;       /* a test that forgot rows_end() */
}

bool row_expect(bool ok, const char *format, ...)
{
    va_list args;

    if (ok)
        return true;
    rows_failed++;
    fprintf(stderr, "    row failed: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}

void rows_end(void)
{
    int failed = rows_failed;

    rows_failed = 0;
    if (failed > 0)
        fail_msg("%d rows failed", failed);
}

static apr_status_t free_block(void *block)
{
    free(block);
    return APR_SUCCESS;
}

bearer_span tight(bearer_span bytes)
{
    char *block = malloc(bytes.len > 0 ? bytes.len : 1);

    assert_non_null(block);
    if (bytes.len > 0)
        memcpy(block, bytes.ptr, bytes.len);
    apr_pool_cleanup_register(test_pool, block, free_block, apr_pool_cleanup_null);
    return (bearer_span){ block, bytes.len };
}

bearer_span tight_text(const char *text)
{
    return tight((bearer_span){ text, strlen(text) });
}

const bearer_json *json_of(const char *text)
{
    const bearer_json *json = NULL;

    if (bearer_json_read(test_pool, tight_text(text), &json) != BEARER_JSON_OK)
        fail_msg("no JSON: %s", text);
    return json;
}

static const test_member *edit_of(const test_member *edits, const char *name)
{
    for (; edits != NULL && edits->name != NULL; edits++)
        if (strcmp(edits->name, name) == 0)
            return edits;
    return NULL;
}

static const char *append_members(const char *text, const test_member *members,
                                  const test_member *const *but)
{
    for (; members != NULL && members->name != NULL; members++) {
        bool replaced = false;

        for (const test_member *const *list = but; *list != NULL; list++)
            replaced = replaced || edit_of(*list, members->name) != NULL;
        if (!replaced && members->value != NULL)
            text = apr_pstrcat(test_pool, text, *text != '\0' ? "," : "", "\"", members->name,
                               "\":",
                               members->value, NULL);
    }
    return text;
}

const char *object_text(const test_member *members, const test_member *edits,
                        const test_member *more)
{
    static const test_member none[] = { { NULL, NULL } };
    const test_member *first = edits != NULL ? edits : none, *second = more != NULL ? more : none;
    const char *text = append_members("", members,
                                      (const test_member *const[]){ first, second, NULL });

    text = append_members(text, first, (const test_member *const[]){ second, NULL });
    text = append_members(text, second, (const test_member *const[]){ NULL });
    return apr_pstrcat(test_pool, "{", text, "}", NULL);
}

bool members_meet(const test_member *a, const test_member *b)
{
    for (; a->name != NULL; a++)
        if (edit_of(b, a->name) != NULL)
            return true;
    return false;
}

bearer_span decoded(bearer_span text)
{
    unsigned char *out = apr_palloc(test_pool, BEARER_B64URL_DECODED(text.len));
    size_t len = 0;

    if (!bearer_b64url_decode(text, out, &len))
        fail_msg("no base64url: %.*s", (int)text.len, text.ptr);
    return (bearer_span){ (const char *)out, len };
}

const char *encoded(bearer_span bytes)
{
    char *out = apr_palloc(test_pool, BEARER_B64URL_ENCODED(bytes.len));

    bearer_b64url_encode((const unsigned char *)bytes.ptr, bytes.len, out);
    return out;
}

const char *temp_path(const char *name)
{
    if (folder[0] == '\0') {
        apr_cpystrn(folder, "/tmp/bearer-unit-XXXXXX", sizeof(folder));
        if (mkdtemp(folder) == NULL)
            fail_msg("no folder below /tmp");
    }
    return apr_pstrcat(test_pool, folder, "/", name, NULL);
}

const char *temp_write(const char *name, bearer_span bytes)
{
    const char *path = temp_path(name);
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(bytes.ptr, 1, bytes.len, file) != bytes.len || fclose(file) != 0)
        fail_msg("cannot write %s", path);
    return path;
}

const char *temp_write_text(const char *name, const char *text)
{
    return temp_write(name, (bearer_span){ text, strlen(text) });
}

static void remember(void *context, bearer_log_level level, const char *text)
{
    size_t room = sizeof(log_lines) - log_len;
    int written = snprintf(log_lines + log_len, room, "%s\n", text);

    (void)context;
    (void)level;
    log_number++;
    if (written > 0)
        log_len += (size_t)written < room ? (size_t)written : room - 1;
}

const bearer_log test_log = { remember, NULL };

int log_count(void)
{
    return log_number;
}

const char *log_text(void)
{
    return log_lines;
}

void log_clear(void)
{
    log_len = 0;
    log_number = 0;
    log_lines[0] = '\0';
}
