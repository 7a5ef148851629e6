#include "bearer/whatif.h"

#include <http_config.h>
#include <http_log.h>
#include <http_request.h>
#include <apr_strings.h>
#include <apr_tables.h>

/* Different words that one question may meet. More are not worth the walks. */
#define WORDS 64

/* A set of scopes: bit i is word i, words numbered as the walks met them. */
typedef apr_uint64_t scope_set;

typedef struct {
    const char *text;
    apr_uint64_t place;             /* where the configuration has it first */
} scope_word;

struct bearer_walk {
    scope_word words[WORDS];
    size_t count;
    const bearer_identity *identity;/* of the token, or NULL */
    scope_set held;                 /* words that the token has */
    scope_set pretended;            /* in this walk */
    bool own_too;                   /* in this walk the token's own scopes count beside them */
    bool plain;                     /* nothing is pretended */
    apr_array_header_t *denied;     /* scope_set: what the rules missed that said no in this walk */
    int walks;
    bool gave_up;
};

typedef struct {
    request_rec *r;
    bearer_request *request;
    bearer_walk walk;
    apr_array_header_t *candidates; /* scope_set: to be tried */
    apr_array_header_t *tried;      /* scope_set */
} question;

/* The word's bit; 0 when there are too many. */
static scope_set bit_of(bearer_walk *walk, const char *word, apr_uint64_t place)
{
    size_t i = 0;

    while (i < walk->count && strcmp(walk->words[i].text, word) != 0)
        i++;
    if (i == WORDS) {
        walk->gave_up = true;
        return 0;
    }
    if (i == walk->count) {
        walk->words[walk->count++] = (scope_word){ word, place };
        if (walk->identity != NULL
            && bearer_identity_has_scope(walk->identity, bearer_span_of(word)))
            walk->held |= APR_UINT64_C(1) << i;
    }
    if (place < walk->words[i].place)
        walk->words[i].place = place;
    return APR_UINT64_C(1) << i;
}

bool bearer_walk_is_plain(const bearer_walk *walk)
{
    return walk->plain;
}

bool bearer_walk_scope(bearer_walk *walk, const char *const *words, apr_uint32_t place)
{
    scope_set wanted = 0, given;

    for (size_t i = 0; words[i] != NULL; i++)
        wanted |= bit_of(walk, words[i], (apr_uint64_t)place << 32 | i);
    given = walk->pretended | (walk->own_too ? walk->held : 0);
    if (!walk->gave_up && (wanted & ~given) == 0)
        return true;
    APR_ARRAY_PUSH(walk->denied, scope_set) = wanted & ~given;
    return false;
}

/* Without an identity a walk that ends in "a user is needed" has passed: only a hard no shows that
 * scopes are missing. */
static bool run_hooks(question *q)
{
    char *user = q->r->user;
    int status;

    if (q->request->identity != NULL) {
        q->request->inside[BEARER_AUTHZ]++;
        status = ap_run_auth_checker(q->r);
        q->request->inside[BEARER_AUTHZ]--;
        return status == OK;
    }
    q->request->inside[BEARER_ACCESS]++;
    q->r->user = NULL;              /* mod_auth_basic leaves a name there that nobody proved */
    status = ap_run_access_checker_ex(q->r);
    q->r->user = user;
    q->request->inside[BEARER_ACCESS]--;
    return status == OK || status == DECLINED;
}

/* One walk over httpd's rules. It must leave no trace: each denial would log a line and set a
 * challenge. */
static bool passes(question *q, scope_set pretended, bool own_too)
{
    static const struct ap_logconf quiet = { NULL, APLOG_EMERG };
    const struct ap_logconf *log = q->r->log;
    request_rec *r = q->r;
    apr_table_t *errors = r->err_headers_out, *headers = r->headers_out;
    apr_table_t *env = r->subprocess_env, *notes = r->notes;
    bool passed;

    if (q->walk.walks++ == BEARER_WHATIF_WALKS || q->walk.gave_up) {
        q->walk.gave_up = true;
        return false;
    }
    q->walk.pretended = pretended;
    q->walk.own_too = own_too;
    q->walk.denied = apr_array_make(q->r->pool, 4, sizeof(scope_set));
    r->log = &quiet;
    r->err_headers_out = apr_table_copy(r->pool, errors);
    r->headers_out = apr_table_copy(r->pool, headers);
    r->subprocess_env = apr_table_copy(r->pool, env);
    r->notes = apr_table_copy(r->pool, notes);
    q->request->walk = &q->walk;
    passed = run_hooks(q);
    q->request->walk = NULL;
    r->err_headers_out = errors;
    r->headers_out = headers;
    r->subprocess_env = env;
    r->notes = notes;
    r->log = log;
    return passed;
}

static int size_of(scope_set set)
{
    return __builtin_popcountll(set);
}

/* The word of the set that comes first in the configuration; the set is not empty. */
static size_t first_of(const bearer_walk *walk, scope_set set)
{
    size_t first = WORDS;

    for (size_t i = 0; i < walk->count; i++)
        if ((set >> i & 1) != 0
            && (first == WORDS || walk->words[i].place < walk->words[first].place))
            first = i;
    return first;
}

/* Fewest words that the token lacks, then fewest in all, then configuration order. */
static bool is_cheaper(const bearer_walk *walk, scope_set a, scope_set b)
{
    scope_set differ = a ^ b;

    if (size_of(a & ~walk->held) != size_of(b & ~walk->held))
        return size_of(a & ~walk->held) < size_of(b & ~walk->held);
    if (size_of(a) != size_of(b))
        return size_of(a) < size_of(b);
    return (a >> first_of(walk, differ) & 1) != 0;
}

static bool contains(const apr_array_header_t *sets, scope_set set)
{
    for (int i = 0; i < sets->nelts; i++)
        if (APR_ARRAY_IDX(sets, i, scope_set) == set)
            return true;
    return false;
}

/* Takes the cheapest candidate out; false if there is none. */
static bool take_cheapest(question *q, scope_set *set)
{
    int best = 0;

    if (q->candidates->nelts == 0)
        return false;
    for (int i = 1; i < q->candidates->nelts; i++)
        if (is_cheaper(&q->walk, APR_ARRAY_IDX(q->candidates, i, scope_set),
                       APR_ARRAY_IDX(q->candidates, best, scope_set)))
            best = i;
    *set = APR_ARRAY_IDX(q->candidates, best, scope_set);
    APR_ARRAY_IDX(q->candidates, best, scope_set) = *(scope_set *)apr_array_pop(q->candidates);
    APR_ARRAY_PUSH(q->tried, scope_set) = *set;
    return true;
}

static void branch(question *q, scope_set from)
{
    for (int i = 0; i < q->walk.denied->nelts; i++) {
        scope_set next = from | APR_ARRAY_IDX(q->walk.denied, i, scope_set);

        if (!contains(q->tried, next) && !contains(q->candidates, next))
            APR_ARRAY_PUSH(q->candidates, scope_set) = next;
    }
}

static const char *words_of(const question *q, scope_set set)
{
    const char *text = NULL;

    while (set != 0) {
        size_t i = first_of(&q->walk, set);

        text = apr_pstrcat(q->r->pool, text != NULL ? text : "", text != NULL ? " " : "",
                           q->walk.words[i].text, NULL);
        set &= ~(APR_UINT64_C(1) << i);
    }
    return text;
}

/* The token has no scope beyond this set: trying it together with them would be the same walk
 * again. */
static bool covers(const question *q, scope_set set)
{
    const bearer_identity *identity = q->request->identity;
    size_t count = 0;

    if (identity != NULL)
        bearer_identity_scopes(q->r->pool, identity, &count);
    return identity == NULL || count == (size_t)size_of(set & q->walk.held);
}

/* A token with exactly these scopes would have passed, and so would this one if it had them too:
 * what it has may be forbidden. Where a walk fails, its denials show what to try next. */
static bool is_answer(question *q, scope_set set)
{
    if (passes(q, set, false) && (covers(q, set) || passes(q, set, true)))
        return true;
    branch(q, set);
    return false;
}

bearer_whatif bearer_whatif_ask(request_rec *r, bearer_request *request)
{
    question q = {
        .r = r, .request = request, .walk = { .identity = request->identity },
        .candidates = apr_array_make(r->pool, 8, sizeof(scope_set)),
        .tried = apr_array_make(r->pool, 8, sizeof(scope_set)),
    };
    scope_set set;

    APR_ARRAY_PUSH(q.candidates, scope_set) = 0;
    while (!q.walk.gave_up && take_cheapest(&q, &set))
        if (is_answer(&q, set))
            return (bearer_whatif){ .lacking = set != 0, .scope = words_of(&q, set) };
    return (bearer_whatif){ .lacking = q.walk.gave_up };
}

bearer_verdict bearer_whatif_verdict(request_rec *r, const bearer_request *request,
                                     const bearer_whatif *missing)
{
    const char *detail = NULL;

    if (missing->scope != NULL)
        detail = apr_psprintf(r->pool, "wants \"%s\"", missing->scope);
    else if (request->denied != NULL)
        detail = apr_psprintf(r->pool, "Require %s%s", request->denied,
                              request->denials > 1 ? ", the last of several that said no" : "");
    return (bearer_verdict){
        .reason = missing->lacking ? BEARER_SCOPE_LACKING : BEARER_RULE_DENIED, .detail = detail,
    };
}

bool bearer_whatif_passes(request_rec *r, bearer_request *request)
{
    question q = {
        .r = r, .request = request, .walk = { .identity = request->identity, .plain = true },
    };

    return passes(&q, 0, true);
}
