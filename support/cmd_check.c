#include "fetching.h"
#include "tool.h"
#include "bearer/issuer.h"
#include "bearer/match.h"
#include "bearer/words.h"

#include <stdio.h>
#include <string.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <apr_time.h>

static const tool_word words[] = {
    { "issuer",      "NAME",                                         true,  false },
    { "keys",        "discovery|URL|jwks:FILE|pem:FILE|secret:FILE", false, true },
    { "audience",    "NAME,...|any",                                 true,  false },
    { "scope",       "WORDS",                                        false, false },
    { "require",     "RULE",                                         false, true },
    { "algorithms",  "NAME,...",                                     false, false },
    { "types",       "TYPE,...",                                     false, false },
    { "user",        "CLAIM,...",                                    false, false },
    { "user-prefix", "TEXT",                                         false, false },
    { "scope-claim", "CLAIM,...",                                    false, false },
    { "leeway",      "SECONDS",                                      false, false },
    { "max-age",     "SECONDS",                                      false, false },
    { "now",         "SECONDS",                                      false, false },
    { NULL },
};

/* What is asked of a token, read from the words. */
typedef struct {
    bearer_trust *trusts[2];
    bearer_policy policy;
    int64_t now;
    const bearer_match **rules;     /* of scope= and require=, in order, with their texts */
    const char *const *texts;
} question;

static void pass(const tool *at, apr_array_header_t *line, const char *name)
{
    for (const char *const *value = tool_all(at, name); *value != NULL; value++)
        APR_ARRAY_PUSH(line, const char *) = apr_psprintf(at->pool, "%s=%s", name, *value);
}

/* The words that an AuthBearerIssuer line has, in its form. */
static const char *const *issuer_words(const tool *at)
{
    static const char *const passed[] = { "keys", "algorithms", "types", "audience", "user",
                                          "user-prefix" };
    apr_array_header_t *line = apr_array_make(at->pool, 8, sizeof(const char *));

    APR_ARRAY_PUSH(line, const char *) = tool_get(at, "issuer");
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
        pass(at, line, passed[i]);
    for (size_t i = 0; bearer_terms_name(i) != NULL; i++)
        pass(at, line, bearer_terms_name(i));
    APR_ARRAY_PUSH(line, const char *) = NULL;
    return (const char *const *)line->elts;
}

static const struct {
    const char *word;
    const char *(*make)(apr_pool_t *pool, const bearer_word *words, const bearer_match **match);
} kinds[] = {
    { "claim",  bearer_match_claim_make },
    { "scope",  bearer_match_scope_make },
    { "issuer", bearer_match_issuer_make },
};

/* What may stand behind Require in a configuration, as far as it is about tokens. */
static const char *read_rule(apr_pool_t *pool, const char *text, const bearer_match **match)
{
    const char *error;
    const bearer_word *list = bearer_words_split(pool, text, &error);

    if (list == NULL)
        return error;
    for (size_t i = 0; list->text != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(list->text, kinds[i].word) == 0)
            return kinds[i].make(pool, list + 1, match);
    return "want claim, scope or issuer first, as in: claim path = value";
}

/* scope= is a rule in short, and the first. */
static const char *const *rule_texts(const tool *at)
{
    apr_array_header_t *texts = apr_array_make(at->pool, 4, sizeof(const char *));
    const char *scope = tool_get(at, "scope");

    if (scope != NULL)
        APR_ARRAY_PUSH(texts, const char *) = apr_pstrcat(at->pool, "scope ", scope, NULL);
    for (const char *const *rule = tool_all(at, "require"); *rule != NULL; rule++)
        APR_ARRAY_PUSH(texts, const char *) = *rule;
    APR_ARRAY_PUSH(texts, const char *) = NULL;
    return (const char *const *)texts->elts;
}

static const char *read_rules(const tool *at, question *asked)
{
    size_t count = 0;

    asked->texts = rule_texts(at);
    while (asked->texts[count] != NULL)
        count++;
    asked->rules = apr_pcalloc(at->pool, (count + 1) * sizeof(*asked->rules));
    for (size_t i = 0; i < count; i++) {
        const char *error = read_rule(at->pool, asked->texts[i], &asked->rules[i]);

        if (error != NULL)
            return apr_psprintf(at->pool, "the rule '%s': %s", asked->texts[i], error);
    }
    return NULL;
}

static const char *read_scope_claims(const tool *at, question *asked)
{
    const char *text = tool_get(at, "scope-claim");
    const char *const *list = text != NULL ? bearer_list_split(at->pool, text) : NULL;
    const char *error = NULL;

    asked->policy.scopes = bearer_default_scopes;
    asked->policy.users = bearer_default_users;         /* a user= is read with the issuer */
    if (text != NULL)
        error = list != NULL ? bearer_paths_read(at->pool, list, &asked->policy.scopes)
                             : "want a list of claims";
    return error != NULL ? apr_psprintf(at->pool, "scope-claim=%s: %s", text, error) : NULL;
}

static bool read_numbers(const tool *at, question *asked)
{
    int64_t leeway = 30, age = 0;

    if (!tool_now(at, &asked->now) || !tool_number(at, "leeway", 0, 300, &leeway)
        || !tool_number(at, "max-age", 1, 315360000, &age))
        return false;
    asked->policy.leeway = (int)leeway;
    asked->policy.max_age = (int)age;
    return true;
}

static const char *read_question(const tool *at, question *asked)
{
    const char *error = read_rules(at, asked);

    if (error == NULL)
        error = read_scope_claims(at, asked);
    if (error == NULL)
        asked->trusts[0] = bearer_issuer_open(at->pool, issuer_words(at), tool_resolve, &tool_log,
                                              &error);
    return error;
}

/* As the server after authentication, all rules being needed. */
static bool rules_hold(const question *asked, const bearer_identity *identity,
                       bearer_verdict *refused)
{
    for (size_t i = 0; asked->rules[i] != NULL; i++) {
        bool scope = bearer_match_scopes(asked->rules[i]) != NULL;

        if (!bearer_match_holds(asked->rules[i], identity))
            return bearer_refuse(refused, scope ? BEARER_SCOPE_LACKING : BEARER_RULE_DENIED,
                                 asked->texts[i]);
    }
    return true;
}

static void print_scopes(apr_pool_t *pool, const bearer_identity *identity)
{
    const char *list = "";
    size_t count;
    const bearer_span *scopes = bearer_identity_scopes(pool, identity, &count);

    for (size_t i = 0; i < count; i++)
        list = apr_psprintf(pool, "%s%s%.*s", list, i > 0 ? " " : "", (int)scopes[i].len,
                            scopes[i].ptr);
    tool_print("scope", bearer_span_of(list));
}

static void print_expiry(int64_t exp, int64_t now)
{
    apr_time_exp_t parts;
    bool ahead = exp >= now;

    if (apr_time_exp_gmt(&parts, apr_time_from_sec(exp)) == APR_SUCCESS)
        printf("expires: %04d-%02d-%02dT%02d:%02d:%02dZ (%s%" APR_INT64_T_FMT " s%s)\n",
               parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
               parts.tm_min, parts.tm_sec, ahead ? "in " : "", ahead ? exp - now : now - exp,
               ahead ? "" : " ago");
}

static void print_findings(const tool *at, const question *asked, const bearer_findings *found)
{
    if (found->trust != NULL)
        tool_print("issuer", bearer_span_of(found->trust->rules.name));
    tool_print("kid", found->kid);
    if (found->identity.user == NULL)
        return;
    tool_print("user", bearer_span_of(found->identity.user));
    print_scopes(at->pool, &found->identity);
    print_expiry(found->identity.claims->exp, asked->now);
}

static int run(const tool *at)
{
    question asked = { .trusts = { NULL } };
    bearer_findings found = { .trust = NULL };
    bearer_verdict verdict = { .reason = BEARER_NOT_CONFIGURED };
    bearer_span token;
    const char *error = read_question(at, &asked);
    int code;

    if (error != NULL)
        return tool_complain(at, "%s", error);
    if (!read_numbers(at, &asked))
        return TOOL_USAGE;
    if (tool_token(at, &token, &verdict)) {
        if (!tool_fetch(at, asked.trusts[0]->keys, &tool_log))
            return TOOL_USAGE;
        verdict = bearer_token_judge(at->pool, token, asked.trusts, &asked.policy, NULL, asked.now,
                                     &found);
    }
    if (verdict.reason == BEARER_ACCEPTED)
        rules_hold(&asked, &found.identity, &verdict);
    code = tool_verdict(verdict);
    print_findings(at, &asked, &found);
    tool_fingerprint(token);
    return code;
}

const tool_command tool_check = {
    "check", "judges the token on standard input as a server with these directives would",
    words, run, .network = true,
};
