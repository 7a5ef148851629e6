#define PCRE2_CODE_UNIT_WIDTH 8
#include "bearer/compare.h"
#include "bearer/json_text.h"
#include "bearer/scoped.h"

#include <string.h>
#include <pcre2.h>
#include <apr_cstr.h>
#include <apr_strings.h>

/* Steps of the regular expression engine before it gives up: some 10 ms at worst. A pattern of an
 * administrator against a claim of a few hundred bytes needs a fraction of it. */
#define MATCH_LIMIT 100000

/* In the order in which the answers of several values count. */
typedef enum { NO = 0, CANNOT_SAY, GAVE_UP, YES } answer;

typedef struct {
    bearer_json_kind kind;          /* string, number, true or false */
    const char *text;
    bearer_number number;
    pcre2_code *regex;
} operand;

typedef answer compare_fn(const bearer_json *value, const operand *wanted);

typedef struct {
    const char *name;
    compare_fn *compare;            /* of one value with one operand; NULL asks for presence only */
    bool negative;                  /* holds where no value and operand compare */
    bool numeric, regex, single;    /* what the operands must be */
} operation;

struct bearer_comparison {
    const operation *op;
    const operand *operands;
    size_t count;
};

/* -1, 0 or 1; integers of both sides are compared exactly. */
static int order(const bearer_number *a, const bearer_number *b)
{
    if (a->whole && b->whole)
        return (a->integer > b->integer) - (a->integer < b->integer);
    return (a->real > b->real) - (a->real < b->real);
}

static answer equals(const bearer_json *value, const operand *wanted)
{
    bearer_number number;

    if (bearer_json_kind_of(value) != wanted->kind)
        return NO;
    if (wanted->kind == BEARER_JSON_STRING)
        return bearer_span_is(bearer_json_text(value), wanted->text) ? YES : NO;
    if (bearer_json_number_of(value, &number))
        return order(&number, &wanted->number) == 0 ? YES : NO;
    return YES;
}

static answer less(const bearer_json *value, const operand *wanted)
{
    bearer_number number;

    return bearer_json_number_of(value, &number) && order(&number, &wanted->number) < 0 ? YES : NO;
}

static answer greater(const bearer_json *value, const operand *wanted)
{
    bearer_number number;

    return bearer_json_number_of(value, &number) && order(&number, &wanted->number) > 0 ? YES : NO;
}

static answer at_most(const bearer_json *value, const operand *wanted)
{
    return less(value, wanted) == YES ? YES : equals(value, wanted);
}

static answer at_least(const bearer_json *value, const operand *wanted)
{
    return greater(value, wanted) == YES ? YES : equals(value, wanted);
}

static void free_match_data(pcre2_match_data **data)
{
    pcre2_match_data_free(*data);
}

static void free_limits(pcre2_match_context **context)
{
    pcre2_match_context_free(*context);
}

static answer agrees(const bearer_json *value, const operand *wanted)
{
    BEARER_SCOPED(free_match_data) pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    BEARER_SCOPED(free_limits) pcre2_match_context *limits = pcre2_match_context_create(NULL);
    bearer_span text = bearer_json_text(value);
    int found;

    if (bearer_json_kind_of(value) != BEARER_JSON_STRING)
        return CANNOT_SAY;
    if (data == NULL || limits == NULL)
        return GAVE_UP;
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    found = pcre2_match(wanted->regex, (PCRE2_SPTR)text.ptr, text.len, 0, 0, data, limits);
    return found >= 0 ? YES : found == PCRE2_ERROR_NOMATCH ? NO : GAVE_UP;
}

static const operation operations[] = {
    /* name     compare   negative numeric regex  single */
    { "=",      equals,   false,   false,  false, false },
    { "!=",     equals,   true,    false,  false, false },
    { "~",      agrees,   false,   false,  true,  false },
    { "!~",     agrees,   true,    false,  true,  false },
    { "<",      less,     false,   true,   false, true },
    { "<=",     at_most,  false,   true,   false, true },
    { ">",      greater,  false,   true,   false, true },
    { ">=",     at_least, false,   true,   false, true },
    { "exists", NULL,     false,   false,  false, false },
    { NULL,     NULL,     false,   false,  false, false },
};

static answer any_operand(const bearer_comparison *comparison, const bearer_json *value)
{
    answer result = NO;

    for (size_t i = 0; i < comparison->count && result != YES; i++) {
        answer one = comparison->op->compare(value, &comparison->operands[i]);

        if (one > result)
            result = one;
    }
    return result;
}

static answer any_element(const bearer_comparison *comparison, const bearer_json *array)
{
    answer result = NO;

    for (size_t i = 0; i < bearer_json_count(array) && result != YES; i++) {
        answer one = any_operand(comparison, bearer_json_item(array, i));

        if (one > result)
            result = one;
    }
    return result;
}

static answer ask(const bearer_comparison *comparison, const bearer_json *value)
{
    return bearer_json_kind_of(value) == BEARER_JSON_ARRAY ? any_element(comparison, value)
                                                           : any_operand(comparison, value);
}

bool bearer_comparison_holds(const bearer_comparison *comparison, const bearer_json *value)
{
    if (value == NULL || comparison->op->compare == NULL)
        return value != NULL;
    return ask(comparison, value) == (comparison->op->negative ? NO : YES);
}

bool bearer_comparison_gives_up(const bearer_comparison *comparison, const bearer_json *value)
{
    return value != NULL && comparison->op->regex && ask(comparison, value) == GAVE_UP;
}

/* RFC 8259 section 6: what stands bare and reads as a JSON number is one. */
static bool is_json_number(const char *text)
{
    const char *digits = "0123456789";
    size_t n;

    text += *text == '-';
    n = strspn(text, digits);
    if (n == 0 || (n > 1 && *text == '0'))
        return false;
    text += n;
    if (*text == '.') {
        n = strspn(++text, digits);
        if (n == 0)
            return false;
        text += n;
    }
    if (*text == 'e' || *text == 'E') {
        text += text[1] == '+' || text[1] == '-' ? 2 : 1;
        n = strspn(text, digits);
        if (n == 0)
            return false;
        text += n;
    }
    return *text == '\0';
}

/* jansson reads the number, so that both sides of a comparison come from the same hand. */
static const char *read_number(apr_pool_t *pool, const char *text, bearer_number *number)
{
    const char *document = apr_pstrcat(pool, "{\"n\":", text, "}", NULL);
    const bearer_json *json;

    if (bearer_json_read(pool, bearer_span_of(document), &json) != BEARER_JSON_OK
        || !bearer_json_number_of(bearer_json_member(json, "n"), number))
        return apr_psprintf(pool,
                            "'%s' is no number of at most 64 bits (a string is put in quotes)",
                            text);
    return NULL;
}

static apr_status_t free_regex(void *regex)
{
    pcre2_code_free(regex);
    return APR_SUCCESS;
}

static const char *read_regex(apr_pool_t *pool, const char *text, pcre2_code **regex)
{
    PCRE2_UCHAR why[128];
    PCRE2_SIZE offset;
    int code;

    /* $ is the end of the claim, not the place before its last newline. */
    *regex = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                           PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, &code, &offset, NULL);
    if (*regex == NULL) {
        pcre2_get_error_message(code, why, sizeof(why));
        return apr_psprintf(pool, "the regular expression '%s' is wrong at character %d: %s",
                            text, (int)offset, (const char *)why);
    }
    apr_pool_cleanup_register(pool, *regex, free_regex, apr_pool_cleanup_null);
    return NULL;
}

static const char *read_operand(apr_pool_t *pool, const operation *op, const bearer_word *word,
                                operand *out)
{
    out->text = word->text;
    out->kind = BEARER_JSON_STRING;
    if (op->regex)
        return read_regex(pool, word->text, &out->regex);
    if (!word->quoted && is_json_number(word->text)) {
        out->kind = BEARER_JSON_NUMBER;
        return read_number(pool, word->text, &out->number);
    }
    if (op->numeric)
        return apr_psprintf(pool, "'%s' compares with a number, not with '%s'", op->name,
                            word->text);
    if (!word->quoted && strcmp(word->text, "true") == 0)
        out->kind = BEARER_JSON_TRUE;
    if (!word->quoted && strcmp(word->text, "false") == 0)
        out->kind = BEARER_JSON_FALSE;
    return NULL;
}

static const operation *operation_find(const bearer_word *word)
{
    for (const operation *op = operations; word->text != NULL && !word->quoted && op->name != NULL;
         op++)
        if (strcmp(word->text, op->name) == 0)
            return op;
    return NULL;
}

/* What people write for operators where other languages have them. Taken as a value, it would make
 * another rule, or the opposite one. */
static const char *refuse_misspelt(apr_pool_t *pool, const bearer_word *words)
{
    static const char *const foreign[] = { "eq", "ne", "lt", "le", "gt", "ge", "is", "not", "in",
                                           "has", "contains", "equals", "like", "matches" };
    const char *word = words->text;
    bool wrong;

    if (word == NULL || words->quoted)
        return NULL;
    wrong = *word != '\0' && word[strspn(word, "=!<>~")] == '\0';
    for (size_t i = 0; words[1].text != NULL && i < sizeof(foreign) / sizeof(foreign[0]); i++)
        wrong = wrong || apr_cstr_casecmp(word, foreign[i]) == 0;
    return !wrong ? NULL
        : apr_psprintf(pool, "'%s' is no operator: want =, !=, ~, !~, <, <=, >, >= or exists"
                       " (a value of that name is put in quotes)", word);
}

/* Other modules write name:value, name=value or name~regex in one word. Taken as a path it would
 * make a rule that never holds, and behind `not` one that always does. */
static const char *refuse_joined(apr_pool_t *pool, const char *path)
{
    return *path == '/' || strpbrk(path, ":=<>~ ") == NULL ? NULL
        : apr_psprintf(pool, "'%s' has its operator inside or has none: blanks are wanted around"
                       " it, as in: claim path = value", path);
}

static const char *read_operands(apr_pool_t *pool, const bearer_word *words, const char *path,
                                 bearer_comparison *comparison)
{
    size_t count = bearer_words_count(words);
    operand *operands = apr_pcalloc(pool, sizeof(*operands) * (count + 1));

    if (comparison->op->compare == NULL && count > 0)
        return "'exists' takes no value";
    if (comparison->op->compare != NULL && count == 0)
        return apr_psprintf(pool, "a value is wanted, as in: claim %s %s value", path,
                            comparison->op->name);
    if (comparison->op->single && count > 1)
        return apr_psprintf(pool, "'%s' takes one number", comparison->op->name);
    for (size_t i = 0; i < count; i++) {
        const char *error = read_operand(pool, comparison->op, &words[i], &operands[i]);

        if (error != NULL)
            return error;
    }
    comparison->operands = operands;
    comparison->count = count;
    return NULL;
}

const char *bearer_comparison_make(apr_pool_t *pool, const char *path, const bearer_word *words,
                                   const bearer_comparison **comparison)
{
    bearer_comparison *made = apr_pcalloc(pool, sizeof(*made));
    const char *error;

    made->op = operation_find(words);
    if (made->op != NULL)
        words++;
    else if ((error = refuse_misspelt(pool, words)) != NULL
             || (error = refuse_joined(pool, path)) != NULL)
        return error;
    else
        made->op = &operations[0];
    *comparison = made;
    return read_operands(pool, words, path, made);
}
