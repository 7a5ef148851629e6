#include "tool.h"
#include "bearer/signature.h"
#include "bearer/terms.h"
#include "bearer/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <openssl/evp.h>

#define VALUE_MAX 512               /* of what is printed: a kid may be as long as a token */

int tool_complain(const tool *at, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "htbearer %s: ", at->command->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return TOOL_USAGE;
}

bool tool_word_at(const tool_command *command, size_t i, tool_word *word)
{
    static const char *const values[] = {
        [BEARER_TERMS_FILE] = "FILE", [BEARER_TERMS_URL] = "URL",
        [BEARER_TERMS_SECONDS] = "SECONDS",
    };
    size_t count = 0;

    while (command->words != NULL && command->words[count].name != NULL)
        count++;
    if (i < count) {
        *word = command->words[i];
        return true;
    }
    i -= count;
    if (!command->network || bearer_terms_name(i) == NULL)
        return false;
    *word = (tool_word){ bearer_terms_name(i), values[bearer_terms_kind_of(i)], false, false };
    return true;
}

static bool is_named(const char *word)
{
    return word[strspn(word, "abcdefghijklmnopqrstuvwxyz-")] == '=';
}

tool tool_make(apr_pool_t *pool, const tool_command *command, const char *const *words)
{
    tool at = { pool, command, words, NULL };

    if (command->bare != NULL && *words != NULL && !is_named(*words))
        at.bare = *at.given++;
    return at;
}

/* What stands behind `name=`, NULL if the word is another. */
static const char *value_of(const char *word, const char *name)
{
    size_t len = strcspn(word, "=");

    return bearer_span_is((bearer_span){ word, len }, name) && word[len] == '=' ? word + len + 1
                                                                             : NULL;
}

const char *const *tool_all(const tool *at, const char *name)
{
    apr_array_header_t *values = apr_array_make(at->pool, 4, sizeof(const char *));

    for (const char *const *word = at->given; *word != NULL; word++)
        if (value_of(*word, name) != NULL)
            APR_ARRAY_PUSH(values, const char *) = value_of(*word, name);
    APR_ARRAY_PUSH(values, const char *) = NULL;
    return (const char *const *)values->elts;
}

const char *tool_get(const tool *at, const char *name)
{
    return tool_all(at, name)[0];
}

static const char *meant(apr_pool_t *pool, const char *text, const char *const *words)
{
    const char *nearest = bearer_nearest(text, words);

    return nearest != NULL ? apr_psprintf(pool, " (is '%s' meant?)", nearest) : "";
}

static bool unknown_word(const tool *at, const char *given)
{
    apr_array_header_t *names = apr_array_make(at->pool, 16, sizeof(const char *));
    const char *list = "no words", *name = apr_pstrmemdup(at->pool, given, strcspn(given, "="));
    tool_word word;

    for (size_t i = 0; tool_word_at(at->command, i, &word); i++) {
        list = names->nelts == 0 ? apr_pstrcat(at->pool, word.name, "=", NULL)
                                 : apr_pstrcat(at->pool, list, ", ", word.name, "=", NULL);
        APR_ARRAY_PUSH(names, const char *) = word.name;
    }
    APR_ARRAY_PUSH(names, const char *) = NULL;
    tool_complain(at, "unknown word '%s'%s: want %s", given,
                  meant(at->pool, name, (const char *const *)names->elts), list);
    return false;
}

static bool word_known(const tool *at, const char *given)
{
    tool_word word;

    for (size_t i = 0; tool_word_at(at->command, i, &word); i++)
        if (value_of(given, word.name) != NULL)
            return true;
    return unknown_word(at, given);
}

bool tool_words_good(const tool *at)
{
    tool_word word;

    for (const char *const *given = at->given; *given != NULL; given++)
        if (!word_known(at, *given))
            return false;
    for (size_t i = 0; tool_word_at(at->command, i, &word); i++) {
        const char *const *values = tool_all(at, word.name);

        if (word.wanted && values[0] == NULL) {
            tool_complain(at, "%s= is wanted: %s=%s", word.name, word.name, word.value);
            return false;
        }
        if (!word.repeats && values[0] != NULL && values[1] != NULL) {
            tool_complain(at, "%s= is given twice", word.name);
            return false;
        }
    }
    return true;
}

bool tool_number(const tool *at, const char *name, int64_t least, int64_t most, int64_t *number)
{
    const char *text = tool_get(at, name);
    const char *digits = text != NULL && *text == '-' ? text + 1 : text;
    char *end;
    int64_t value;

    if (text == NULL)
        return true;
    value = apr_strtoi64(text, &end, 10);
    if (apr_isdigit(*digits) && *end == '\0' && value >= least && value <= most) {
        *number = value;
        return true;
    }
    tool_complain(at, "%s=%s: want a whole number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT,
                  name, text, least, most);
    return false;
}

bool tool_yes(const tool *at, const char *name, bool *yes)
{
    const char *text = tool_get(at, name);

    *yes = text != NULL && strcmp(text, "yes") == 0;
    if (text == NULL || *yes || strcmp(text, "no") == 0)
        return true;
    tool_complain(at, "%s=%s: want yes or no", name, text);
    return false;
}

const bearer_alg *tool_algorithm(const tool *at)
{
    const char *names[65] = { NULL }, *text = tool_get(at, "algorithm");
    const bearer_alg *alg = bearer_alg_find(bearer_span_of(text));

    for (size_t i = 0; bearer_alg_at(i) != NULL; i++)
        names[i] = bearer_alg_at(i)->name;
    if (alg == NULL)
        tool_complain(at, "algorithm=%s: there is no such algorithm here%s", text,
                      meant(at->pool, text, names));
    else if (!bearer_signature_available(alg)) {
        tool_complain(at, "algorithm=%s: this OpenSSL does not offer it", text);
        alg = NULL;
    }
    return alg;
}

bool tool_now(const tool *at, int64_t *now)
{
    *now = (int64_t)time(NULL);
    return tool_number(at, "now", 0, APR_INT64_C(253402300799), now);
}

bool tool_token(const tool *at, bearer_span *token, bearer_verdict *refused)
{
    size_t room = TOOL_TOKEN_MAX + 3;   /* the longest token, CR LF, and one byte too many */
    char *text = apr_palloc(at->pool, room);
    size_t len = fread(text, 1, room, stdin);

    *token = (bearer_span){ text, 0 };
    if (ferror(stdin))
        return bearer_refuse(refused, BEARER_NO_TOKEN, "standard input cannot be read");
    if (len > 0 && text[len - 1] == '\n')
        len--;
    if (len > 0 && text[len - 1] == '\r')
        len--;
    token->len = len;
    if (len > TOOL_TOKEN_MAX)
        return bearer_refuse(refused, BEARER_TOKEN_TOO_LARGE, "more than 65536 bytes were sent");
    if (len == 0)
        return bearer_refuse(refused, BEARER_NO_TOKEN, "standard input is empty");
    if (memchr(text, '\n', len) != NULL)
        return bearer_refuse(refused, BEARER_TOKEN_MALFORMED, "several lines were sent");
    return true;
}

/* Bytes that a terminal would obey: C0, DEL, and U+0080 to U+009F, in UTF-8 C2 80 to C2 9F. */
static bool is_control(bearer_span text, size_t i)
{
    unsigned char c = (unsigned char)text.ptr[i];
    unsigned char before = i > 0 ? (unsigned char)text.ptr[i - 1] : 0;
    unsigned char after = i + 1 < text.len ? (unsigned char)text.ptr[i + 1] : 0;

    return c < 0x20 || c == 0x7f || (c == 0xc2 && after < 0xa0) || (before == 0xc2 && c < 0xa0);
}

static void print(const char *name, bearer_span value, size_t most)
{
    size_t len = value.len < most ? value.len : most;

    if (value.len == 0)
        return;
    printf("%s: ", name);
    for (size_t i = 0; i < len; i++) {
        bool escaped = is_control(value, i) || value.ptr[i] == '\\';

        printf(escaped ? "\\x%02x" : "%c", (unsigned char)value.ptr[i]);
    }
    printf("%s\n", len < value.len ? "..." : "");
}

void tool_print(const char *name, bearer_span value)
{
    print(name, value, VALUE_MAX);
}

void tool_print_whole(const char *name, bearer_span value)
{
    print(name, value, value.len);
}

int tool_verdict(bearer_verdict verdict)
{
    printf("%s\n", bearer_reason_name(verdict.reason));
    tool_print("detail", bearer_span_of(verdict.detail));
    return verdict.reason == BEARER_ACCEPTED ? TOOL_DONE : TOOL_REFUSED;
}

void tool_fingerprint(bearer_span token)
{
    unsigned char hash[EVP_MAX_MD_SIZE];

    if (token.len > 0 && EVP_Digest(token.ptr, token.len, hash, NULL, EVP_sha256(), NULL) == 1)
        printf("token: %02x%02x%02x%02x\n", hash[0], hash[1], hash[2], hash[3]);
}

static void log_line(void *context, bearer_log_level level, const char *text)
{
    (void)context;
    if (level == BEARER_LOG_DEBUG)
        return;
    fprintf(stderr, "htbearer: %s: %s\n", level >= BEARER_LOG_NOTICE ? "note" : "warning", text);
}

const bearer_log tool_log = { log_line, NULL };

char *tool_quote(apr_pool_t *pool, bearer_span text)
{
    char *quoted = apr_palloc(pool, 6 * text.len + 3), *out = quoted;

    *out++ = '"';
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c < 0x20)
            out += apr_snprintf(out, 7, "\\u%04x", c);
        else {
            if (c == '"' || c == '\\')
                *out++ = '\\';
            *out++ = (char)c;
        }
    }
    *out++ = '"';
    *out = '\0';
    return quoted;
}

char *tool_resolve(apr_pool_t *pool, const char *file)
{
    return apr_pstrdup(pool, file);
}
