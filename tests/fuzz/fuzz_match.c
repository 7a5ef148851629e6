/* Input: a Require line without its "Require", a newline, a payload. Property: a line that compiles
 * can be asked and answers the same twice; a scope rule holds exactly if each of its words is a
 * scope of the token, an issuer rule if a word is the issuer, `exists` if the claim is there, and
 * (in)equality with quoted words if a string of the claim is one of them (is none of them); all
 * computed here once more with jansson alone. A line that does not compile says why. */
#include <jansson.h>

#include "fuzz.h"
#include "bearer/json_text.h"
#include "bearer/match.h"

#define ISSUER "https://issuer.example"

typedef const char *maker(apr_pool_t *pool, const bearer_word *words, const bearer_match **match);

static const struct {
    const char *word;
    maker *make;
} kinds[] = {
    { "scope", bearer_match_scope_make }, { "claim", bearer_match_claim_make },
    { "issuer", bearer_match_issuer_make }, { NULL, NULL },
};

static bool same(const json_t *value, const char *word)
{
    return json_is_string(value) && json_string_length(value) == strlen(word)
        && memcmp(json_string_value(value), word, strlen(word)) == 0;
}

/* The text between single spaces or ends. */
static bool holds_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        if ((at == text || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static bool has_scope(const json_t *payload, const char *word)
{
    static const char *const names[] = { "scope", "scp" };

    for (size_t i = 0; i < 2; i++) {
        const json_t *value = json_object_get(payload, names[i]);

        if (json_is_string(value) && holds_word(json_string_value(value), word))
            return true;
        for (size_t k = 0; json_is_array(value) && k < json_array_size(value); k++)
            if (same(json_array_get(value, k), word))
                return true;
    }
    return false;
}

static void check_scope(const json_t *payload, const bearer_match *match, const bearer_word *words,
                        bool holds)
{
    const char *const *told = bearer_match_scopes(match);
    bool all = true;

    must(told != NULL);
    for (size_t i = 0; words[i].text != NULL; i++) {
        must(strcmp(told[i], words[i].text) == 0);
        must(told[i][strcspn(told[i], " \t\r\n\"\\")] == '\0');
        all = all && has_scope(payload, words[i].text);
    }
    must(holds == all);
}

static void check_issuer(const bearer_word *words, bool holds)
{
    bool one = false;

    for (; words->text != NULL; words++)
        one = one || strcmp(words->text, ISSUER) == 0;
    must(holds == one);
}

static bool equals_one(const json_t *value, const bearer_word *words)
{
    for (; words->text != NULL; words++) {
        if (same(value, words->text))
            return true;
        for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++)
            if (same(json_array_get(value, i), words->text))
                return true;
    }
    return false;
}

static bool all_quoted(const bearer_word *words)
{
    while (words->text != NULL && words->quoted)
        words++;
    return words->text == NULL;
}

static bool is_operator(const bearer_word *word, const char *name)
{
    return word->text != NULL && !word->quoted && strcmp(word->text, name) == 0;
}

static void check_claim(const json_t *payload, const bearer_word *words, bool holds)
{
    const json_t *value = json_object_get(payload, words->text);

    if (strpbrk(words->text, "./~") != NULL)
        return;
    words++;
    if (value == NULL)
        must(!holds);
    else if (is_operator(words, "exists"))
        must(holds);
    else if (is_operator(words, "!=") && all_quoted(words + 1))
        must(holds == !equals_one(value, words + 1));
    else if (is_operator(words, "=") && all_quoted(words + 1))
        must(holds == equals_one(value, words + 1));
    else if (all_quoted(words))
        must(holds == equals_one(value, words));
}

static void ask(apr_pool_t *pool, size_t kind, const bearer_word *words, const bearer_match *match,
                bearer_span text)
{
    const bearer_path *paths[3] = { NULL };
    bearer_claims claims = { .json = NULL };
    bearer_identity identity = { .claims = &claims, .issuer = ISSUER };
    json_t *payload;
    bool holds;

    must(bearer_path_make(pool, "scope", &paths[0]) == NULL);
    must(bearer_path_make(pool, "scp", &paths[1]) == NULL);
    if (bearer_json_read(pool, text, &claims.json) != BEARER_JSON_OK
        || !bearer_identity_read_scopes(pool, paths, &identity))
        return;
    payload = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    must(payload != NULL);
    holds = bearer_match_holds(match, &identity);
    must(bearer_match_holds(match, &identity) == holds);
    if (kinds[kind].make == bearer_match_scope_make)
        check_scope(payload, match, words, holds);
    else
        must(bearer_match_scopes(match) == NULL);
    if (kinds[kind].make == bearer_match_issuer_make)
        check_issuer(words, holds);
    if (kinds[kind].make == bearer_match_claim_make)
        check_claim(payload, words, holds);
    json_decref(payload);
}

static void compile(apr_pool_t *pool, const char *line, bearer_span text)
{
    const char *error = NULL;
    const bearer_word *words = bearer_words_split(pool, line, &error);
    const bearer_match *match = NULL;
    size_t kind = 0;

    must(words != NULL || (error != NULL && *error != '\0'));
    if (words == NULL || words->text == NULL)
        return;
    while (kinds[kind].word != NULL && strcmp(words->text, kinds[kind].word) != 0)
        kind++;
    if (kinds[kind].word == NULL)
        return;
    words++;
    error = kinds[kind].make(pool, words, &match);
    must(error == NULL || *error != '\0');
    if (error == NULL) {
        must(match != NULL && words->text != NULL);
        ask(pool, kind, words, match, text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    apr_pool_t *pool;
    bearer_span text;
    char *line;

    if (end == NULL)
        return 0;
    pool = fuzz_pool();
    line = calloc(1, (size_t)(end - data) + 1);
    must(line != NULL);
    memcpy(line, data, (size_t)(end - data));
    text = fuzz_span(end + 1, size - (size_t)(end - data) - 1);
    compile(pool, line, text);
    fuzz_span_free(text);
    free(line);
    apr_pool_destroy(pool);
    return 0;
}
