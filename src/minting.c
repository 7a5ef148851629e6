#include "bearer/minting.h"
#include "bearer/issuer.h"
#include "bearer/json_text.h"
#include "bearer/mint.h"
#include "bearer/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <apr_escape.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

/* A claim of the token that came, and the JSON name that it has in the one that is made. */
typedef struct {
    const bearer_path *from;
    const char *name;
} copied;

struct bearer_minting {
    const bearer_mint_key *key;
    const char *header;             /* JSON */
    const char *start;              /* of the claims: `{"iss":"...","aud":"..."` */
    int64_t ttl;
    const apr_array_header_t *claims;   /* copied */
};

/* A line while it is read: the values by option. */
enum { KEY, ALGORITHM, ISSUER, AUDIENCE, TTL, KID, CLAIMS, OPTIONS };

static const char *const names[] = {
    [KEY] = "key", [ALGORITHM] = "algorithm", [ISSUER] = "issuer", [AUDIENCE] = "audience",
    [TTL] = "ttl", [KID] = "kid", [CLAIMS] = "claims", [OPTIONS] = NULL,
};

static const char *read_word(apr_pool_t *pool, const char *word, const char *values[OPTIONS])
{
    const char *equals = strchr(word, '=');
    const char *name = equals != NULL ? apr_pstrmemdup(pool, word, (size_t)(equals - word)) : word;
    const char *near = bearer_nearest(name, names);

    for (int i = 0; i < OPTIONS; i++) {
        if (equals == NULL || strcmp(name, names[i]) != 0)
            continue;
        if (values[i] != NULL || equals[1] == '\0')
            return apr_psprintf(pool, "%s= wants one value", name);
        values[i] = equals + 1;
        return NULL;
    }
    return apr_psprintf(pool, "unknown option '%s'%s%s%s", word, near != NULL ? " (is '" : "",
                        near != NULL ? near : "", near != NULL ? "=' meant?)" : "");
}

static const char *read_words(apr_pool_t *pool, const char *const *words,
                              const char *values[OPTIONS])
{
    const char *error = NULL;

    for (; *words != NULL && error == NULL; words++)
        error = read_word(pool, *words, values);
    for (int i = 0; i <= AUDIENCE && error == NULL; i++)
        if (values[i] == NULL)
            error = apr_psprintf(pool, "want key=, algorithm=, issuer= and audience=: %s= is"
                                 " missing", names[i]);
    return error;
}

static const char *read_ttl(apr_pool_t *pool, const char *text, int64_t *ttl)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || n < BEARER_MINTING_LEAST
        || n > BEARER_MINTING_MOST)
        return apr_psprintf(pool, "ttl=%s: want a whole number of seconds from %d to %d", text,
                            BEARER_MINTING_LEAST, BEARER_MINTING_MOST);
    *ttl = n;
    return NULL;
}

/* `"name":"text"`. */
static const char *write_member(apr_pool_t *pool, const char *name, const char *text,
                                const char **error)
{
    const char *value = bearer_json_quote(pool, bearer_span_of(text));

    if (value == NULL) {
        *error = apr_psprintf(pool, "the value of %s is no UTF-8 text", name);
        return "";
    }
    return apr_psprintf(pool, "\"%s\":%s", name, value);
}

/* RFC 7519 section 4.1.3: one name is a string, several are an array. */
static const char *write_audience(apr_pool_t *pool, const char *text, const char **error)
{
    const char *const *list = bearer_list_split(pool, text);
    const char *members = "";

    if (strchr(text, ',') == NULL)
        return write_member(pool, "aud", text, error);
    if (list == NULL)
        *error = apr_psprintf(pool, "audience=%s: want a name, or names with commas between", text);
    for (; list != NULL && *list != NULL; list++) {
        const char *value = bearer_json_quote(pool, bearer_span_of(*list));

        if (value == NULL)
            *error = "the value of audience= is no UTF-8 text";
        members = apr_pstrcat(pool, members, *members != '\0' ? "," : "", value, NULL);
    }
    return apr_psprintf(pool, "\"aud\":[%s]", members);
}

/* Claims that this server says, or that are bound to what the backend cannot see. */
static bool is_reserved(const char *name)
{
    static const char *const reserved[] = { "iss", "aud", "exp", "iat", "nbf", "jti", "act", "cnf",
                                            NULL };

    for (const char *const *one = reserved; *one != NULL; one++)
        if (strcmp(name, *one) == 0)
            return true;
    return false;
}

static bool is_taken(const apr_array_header_t *claims, const char *quoted)
{
    for (int i = 0; i < claims->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(claims, i, copied).name, quoted) == 0)
            return true;
    return false;
}

static const char *read_claim(apr_pool_t *pool, const char *text, apr_array_header_t *claims)
{
    const char *equals = strrchr(text, '='), *name, *quoted, *error;
    const char *path = equals != NULL ? apr_pstrmemdup(pool, text, (size_t)(equals - text)) : text;
    copied one;

    error = bearer_path_make(pool, path, &one.from);
    if (error != NULL)
        return apr_psprintf(pool, "claims=: '%s': %s", path, error);
    name = equals != NULL ? equals + 1 : one.from->steps[0];
    if (*name == '\0' || (equals == NULL && one.from->steps[1] != NULL))
        return apr_psprintf(pool, "claims=: '%s' stands inside another claim: want a name for it,"
                            " as in %s=roles", text, path);
    if (is_reserved(name))
        return apr_psprintf(pool, "claims=: '%s' is not for a claim of the token that came", name);
    quoted = bearer_json_quote(pool, bearer_span_of(name));
    if (quoted == NULL || is_taken(claims, quoted))
        return apr_psprintf(pool, "claims=: '%s' is named twice, or no UTF-8 text", name);
    one.name = quoted;
    APR_ARRAY_PUSH(claims, copied) = one;
    return NULL;
}

static const char *read_claims(apr_pool_t *pool, const char *text, bearer_minting *made)
{
    apr_array_header_t *claims = apr_array_make(pool, 8, sizeof(copied));
    const char *const *list = bearer_list_split(pool, text);
    const char *error = list == NULL
                            ? apr_psprintf(pool, "claims=%s: want a list such as sub,scope", text)
                            : NULL;

    for (; error == NULL && *list != NULL; list++)
        error = read_claim(pool, *list, claims);
    if (error == NULL && !is_taken(claims, "\"client_id\""))
        error = read_claim(pool, "client_id", claims);
    if (error == NULL) {
        copied act = { .name = "\"act\"" };

        error = bearer_path_make(pool, "act", &act.from);
        APR_ARRAY_PUSH(claims, copied) = act;
    }
    made->claims = claims;
    return error;
}

static const bearer_alg *read_algorithm(apr_pool_t *pool, const char *name, const char **error)
{
    const bearer_alg *alg = bearer_alg_find(bearer_span_of(name));
    uint64_t ignored = 0;

    if (alg == NULL)                /* with the nearest name */
        *error = bearer_algorithms_read(pool, name, &ignored);
    if (alg == NULL && *error == NULL)
        *error = "algorithm=: want one algorithm";
    return alg;
}

/* A relative name is below the server's root. */
static const char *full_source(apr_pool_t *pool, const char *source,
                               char *(*resolve)(apr_pool_t *pool, const char *file))
{
    const char *colon = strchr(source, ':');
    const char *file = colon != NULL && colon[1] != '\0' ? resolve(pool, colon + 1) : NULL;

    return file == NULL ? source
                        : apr_psprintf(pool, "%.*s%s", (int)(colon + 1 - source), source, file);
}

static const char *write_header(apr_pool_t *pool, const char *kid, const char **error)
{
    static const char typ[] = "{\"typ\":\"at+jwt\"";

    return kid == NULL ? apr_pstrcat(pool, typ, "}", NULL)
                       : apr_pstrcat(pool, typ, ",", write_member(pool, "kid", kid, error), "}",
                                     NULL);
}

const bearer_minting *bearer_minting_open(apr_pool_t *pool, const char *const *words,
                                          char *(*resolve)(apr_pool_t *pool, const char *file),
                                          const char **error)
{
    const char *values[OPTIONS] = { NULL };
    bearer_minting *made = apr_pcalloc(pool, sizeof(*made));
    const bearer_alg *alg;

    *error = read_words(pool, words, values);
    if (*error == NULL)
        *error = read_ttl(pool, values[TTL] != NULL ? values[TTL] : "60", &made->ttl);
    if (*error == NULL)
        *error = read_claims(pool, values[CLAIMS] != NULL ? values[CLAIMS] : "sub,scope", made);
    if (*error != NULL)
        return NULL;
    made->header = write_header(pool, values[KID], error);
    made->start = apr_pstrcat(pool, "{", write_member(pool, "iss", values[ISSUER], error), ",",
                              write_audience(pool, values[AUDIENCE], error), NULL);
    alg = *error == NULL ? read_algorithm(pool, values[ALGORITHM], error) : NULL;
    if (alg == NULL)
        return NULL;
    made->key = bearer_mint_key_open(pool, full_source(pool, values[KEY], resolve), alg, error);
    return made->key != NULL ? made : NULL;
}

/* What of the claims goes on, as the end of an object. NULL if memory fails. */
static const char *write_copied(apr_pool_t *pool, const bearer_minting *how,
                                const bearer_json *claims)
{
    apr_array_header_t *texts = apr_array_make(pool, 4 * how->claims->nelts + 1,
                                               sizeof(const char *));

    for (int i = 0; i < how->claims->nelts; i++) {
        const copied *one = &APR_ARRAY_IDX(how->claims, i, copied);
        const bearer_json *value = bearer_path_find(one->from, claims);
        const char *text = value != NULL ? bearer_json_print(pool, value) : "";

        if (text == NULL)
            return NULL;
        if (value == NULL)
            continue;
        APR_ARRAY_PUSH(texts, const char *) = ",";
        APR_ARRAY_PUSH(texts, const char *) = one->name;
        APR_ARRAY_PUSH(texts, const char *) = ":";
        APR_ARRAY_PUSH(texts, const char *) = text;
    }
    APR_ARRAY_PUSH(texts, const char *) = "}";
    return apr_array_pstrcat(pool, texts, '\0');
}

/* All that decides what a token says but for its times and number. A description is never moved
 * nor freed as long as a process serves. */
static bool digest_of(apr_pool_t *pool, const bearer_minting *how, const char *rest, int64_t limit,
                      unsigned char digest[BEARER_MINTED_DIGEST])
{
    const char *text = apr_psprintf(pool, "%pp %" PRId64 " %s", (const void *)how, limit, rest);

    return EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) == 1;
}

static const char *make(apr_pool_t *pool, const bearer_minting *how, const char *rest, int64_t now,
                        int64_t exp, const char **error)
{
    unsigned char jti[16];
    const char *claims;

    *error = "no random number";
    if (RAND_bytes(jti, sizeof(jti)) != 1)
        return NULL;
    claims = apr_psprintf(pool, "%s,\"iat\":%" PRId64 ",\"exp\":%" PRId64 ",\"jti\":\"%s\"%s",
                          how->start, now, exp, apr_pescape_hex(pool, jti, sizeof(jti), 0), rest);
    return bearer_mint(pool, how->key, how->header, claims, error);
}

const char *bearer_minting_token(apr_pool_t *pool, const bearer_minting *how,
                                 const bearer_claims *from, bearer_minted *kept, int64_t now,
                                 const char **error)
{
    int64_t limit = from->exp_found == BEARER_PRESENT ? from->exp : INT64_MAX;
    int64_t exp = limit - now < how->ttl ? limit : now + how->ttl;
    const char *rest = write_copied(pool, how, from->json), *token = NULL;
    unsigned char digest[BEARER_MINTED_DIGEST];

    *error = "no memory";
    if (rest == NULL)
        return NULL;
    if (kept != NULL && !digest_of(pool, how, rest, limit, digest))
        kept = NULL;
    if (kept != NULL)
        token = bearer_minted_find(kept, pool, digest, now);
    if (token == NULL) {
        token = make(pool, how, rest, now, exp, error);
        if (token != NULL && kept != NULL)
            bearer_minted_keep(kept, digest, token, now, now + (exp - now) / 2);
    }
    ERR_clear_error();
    return token;
}
