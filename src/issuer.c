#include "bearer/issuer.h"
#include "bearer/address.h"
#include "bearer/signature.h"
#include "bearer/words.h"

#include <string.h>
#include <apr_strings.h>
#include <apr_tables.h>

/* An issuer's line while it is read. */
typedef struct {
    apr_pool_t *pool;
    char *(*resolve)(apr_pool_t *pool, const char *file);
    apr_array_header_t *sources;    /* const char * */
    bearer_terms terms;
    const char *network;            /* an option that only the network needs, as given */
    bearer_issuer *rules;
} draft;

typedef struct {
    const char *name;
    const char *(*read)(draft *to, const char *value);
    bool repeats;
} option;

const char *const *bearer_list_split(apr_pool_t *pool, const char *text)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    char *rest = apr_pstrdup(pool, text);

    while (rest != NULL) {
        char *item = rest, *comma = strchr(rest, ',');

        rest = comma != NULL ? comma + 1 : NULL;
        if (comma != NULL)
            *comma = '\0';
        if (*item == '\0')
            return NULL;
        APR_ARRAY_PUSH(list, const char *) = item;
    }
    APR_ARRAY_PUSH(list, const char *) = NULL;
    return (const char *const *)list->elts;
}

static const char *meant(apr_pool_t *pool, const char *text, const char *const *words)
{
    const char *nearest = bearer_nearest(text, words);

    return nearest != NULL ? apr_psprintf(pool, " (is '%s' meant?)", nearest) : "";
}

/* A file's name made absolute; NULL, and *error, for one that cannot be. */
static const char *full_name(draft *to, const char *file, const char **error)
{
    const char *full = *file != '\0' ? to->resolve(to->pool, file) : NULL;

    *error = full != NULL ? NULL : "the file name is not valid";
    return full;
}

static const char *read_keys(draft *to, const char *value)
{
    const char *error = bearer_keystore_refuse(to->pool, value, to->rules->name);
    const char *file = bearer_keystore_file_of(value), *full = value;

    if (error == NULL && file != NULL)
        full = full_name(to, file, &error);
    if (error != NULL)
        return apr_psprintf(to->pool, "keys=%s: %s", value, error);
    APR_ARRAY_PUSH(to->sources, const char *) =
        file != NULL ? apr_psprintf(to->pool, "%.*s%s", (int)(file - value), value, full)
                     : apr_pstrdup(to->pool, value);
    return NULL;
}

static const char *const *algorithm_names(apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 24, sizeof(const char *));

    for (size_t i = 0; bearer_alg_at(i) != NULL; i++)
        APR_ARRAY_PUSH(names, const char *) = bearer_alg_at(i)->name;
    APR_ARRAY_PUSH(names, const char *) = NULL;
    return (const char *const *)names->elts;
}

const char *bearer_algorithms_read(apr_pool_t *pool, const char *value, uint64_t *algorithms)
{
    const char *const *names = bearer_list_split(pool, value);

    for (; names != NULL && *names != NULL; names++) {
        const bearer_alg *alg = bearer_alg_find(bearer_span_of(*names));

        if (alg == NULL)
            return apr_psprintf(pool, "algorithms=%s: '%s' is no algorithm that is accepted%s",
                                value, *names, meant(pool, *names, algorithm_names(pool)));
        if (!bearer_signature_available(alg))
            return apr_psprintf(pool, "algorithms=%s: this OpenSSL does not offer %s", value,
                                *names);
        *algorithms |= UINT64_C(1) << bearer_alg_index(alg);
    }
    return names != NULL
               ? NULL
               : apr_psprintf(pool, "algorithms=%s: want a list such as RS256,ES256", value);
}

static const char *read_algorithms(draft *to, const char *value)
{
    return bearer_algorithms_read(to->pool, value, &to->rules->algorithms);
}

static const struct {
    const char *word;
    unsigned kinds;
} type_words[] = {
    { "absent", BEARER_TYPE_ABSENT },
    { "JWT",    BEARER_TYPE_JWT },
    { "at+jwt", BEARER_TYPE_AT },
    { "id",     BEARER_TYPE_ID | BEARER_TYPE_ABSENT | BEARER_TYPE_JWT },    /* how ID tokens come */
    { NULL,     0 },
};

static const char *read_types(draft *to, const char *value)
{
    static const char tree[] = "application/";
    const char *const *words = bearer_list_split(to->pool, value);
    apr_array_header_t *others = apr_array_make(to->pool, 2, sizeof(const char *));
    bearer_types *types = &to->rules->types;

    if (words == NULL)
        return apr_psprintf(
            to->pool, "types=%s: want a list of absent, JWT, at+jwt, id or other header types",
            value);
    types->kinds = 0;
    for (; *words != NULL; words++) {
        const char *word = *words;
        size_t i = 0;

        if (bearer_span_begins_nocase(bearer_span_of(word), tree))
            word += strlen(tree);
        while (type_words[i].word != NULL
               && !bearer_span_is_nocase(bearer_span_of(word), type_words[i].word))
            i++;
        types->kinds |= type_words[i].kinds;
        if (type_words[i].word == NULL)
            APR_ARRAY_PUSH(others, const char *) = word;
    }
    APR_ARRAY_PUSH(others, const char *) = NULL;
    types->others = (const char *const *)others->elts;
    return NULL;
}

static const char *read_audience(draft *to, const char *value)
{
    const char *const *names = bearer_list_split(to->pool, value);

    if (names == NULL)
        return apr_psprintf(to->pool, "audience=%s: want a list of names, or any", value);
    for (const char *const *name = names; *name != NULL; name++)
        to->rules->any_audience = to->rules->any_audience || strcmp(*name, "any") == 0;
    if (to->rules->any_audience && names[1] != NULL)
        return apr_psprintf(to->pool, "audience=%s: any stands alone", value);
    to->rules->audiences = to->rules->any_audience ? NULL : names;
    return NULL;
}

const char *bearer_paths_read(apr_pool_t *pool, const char *const *texts,
                              const bearer_path *const **paths)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const bearer_path *));

    for (; *texts != NULL; texts++) {
        const bearer_path *path;
        const char *error = bearer_path_make(pool, *texts, &path);

        if (error != NULL)
            return apr_psprintf(pool, "'%s': %s", *texts, error);
        APR_ARRAY_PUSH(list, const bearer_path *) = path;
    }
    APR_ARRAY_PUSH(list, const bearer_path *) = NULL;
    *paths = (const bearer_path *const *)list->elts;
    return NULL;
}

static const char *read_user(draft *to, const char *value)
{
    const char *const *texts = bearer_list_split(to->pool, value);
    const char *error = texts != NULL ? bearer_paths_read(to->pool, texts, &to->rules->users)
                                      : "want a list of claims";

    return error != NULL ? apr_psprintf(to->pool, "user=%s: %s", value, error) : NULL;
}

static const char *read_user_prefix(draft *to, const char *value)
{
    if (bearer_span_has_control(bearer_span_of(value)))
        return "user-prefix= holds control characters";
    to->rules->user_prefix = apr_pstrdup(to->pool, value);
    return NULL;
}

static const option options[] = {
    { "keys",        read_keys,        true },
    { "algorithms",  read_algorithms,  false },
    { "types",       read_types,       false },
    { "audience",    read_audience,    false },
    { "user",        read_user,        false },
    { "user-prefix", read_user_prefix, false },
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

/* The name of the i-th option, those for the network behind the others; NULL beyond the last. */
static const char *option_name(size_t i)
{
    return i < OPTIONS ? options[i].name : bearer_terms_name(i - OPTIONS);
}

static const char *unknown_option(apr_pool_t *pool, const char *word)
{
    apr_array_header_t *names = apr_array_make(pool, 16, sizeof(const char *));
    const char *list = "", *name = apr_pstrmemdup(pool, word, strcspn(word, "="));

    for (size_t i = 0; option_name(i) != NULL; i++) {
        APR_ARRAY_PUSH(names, const char *) = option_name(i);
        list = apr_pstrcat(pool, list, i == 0 ? "" : option_name(i + 1) != NULL ? ", " : " or ",
                           option_name(i), "=", NULL);
    }
    APR_ARRAY_PUSH(names, const char *) = NULL;
    return apr_psprintf(pool, "unknown option '%s'%s: want %s", word,
                        meant(pool, name, (const char *const *)names->elts), list);
}

/* The value of the i-th option, if the word is that option; else NULL. */
static const char *value_of(const char *word, size_t i)
{
    size_t len = strlen(option_name(i));

    return strncmp(word, option_name(i), len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static const char *read_option(draft *to, const char *word, unsigned *given)
{
    size_t i = 0;
    const char *value;

    while (option_name(i) != NULL && value_of(word, i) == NULL)
        i++;
    if (option_name(i) == NULL)
        return unknown_option(to->pool, word);
    if ((*given & 1u << i) != 0 && (i >= OPTIONS || !options[i].repeats))
        return apr_psprintf(to->pool, "%s= is given twice", option_name(i));
    *given |= 1u << i;
    value = value_of(word, i);
    if (i < OPTIONS)
        return options[i].read(to, value);
    to->network = option_name(i);
    return bearer_terms_read(to->pool, &to->terms, i - OPTIONS, value, to->resolve);
}

static const char *read_words(draft *to, const char *const *words)
{
    const char *error = NULL;
    unsigned given = 0;

    if (*words == NULL || **words == '\0' || bearer_span_has_control(bearer_span_of(*words)))
        return "the issuer's name is wanted first, exactly as its tokens have it in iss";
    for (size_t i = 0; option_name(i) != NULL; i++)
        if (value_of(*words, i) != NULL)
            return apr_psprintf(to->pool, "the issuer's name is wanted before '%s'", *words);
    to->rules->name = apr_pstrdup(to->pool, *words);
    for (words++; *words != NULL && error == NULL; words++)
        error = read_option(to, *words, &given);
    return error;
}

/* A server's secret must never become a key that a published set could name, nor the reverse. */
static const char *refuse_mixture(const draft *from)
{
    const char *const *sources = (const char *const *)from->sources->elts;
    bool secret = bearer_keystore_is_secret(sources[0]);

    for (int i = 1; i < from->sources->nelts; i++)
        if (bearer_keystore_is_secret(sources[i]) != secret)
            return "secret: cannot stand beside other kinds of keys";
    if (secret && from->rules->algorithms == 0)
        return "keys=secret: wants algorithms= with one or more of HS256,HS384,HS512";
    for (size_t i = 0; bearer_alg_at(i) != NULL; i++) {
        const bearer_alg *alg = bearer_alg_at(i);

        if ((from->rules->algorithms >> bearer_alg_index(alg) & 1) == 0)
            continue;
        if (secret != (alg->kty == BEARER_KTY_OCT))
            return apr_psprintf(
                from->pool,
                secret ? "algorithms=%s does not go with keys=secret:, which serves HS256,"
                         " HS384 and HS512 only"
                       : "algorithms=%s goes with keys=secret: only",
                alg->name);
    }
    return NULL;
}

/* Which keys the network will bring is not known yet. */
static const char *refuse_unfit(apr_pool_t *pool, const bearer_trust *trust)
{
    bearer_keyset *keys = bearer_keystore_is_remote(trust->keys)
                              ? NULL : bearer_keystore_hold(trust->keys);
    uint64_t fitting = keys != NULL ? bearer_keyset_algorithms(keys) : ~UINT64_C(0);
    uint64_t missing = trust->rules.algorithms & ~fitting;
    const char *error = NULL;

    for (size_t i = 0; missing != 0 && error == NULL; i++) {
        const bearer_alg *alg = bearer_alg_at(i);

        if ((missing >> bearer_alg_index(alg) & 1) == 0)
            continue;
        error = alg->kty == BEARER_KTY_OCT
                    ? apr_psprintf(pool,
                                   "algorithms=%s: the secret is shorter than the %" APR_SIZE_T_FMT
                                   " bytes that %s wants",
                                   alg->name, alg->hash_bytes, alg->name)
                    : apr_psprintf(pool, "algorithms=%s: no key of the issuer fits %s", alg->name,
                                   alg->name);
    }
    bearer_keyset_release(keys);
    return error;
}

static const char *refuse_network(const draft *from)
{
    bool web = false;

    for (int i = 0; i < from->sources->nelts; i++)
        web = web || bearer_keystore_is_web(APR_ARRAY_IDX(from->sources, i, const char *));
    if (from->network != NULL && !web)
        return apr_psprintf(from->pool, "%s= is for keys from the network, and all keys= are files",
                            from->network);
    if (web && bearer_address_is_metadata(from->rules->name))
        return apr_psprintf(from->pool, "%s is the address of an issuer's metadata: want the"
                            " issuer's name, as they have it in issuer", from->rules->name);
    return bearer_terms_refuse(&from->terms);
}

/* Without keys= the issuer itself is asked. */
static const char *default_keys(draft *from)
{
    const char *error = bearer_keystore_refuse(from->pool, "discovery", from->rules->name);

    APR_ARRAY_PUSH(from->sources, const char *) = "discovery";
    return error != NULL
        ? apr_psprintf(from->pool, "keys= is wanted: %s; want keys= with %s", error,
                       bearer_keystore_kinds())
        : NULL;
}

static const char *open_keys(draft *from, bearer_trust *trust, const bearer_log *log)
{
    const char *error = from->sources->nelts == 0 ? default_keys(from) : NULL;
    bearer_origin origin = { .issuer = from->rules->name, .terms = from->terms };

    if (error == NULL)
        error = refuse_mixture(from);
    if (error == NULL)
        error = refuse_network(from);
    if (error != NULL)
        return error;
    APR_ARRAY_PUSH(from->sources, const char *) = NULL;
    origin.sources = (const char *const *)from->sources->elts;
    trust->keys = bearer_keystore_open(from->pool, &origin, log, &error);
    return trust->keys != NULL ? refuse_unfit(from->pool, trust) : error;
}

bearer_trust *bearer_issuer_open(apr_pool_t *pool, const char *const *words,
                                 char *(*resolve)(apr_pool_t *pool, const char *file),
                                 const bearer_log *log, const char **error)
{
    bearer_trust *trust = apr_pcalloc(pool, sizeof(*trust));
    draft from = {
        .pool = pool, .resolve = resolve, .sources = apr_array_make(pool, 2, sizeof(const char *)),
        .terms = bearer_terms_default, .rules = &trust->rules,
    };

    trust->rules.user_prefix = "";
    trust->rules.types.kinds = BEARER_TYPE_ABSENT | BEARER_TYPE_JWT | BEARER_TYPE_AT;
    *error = read_words(&from, words);
    if (*error == NULL)
        *error = open_keys(&from, trust, log);
    return *error == NULL ? trust : NULL;
}
