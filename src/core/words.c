#include "bearer/words.h"

#include <stdint.h>
#include <string.h>
#include <apr_lib.h>
#include <apr_tables.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Copies one word to out and moves *line behind it. False if its quote is not closed. */
static bool take_word(const char **line, char *out, bool *quoted)
{
    const char *in = *line;
    char quote = *in == '"' || *in == '\'' ? *in++ : '\0';

    *quoted = quote != '\0';
    while (*in != '\0' && (quote != '\0' ? *in != quote : !is_blank(*in))) {
        if (quote != '\0' && *in == '\\' && (in[1] == quote || in[1] == '\\'))
            in++;
        *out++ = *in++;
    }
    *out = '\0';
    if (quote != '\0' && *in++ != quote)
        return false;
    *line = in;
    return true;
}

const bearer_word *bearer_words_split(apr_pool_t *pool, const char *line, const char **error)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(bearer_word));

    for (;;) {
        bearer_word word;
        char *text;

        while (is_blank(*line))
            line++;
        if (*line == '\0')
            break;
        text = apr_palloc(pool, strlen(line) + 1);
        word.text = text;
        if (!take_word(&line, text, &word.quoted)) {
            *error = "a quote is not closed";
            return NULL;
        }
        if (*line != '\0' && !is_blank(*line)) {
            *error = "a blank is wanted after a closing quote";
            return NULL;
        }
        APR_ARRAY_PUSH(words, bearer_word) = word;
    }
    APR_ARRAY_PUSH(words, bearer_word) = (bearer_word){ NULL, false };
    return (const bearer_word *)words->elts;
}

size_t bearer_words_count(const bearer_word *words)
{
    size_t n = 0;

    while (words[n].text != NULL)
        n++;
    return n;
}

/* Changes of one letter that turn a into b (Levenshtein), case apart, as far as words of a
 * configuration are long. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t row[LONGEST + 1], la = strlen(a), lb = strlen(b);

    if (la > LONGEST || lb > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t change = corner + (apr_tolower(a[i - 1]) != apr_tolower(b[j - 1]));
            size_t shorter = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            corner = row[j];
            row[j] = change < shorter ? change : shorter;
        }
    }
    return row[lb];
}

const char *bearer_nearest(const char *text, const char *const *words)
{
    size_t best = strlen(text) / 2 + 1;
    const char *nearest = NULL;

    for (; *words != NULL; words++) {
        size_t d = distance(text, *words);

        if (d < best) {
            best = d;
            nearest = *words;
        }
    }
    return nearest;
}
