/* Every key against every vector, valid and hostile: what fits is accepted, all else fails with its
 * named reason. tests/vectors/make.py makes keys and tokens, apart from the code under test, and
 * says in its index what must come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <jansson.h>

#include "bearer/issuer.h"
#include "bearer/signature.h"
#include "bearer/token.h"

#define ALL_ALGORITHMS UINT64_MAX
#define SHOWN_FAILURES 20

/* One key as a verifier holds it. */
typedef struct {
    const char *name, *holds, *kid;
    json_t *algs;
    bearer_trust *trust;
    bearer_keyset *set;
} held_key;

static struct {
    apr_pool_t *pool;
    const char *folder;
    json_t *index;
    held_key *keys;
    size_t key_count;
    bearer_keyset *all;                 /* one set of all keys that have a kid */
    unsigned judged, accepted, failures;
} matrix;

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* The process that makes the vectors; it does nothing where they are there. */
static void make_vectors(const char *folder)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        execl("/usr/bin/python3", "/usr/bin/python3", "-B", "tests/vectors/make.py", folder,
              (char *)NULL);
        _exit(127);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static char *in_folder(apr_pool_t *pool, const char *file)
{
    return apr_pstrcat(pool, matrix.folder, "/", file, NULL);
}

static const char *comma_list(const json_t *words)
{
    const char *list = "";

    for (size_t i = 0; i < json_array_size(words); i++)
        list = apr_pstrcat(matrix.pool, list, i > 0 ? "," : "",
                           json_string_value(json_array_get(words, i)), NULL);
    return list;
}

/* The issuer as an administrator writes it: only a secret needs its algorithms named. */
static bearer_trust *open_issuer(const char *source, const char *algorithms)
{
    const char *error = NULL;
    const char *words[] = {
        text_of(matrix.index, "issuer"), "audience=any",
        apr_pstrcat(matrix.pool, "keys=", source, NULL),
        apr_pstrcat(matrix.pool, "algorithms=", algorithms, NULL), NULL,
    };
    bearer_trust *trust;

    if (!bearer_keystore_is_secret(source))
        words[3] = NULL;
    trust = bearer_issuer_open(matrix.pool, words, in_folder, NULL, &error);
    if (trust == NULL)
        fail_msg("%s: %s", source, error);
    return trust;
}

static bool unavailable(const char *name)
{
    const bearer_alg *alg = bearer_alg_find(bearer_span_of(name));

    return alg == NULL || !bearer_signature_available(alg);
}

static void open_keys(void)
{
    json_t *rows = json_object_get(matrix.index, "keys");
    size_t count = json_array_size(rows);

    matrix.keys = apr_pcalloc(matrix.pool, count * sizeof(*matrix.keys));
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_array_get(rows, i);
        held_key *key = &matrix.keys[matrix.key_count];

        key->name = text_of(row, "name");
        key->holds = text_of(row, "holds");
        key->kid = text_of(row, "kid");
        key->algs = json_object_get(row, "algs");
        if (unavailable(json_string_value(json_array_get(key->algs, 0))))
            continue;
        key->trust = open_issuer(text_of(row, "source"), comma_list(key->algs));
        key->set = bearer_keystore_hold(key->trust->keys);
        assert_non_null(key->set);
        matrix.key_count++;
    }
}

static int open_matrix(void **state)
{
    const char *build = getenv("BEARER_BUILD");
    const char *all;

    (void)state;
    apr_initialize();
    apr_pool_create(&matrix.pool, NULL);
    matrix.folder = apr_pstrcat(matrix.pool, build != NULL ? build : "build", "/vectors", NULL);
    make_vectors(matrix.folder);
    matrix.index = json_load_file(in_folder(matrix.pool, "index.json"), JSON_ALLOW_NUL, NULL);
    assert_non_null(matrix.index);
    open_keys();
    all = apr_pstrcat(matrix.pool, "jwks:", text_of(matrix.index, "all"), NULL);
    matrix.all = bearer_keystore_hold(open_issuer(all, NULL)->keys);
    assert_non_null(matrix.all);
    return 0;
}

static int close_matrix(void **state)
{
    (void)state;
    for (size_t i = 0; i < matrix.key_count; i++)
        bearer_keyset_release(matrix.keys[i].set);
    bearer_keyset_release(matrix.all);
    json_decref(matrix.index);
    print_message("matrix: %u judgements with %u keys, %u accepted, %u wrong\n", matrix.judged,
                  (unsigned)matrix.key_count, matrix.accepted, matrix.failures);
    apr_pool_destroy(matrix.pool);
    apr_terminate();
    return 0;
}

static bool fits(const held_key *key, const char *alg)
{
    for (size_t i = 0; i < json_array_size(key->algs); i++)
        if (strcmp(json_string_value(json_array_get(key->algs, i)), alg) == 0)
            return true;
    return false;
}

static uint64_t algorithms_of(const held_key *key)
{
    uint64_t set = 0;

    for (size_t i = 0; i < json_array_size(key->algs); i++) {
        const char *name = json_string_value(json_array_get(key->algs, i));

        set |= UINT64_C(1) << bearer_alg_index(bearer_alg_find(bearer_span_of(name)));
    }
    return set;
}

static bearer_verdict judge(apr_pool_t *pool, bearer_span token, const held_key *key)
{
    static const char *const audiences[] = { "https://api.example", NULL };
    bearer_trust *trusts[] = { key->trust, NULL };
    bearer_policy policy = { .audiences = audiences };
    bearer_findings found;
    bearer_verdict verdict;
    const bearer_path *users[] = { NULL, NULL };
    int64_t now = json_integer_value(json_object_get(matrix.index, "now"));

    assert_null(bearer_path_make(pool, "sub", &users[0]));
    policy.users = users;
    verdict = bearer_token_judge(pool, token, trusts, &policy, NULL, now, &found);
    if (verdict.reason == BEARER_ACCEPTED)
        assert_string_equal(found.identity.user, "alice");
    return verdict;
}

static void expect(const char *way, const json_t *row, const char *key, bearer_verdict verdict,
                   const char *reason)
{
    const char *what = text_of(row, "what"), *got = bearer_reason_name(verdict.reason);

    matrix.judged++;
    matrix.accepted += verdict.reason == BEARER_ACCEPTED;
    if (strcmp(got, reason) == 0)
        return;
    if (++matrix.failures <= SHOWN_FAILURES)
        print_error("%s, key %s: %s of %s, %s: want %s, got %s (%s)\n", way, key,
                    text_of(row, "alg"), text_of(row, "signer"), what != NULL ? what : "valid",
                    reason, got, verdict.detail != NULL ? verdict.detail : "");
}

/* The three ways to ask: under the key's own algorithms, under all, and as a location does. */
static void ask(const json_t *row, const held_key *key, const char *narrow, const char *wide)
{
    json_t *token = json_object_get(row, "token");
    bearer_span text = { json_string_value(token), json_string_length(token) };
    apr_pool_t *pool;

    apr_pool_create(&pool, matrix.pool);
    expect("verify", row, key->name,
           bearer_token_verify(pool, text, key->set, algorithms_of(key)), narrow);
    expect("verify under all algorithms", row, key->name,
           bearer_token_verify(pool, text, key->set, ALL_ALGORITHMS), wide);
    expect("judge", row, key->name, judge(pool, text, key), narrow);
    apr_pool_destroy(pool);
}

static const char *for_kids(const held_key *key, const json_t *row)
{
    const char *kid = text_of(row, "kid");

    if (kid != NULL && key->kid != NULL && strcmp(kid, key->kid) != 0)
        return "key_unknown";
    return strcmp(key->holds, text_of(row, "signer")) == 0 ? "accepted" : "signature_bad";
}

/* The set of all keys that have a kid: the token's own is found by it, or tried among those that
 * fit. */
static void ask_all(const json_t *row, const char *reason)
{
    json_t *token = json_object_get(row, "token");
    bearer_span text = { json_string_value(token), json_string_length(token) };
    apr_pool_t *pool;

    apr_pool_create(&pool, matrix.pool);
    expect("verify", row, "all in one", bearer_token_verify(pool, text, matrix.all, ALL_ALGORITHMS),
           reason);
    apr_pool_destroy(pool);
}

/* The reason why an algorithm cannot be tried here, NULL if it can. */
static const char *lack(const bearer_alg *alg)
{
    if (!bearer_signature_available(alg))
        return "this OpenSSL library cannot do it";
    return text_of(json_object_get(matrix.index, "lacks"), alg->name);
}

static size_t rows_of(const char *kind, const bearer_alg *alg, void (*each)(const json_t *row))
{
    json_t *rows = json_object_get(matrix.index, kind);
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);

        if (strcmp(text_of(row, "alg"), alg->name) != 0)
            continue;
        each(row);
        count++;
    }
    return count;
}

static void run_rows(const char *kind, const bearer_alg *alg, void (*each)(const json_t *row))
{
    unsigned judged = matrix.judged, accepted = matrix.accepted, failures = matrix.failures;
    const char *why = lack(alg);
    size_t count;

    if (why != NULL) {
        print_message("%s %s: skipped: %s\n", alg->name, kind, why);
        skip();
    }
    count = rows_of(kind, alg, each);
    print_message("%s %s: %u tokens, %u judgements, %u accepted\n", alg->name, kind,
                  (unsigned)count, matrix.judged - judged, matrix.accepted - accepted);
    assert_true(count > 0);
    assert_int_equal(matrix.failures, failures);
}

static const held_key *key_named(const char *name)
{
    for (size_t i = 0; i < matrix.key_count; i++)
        if (strcmp(matrix.keys[i].name, name) == 0)
            return &matrix.keys[i];
    fail_msg("no key %s", name);
    return NULL;
}

static void try_valid(const json_t *row)
{
    const char *kid = text_of(row, "kid"), *signer = text_of(row, "signer");

    for (size_t i = 0; i < matrix.key_count; i++) {
        const held_key *key = &matrix.keys[i];

        if (fits(key, text_of(row, "alg")))
            ask(row, key, for_kids(key, row), for_kids(key, row));
        else
            ask(row, key, "alg_refused", "key_unknown");
    }
    if (key_named(signer)->kid == NULL)
        ask_all(row, "key_unknown");            /* a secret is in no set */
    else
        ask_all(row, kid == NULL || strcmp(kid, signer) == 0 ? "accepted" : "key_unknown");
}

/* Against all that hold the signer's key for the same algorithms, and against the set of all keys.
 * */
static void try_hostile(const json_t *row)
{
    const held_key *own = key_named(text_of(row, "signer"));
    const char *narrow = text_of(row, "narrow"), *wide = text_of(row, "wide");

    for (size_t i = 0; i < matrix.key_count; i++) {
        const held_key *key = &matrix.keys[i];

        if (strcmp(key->holds, own->name) == 0 && json_equal(key->algs, own->algs)
            && (key->kid == NULL || strcmp(key->kid, own->name) == 0))
            ask(row, key, narrow, wide);
    }
    if (own->kid == NULL && strcmp(wide, "signature_bad") == 0)
        wide = "key_unknown";                   /* a secret is in no set */
    ask_all(row, wide);
}

static void valid_rows(void **state)
{
    run_rows("vectors", *state, try_valid);
}

static void hostile_rows(void **state)
{
    run_rows("hostile", *state, try_hostile);
}

int main(void)
{
    struct CMUnitTest tests[2 * 64];
    char names[2 * 64][32];
    size_t count = 0;

    for (size_t i = 0; bearer_alg_at(i) != NULL; i++) {
        const char *name = bearer_alg_at(i)->name;
        void *alg = (void *)(uintptr_t)bearer_alg_at(i);

        snprintf(names[count], sizeof(names[count]), "%s valid", name);
        tests[count] = (struct CMUnitTest){ names[count], valid_rows, NULL, NULL, alg };
        count++;
        snprintf(names[count], sizeof(names[count]), "%s hostile", name);
        tests[count] = (struct CMUnitTest){ names[count], hostile_rows, NULL, NULL, alg };
        count++;
    }
    return _cmocka_run_group_tests("matrix", tests, count, open_matrix, close_matrix);
}
