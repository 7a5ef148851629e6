/* What the commands of htbearer share: their words, their output, the token on standard input. */
#ifndef TOOL_H
#define TOOL_H

#include <apr_pools.h>
#include "bearer/alg.h"
#include "bearer/log.h"
#include "bearer/verdict.h"

/* Exit codes. */
enum { TOOL_DONE = 0, TOOL_REFUSED = 1, TOOL_USAGE = 2 };

/* A word that a command takes, as name=value. */
typedef struct {
    const char *name;
    const char *value;              /* what stands behind it, for help */
    bool wanted, repeats;
} tool_word;

typedef struct tool tool;

typedef struct {
    const char *name;
    const char *about;
    const tool_word *words;         /* ended by a NULL name; NULL if it takes none */
    int (*run)(const tool *at);
    bool network;                   /* the options for keys from the network are words too */
    const char *bare;               /* what may stand first without name=, for help; or NULL */
} tool_command;

/* One run of a command. */
struct tool {
    apr_pool_t *pool;
    const tool_command *command;
    const char *const *given;       /* its words as typed, NULL-terminated */
    const char *bare;               /* the word without name=; NULL if there is none */
};

/* The commands, one file each. */
extern const tool_command tool_key, tool_mint, tool_check, tool_verify, tool_keys;

/* Says on standard error, in one line, what is wrong; returns TOOL_USAGE. */
int tool_complain(const tool *at, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The i-th word that a command takes; false beyond the last. */
bool tool_word_at(const tool_command *command, size_t i, tool_word *word);

/* A run of the command with these words. */
tool tool_make(apr_pool_t *pool, const tool_command *command, const char *const *words);

/* Every word is one of the command's, stands once unless it may repeat, and none that is wanted is
 * missing. Else it complained. */
bool tool_words_good(const tool *at);

/* The value of a word, NULL if it is not given; all values of one that repeats, NULL-terminated. */
const char *tool_get(const tool *at, const char *name);
const char *const *tool_all(const tool *at, const char *name);

/* The readers below complain and return false (or NULL) for a value that is none. */

/* A whole number; `number` keeps what it has where the word is not given. */
bool tool_number(const tool *at, const char *name, int64_t least, int64_t most, int64_t *number);

/* yes or no; false where the word is not given. */
bool tool_yes(const tool *at, const char *name, bool *yes);

/* The algorithm of algorithm=, which this OpenSSL offers. */
const bearer_alg *tool_algorithm(const tool *at);

/* now=, or the clock. */
bool tool_now(const tool *at, int64_t *now);

/* The token on standard input: one line, whose end is taken off. False and *refused for none, more
 * than one, or a longer one than TOOL_TOKEN_MAX; *token holds what is known of it even then. */
#define TOOL_TOKEN_MAX (64 * 1024)
bool tool_token(const tool *at, bearer_span *token, bearer_verdict *refused);

/* A verdict and what is known of it: the first line, then detail; returns the exit code. */
int tool_verdict(bearer_verdict verdict);

/* One line `name: value`; control characters are written as \xNN, long values are cut. Nothing for
 * an empty value. */
void tool_print(const char *name, bearer_span value);

/* The same, never cut. */
void tool_print_whole(const char *name, bearer_span value);

/* `token: ` and the first 8 hex digits of its SHA-256, as in the server's log. */
void tool_fingerprint(bearer_span token);

/* Where readers of keys report: standard error, but for what is said at debug level. */
extern const bearer_log tool_log;

/* A text as a JSON string, with its quotes. */
char *tool_quote(apr_pool_t *pool, bearer_span text);

/* File names are taken as they are. */
char *tool_resolve(apr_pool_t *pool, const char *file);

#endif
