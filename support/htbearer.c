#include "tool.h"
#include "bearer/mint.h"
#include "bearer/signature.h"
#include "bearer/version.h"
#include "bearer/words.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <apr_general.h>
#include <openssl/crypto.h>

static int help(const tool *at);
static int version(const tool *at);

static const tool_command help_command = { "help", "this text", NULL, help };
static const tool_command version_command = {
    "version", "versions, and who signs and checks which algorithm", NULL, version,
};

static const tool_command *const commands[] = {
    &tool_key, &tool_mint, &tool_check, &tool_verify, &tool_keys, &help_command, &version_command,
};

#define NAMES "key, mint, check, verify, keys, help or version"
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const tool_command *command_find(const char *name)
{
    name += name[0] == '-' && name[1] == '-' ? 2 : 0;
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    return strcmp(name, "-h") == 0 ? &help_command : NULL;
}

static void print_word(const tool_word *word)
{
    printf(word->wanted ? "    %s=%s%s\n" : "    [%s=%s]%s\n", word->name, word->value,
           word->repeats ? " ..." : "");
}

static int help(const tool *at)
{
    tool_word word;

    (void)at;
    printf("htbearer makes and checks bearer tokens and their keys for mod_auth_bearer.\n\n"
           "usage: htbearer command name=value ...\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        printf("\n  %s: %s\n", commands[i]->name, commands[i]->about);
        if (commands[i]->bare != NULL)
            printf("    [%s]\n", commands[i]->bare);
        for (size_t w = 0; tool_word_at(commands[i], w, &word); w++)
            print_word(&word);
    }
    printf("\nTokens are read from standard input.\n"
           "Exit code: 0 accepted or done, 1 refused or no keys, 2 wrong usage or failure.\n"
           "More: man htbearer\n");
    return TOOL_DONE;
}

static int version(const tool *at)
{
    (void)at;
    printf("htbearer " BEARER_VERSION "\nlibrary: %s\n", OpenSSL_version(OPENSSL_VERSION));
    for (size_t i = 0; bearer_alg_at(i) != NULL; i++) {
        const bearer_alg *alg = bearer_alg_at(i);
        const char *who = bearer_mint_libjwt_knows(alg)
                        ? "signed by libjwt or OpenSSL, checked by OpenSSL"
                        : "signed and checked by OpenSSL";

        printf("%s: %s\n", alg->name,
               bearer_signature_available(alg) ? who : "not offered by this OpenSSL");
    }
    return TOOL_DONE;
}

static int unknown_command(const char *name)
{
    const char *names[COMMANDS + 1] = { NULL }, *nearest;

    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i]->name;
    nearest = bearer_nearest(name, names);
    fprintf(stderr, "htbearer: unknown command '%s'", name);
    if (nearest != NULL)
        fprintf(stderr, " (is '%s' meant?)", nearest);
    fprintf(stderr, ": want " NAMES "\n");
    return TOOL_USAGE;
}

static int run(apr_pool_t *pool, const tool_command *command, const char *const *words)
{
    tool at = tool_make(pool, command, words);
    int code = tool_words_good(&at) ? command->run(&at) : TOOL_USAGE;

    if ((fflush(stdout) != 0 || ferror(stdout)) && code != TOOL_USAGE)
        code = tool_complain(&at, "standard output cannot be written");
    return code;
}

int main(int argc, const char *const *argv)
{
    const tool_command *command;
    apr_pool_t *pool;
    int code;

    if (argc < 2) {
        fprintf(stderr, "htbearer: a command is wanted: " NAMES "\n");
        return TOOL_USAGE;
    }
    command = command_find(argv[1]);
    if (command == NULL)
        return unknown_command(argv[1]);
    signal(SIGPIPE, SIG_IGN);           /* of a server that hangs up */
    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        fprintf(stderr, "htbearer: memory failed\n");
        return TOOL_USAGE;
    }
    code = run(pool, command, argv + 2);
    apr_pool_destroy(pool);
    apr_terminate();
    return code;
}
