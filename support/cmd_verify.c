#include "fetching.h"
#include "tool.h"
#include "bearer/issuer.h"

#include <string.h>
#include <apr_strings.h>

static const tool_word words[] = {
    { "keys",       "discovery|URL|jwks:FILE|pem:FILE|secret:FILE", true, true },
    { "issuer",     "NAME",                                         false, false },
    { "algorithms", "NAME,...",                                     false, false },
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

/* What is wrong with the words as a whole. */
static const char *refuse_words(const tool *at)
{
    const char *const *sources = tool_all(at, "keys");
    const char *word = tool_network_word(at);
    bool discovery = false, web = false;

    for (size_t i = 0; sources[i] != NULL; i++) {
        discovery = discovery || strcmp(sources[i], "discovery") == 0;
        web = web || bearer_keystore_is_web(sources[i]);
    }
    if (discovery != (tool_get(at, "issuer") != NULL))
        return discovery ? "keys=discovery wants issuer=NAME" : "issuer= is for keys=discovery";
    if (word != NULL && !web)
        return apr_psprintf(at->pool, "%s= is for keys from the network, and all keys= are files",
                            word);
    return refuse_mixture(sources);
}

static bearer_keystore *open_keys(const tool *at)
{
    bearer_origin from = { .sources = tool_all(at, "keys"), .issuer = tool_get(at, "issuer") };
    const char *error = refuse_words(at);
    bearer_keystore *store = NULL;

    if (error == NULL && !tool_terms(at, &from.terms))
        return NULL;
    if (error == NULL)
        store = bearer_keystore_open(at->pool, &from, &tool_log, &error);
    if (store == NULL)
        tool_complain(at, "%s", error);
    return store;
}

static bearer_verdict judge(const tool *at, bearer_span token, const bearer_keyset *keys,
                            uint64_t algorithms)
{
    bearer_verdict refused;

    if (keys == NULL) {
        bearer_refuse(&refused, BEARER_KEYS_UNAVAILABLE, "no keys were fetched");
        return refused;
    }
    return bearer_token_verify(at->pool, token, keys,
                               algorithms != 0 ? algorithms : bearer_keyset_algorithms(keys));
}

/* algorithms: those wanted, 0 for all that some key fits. */
static int verify(const tool *at, bearer_keystore *store, uint64_t algorithms)
{
    bearer_verdict verdict;
    bearer_keyset *keys;
    bearer_span token;
    int code;

    if (tool_token(at, &token, &verdict)) {
        if (!tool_fetch(at, store, &tool_log))
            return TOOL_USAGE;
        keys = bearer_keystore_hold(store);
        verdict = judge(at, token, keys, algorithms);
        bearer_keyset_release(keys);
    }
    code = tool_verdict(verdict);
    tool_fingerprint(token);
    return code;
}

/* Which keys the network will bring is not known yet. */
static const char *refuse_unfit(bearer_keystore *store, uint64_t algorithms)
{
    bearer_keyset *keys = bearer_keystore_is_remote(store) ? NULL : bearer_keystore_hold(store);
    uint64_t fitting = keys != NULL ? bearer_keyset_algorithms(keys) : ~UINT64_C(0);

    bearer_keyset_release(keys);
    return (algorithms & ~fitting) != 0 ? "algorithms= names one that no key fits" : NULL;
}

static int run(const tool *at)
{
    const char *text = tool_get(at, "algorithms"), *error = NULL;
    uint64_t algorithms = 0;
    bearer_keystore *store = open_keys(at);

    if (store == NULL)
        return TOOL_USAGE;
    if (text != NULL)
        error = bearer_algorithms_read(at->pool, text, &algorithms);
    if (error == NULL)
        error = refuse_unfit(store, algorithms);
    return error == NULL ? verify(at, store, algorithms) : tool_complain(at, "%s", error);
}

const tool_command tool_verify = {
    "verify", "says whether the signature of the token on standard input holds, and no more",
    words, run, .network = true,
};
