#include "tool.h"
#include "bearer/issuer.h"

#include <stdio.h>

static const tool_word words[] = {
    { "keys",       "jwks:FILE|pem:FILE|secret:FILE", true, true },
    { "algorithms", "NAME,...",                       false, false },
    { NULL },
};

/* A secret and public keys in one set: what is public could be taken for the secret. */
static const char *refuse_mixture(const char *const *sources)
{
    for (size_t i = 1; sources[i] != NULL; i++)
        if (bearer_keystore_is_secret(sources[i]) != bearer_keystore_is_secret(sources[0]))
            return "keys=secret: cannot stand beside other kinds of keys";
    return NULL;
}

/* The algorithms wanted, or all that some key fits. */
static const char *choose(const tool *at, const bearer_keyset *keys, uint64_t *algorithms)
{
    const char *text = tool_get(at, "algorithms"), *error;
    uint64_t fitting = bearer_keyset_algorithms(keys);

    *algorithms = 0;
    error = text != NULL ? bearer_algorithms_read(at->pool, text, algorithms) : NULL;
    if (error != NULL)
        return error;
    if (text == NULL)
        *algorithms = fitting;
    return (*algorithms & ~fitting) != 0 ? "algorithms= names one that no key fits" : NULL;
}

static int verify(const tool *at, const bearer_keyset *keys)
{
    bearer_verdict verdict;
    bearer_span token;
    uint64_t algorithms;
    const char *error = choose(at, keys, &algorithms);
    int code;

    if (error != NULL)
        return tool_complain(at, "%s", error);
    if (tool_token(at, &token, &verdict))
        verdict = bearer_token_verify(at->pool, token, keys, algorithms);
    code = tool_verdict(verdict);
    tool_fingerprint(token);
    return code;
}

static int run(const tool *at)
{
    const char *const *sources = tool_all(at, "keys");
    bearer_origin from = { .sources = sources, .issuer = "", .terms = bearer_terms_default };
    const char *error = refuse_mixture(sources);
    bearer_keystore *store = NULL;
    bearer_keyset *keys;
    int code;

    if (error == NULL)
        store = bearer_keystore_open(at->pool, &from, &tool_log, &error);
    if (store == NULL)
        return tool_complain(at, "%s", error);
    keys = bearer_keystore_hold(store);
    code = verify(at, keys);
    bearer_keyset_release(keys);
    return code;
}

const tool_command tool_verify = {
    "verify", "says whether the signature of the token on standard input holds, and no more",
    words, run,
};
