#include "bearer/match.h"
#include "bearer/compare.h"

#include <string.h>
#include <apr_strings.h>

struct bearer_match {
    bool (*holds)(const bearer_match *match, const bearer_identity *identity);
    const char *const *words;       /* of scope and issuer rules */
    const bearer_path *path;        /* of claim rules, like what follows */
    const bearer_comparison *comparison;
};

static const bearer_json *value_of(const bearer_match *match, const bearer_identity *identity)
{
    return bearer_path_find(match->path, identity->claims->json);
}

static bool claim_holds(const bearer_match *match, const bearer_identity *identity)
{
    return bearer_comparison_holds(match->comparison, value_of(match, identity));
}

bool bearer_match_gives_up(const bearer_match *match, const bearer_identity *identity)
{
    return match->holds == claim_holds
        && bearer_comparison_gives_up(match->comparison, value_of(match, identity));
}

static bool scopes_hold(const bearer_match *match, const bearer_identity *identity)
{
    for (const char *const *word = match->words; *word != NULL; word++)
        if (!bearer_identity_has_scope(identity, bearer_span_of(*word)))
            return false;
    return true;
}

static bool issuer_holds(const bearer_match *match, const bearer_identity *identity)
{
    for (const char *const *word = match->words; *word != NULL; word++)
        if (identity->issuer != NULL && strcmp(identity->issuer, *word) == 0)
            return true;
    return false;
}

const char *bearer_match_claim_make(apr_pool_t *pool, const bearer_word *words,
                                    const bearer_match **match)
{
    bearer_match *made = apr_pcalloc(pool, sizeof(*made));
    const char *error;

    if (words->text == NULL)
        return "a claim's path is wanted, as in: claim path = value";
    error = bearer_path_make(pool, words->text, &made->path);
    if (error != NULL)
        return apr_psprintf(pool, "'%s': %s", words->text, error);
    made->holds = claim_holds;
    *match = made;
    return bearer_comparison_make(pool, made->path->text, words + 1, &made->comparison);
}

static const char *const *texts_of(apr_pool_t *pool, const bearer_word *words)
{
    const char **texts = apr_pcalloc(pool, sizeof(*texts) * (bearer_words_count(words) + 1));

    for (size_t i = 0; words[i].text != NULL; i++)
        texts[i] = words[i].text;
    return texts;
}

/* RFC 6749 section 3.3: %x21 / %x23-5B / %x5D-7E */
static bool is_scope_token(const char *text)
{
    const char *c = text;

    while (*c > ' ' && *c <= '~' && *c != '"' && *c != '\\')
        c++;
    return c != text && *c == '\0';
}

const char *bearer_match_scope_make(apr_pool_t *pool, const bearer_word *words,
                                    const bearer_match **match)
{
    bearer_match *made = apr_pcalloc(pool, sizeof(*made));

    if (words->text == NULL)
        return "a scope is wanted, as in: scope read write";
    for (const bearer_word *word = words; word->text != NULL; word++)
        if (!is_scope_token(word->text))
            return apr_psprintf(pool,
                                "'%s' is no scope: one word without blanks, quotes, backslashes"
                                " and characters beyond ASCII is wanted",
                                word->text);
    made->holds = scopes_hold;
    made->words = texts_of(pool, words);
    *match = made;
    return NULL;
}

const char *bearer_match_issuer_make(apr_pool_t *pool, const bearer_word *words,
                                     const bearer_match **match)
{
    bearer_match *made = apr_pcalloc(pool, sizeof(*made));

    if (words->text == NULL)
        return "an issuer is wanted, as in: issuer https://login.example.com/";
    made->holds = issuer_holds;
    made->words = texts_of(pool, words);
    *match = made;
    return NULL;
}

bool bearer_match_holds(const bearer_match *match, const bearer_identity *identity)
{
    return match->holds(match, identity);
}

const char *const *bearer_match_scopes(const bearer_match *match)
{
    return match->holds == scopes_hold ? match->words : NULL;
}
