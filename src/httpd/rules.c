#include "bearer/rules.h"

static const char *const userless[] = { "all", "ip", "host", "forward-dns", "local", "env",
                                        "method", NULL };
static const char *const ours[] = { "scope", "claim", "issuer", NULL };
static const char *const naming[] = { "user", "group", "dbm-group", "dbd-group", NULL };

/* Containers of rules: sections inside are looked at for themselves. */
static const char *const containers[] = { "<RequireAny", "<RequireAll", "<Limit", "<LimitExcept",
                                          NULL };

static bool is_in(const char *word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (bearer_tree_says(word, *words))
            return true;
    return false;
}

/* The word of a Require line, which may be negated; NULL for any other directive. */
static const char *word_of(apr_pool_t *pool, const ap_directive_t *directive, bool *negated)
{
    const char *args = directive->args, *word;

    if (!bearer_tree_is(directive, "Require"))
        return NULL;
    word = ap_getword_conf(pool, &args);
    *negated = bearer_tree_says(word, "not");
    return *negated ? ap_getword_conf(pool, &args) : word;
}

bool bearer_rules_present(const ap_directive_t *first)
{
    for (; first != NULL; first = first->next)
        if (bearer_tree_is(first, "Require") || bearer_rules_present(first->first_child))
            return true;
    return false;
}

/* How far a question goes. */
typedef enum { THESE_LINES, CONTAINERS, SECTIONS } reach;

static bool goes_into(const ap_directive_t *container, reach how)
{
    return how == SECTIONS ? !bearer_tree_is(container, "<RequireNone")
                           : how == CONTAINERS && is_in(container->directive, containers);
}

static bool wants_user(apr_pool_t *pool, const ap_directive_t *first, reach how)
{
    for (; first != NULL; first = first->next) {
        bool negated;
        const char *word = word_of(pool, first, &negated);

        if (word != NULL && !negated && !is_in(word, userless))
            return true;
        if (goes_into(first, how) && wants_user(pool, first->first_child, how))
            return true;
    }
    return false;
}

bool bearer_rules_want_user(apr_pool_t *pool, const ap_directive_t *first)
{
    return wants_user(pool, first, SECTIONS);
}

static const ap_directive_t *open_rule(apr_pool_t *pool, const ap_directive_t *first)
{
    for (; first != NULL; first = first->next) {
        const char *args = first->args;

        if (bearer_tree_is(first, "Require")
            && bearer_tree_says(ap_getword_conf(pool, &args), "all")
            && bearer_tree_says(ap_getword_conf(pool, &args), "granted"))
            return first;
    }
    return NULL;
}

static const ap_directive_t *outvoted(apr_pool_t *pool, const ap_directive_t *first, bool any)
{
    const ap_directive_t *found = any ? open_rule(pool, first) : NULL;

    if (found != NULL && !wants_user(pool, first, CONTAINERS))
        found = NULL;
    for (; first != NULL && found == NULL; first = first->next) {
        bool all = bearer_tree_is(first, "<RequireAll");

        if (is_in(first->directive, containers)
            && !(all && wants_user(pool, first->first_child, THESE_LINES)))
            found = outvoted(pool, first->first_child, !all);
    }
    return found;
}

/* A section itself is a RequireAny. */
const ap_directive_t *bearer_rules_outvoted(apr_pool_t *pool, const ap_directive_t *first)
{
    return outvoted(pool, first, true);
}

const ap_directive_t *bearer_rules_about_tokens(apr_pool_t *pool, const ap_directive_t *first)
{
    for (; first != NULL; first = first->next) {
        const ap_directive_t *found;
        bool negated;
        const char *word = word_of(pool, first, &negated);

        if (word != NULL && is_in(word, ours))
            return first;
        found = bearer_rules_about_tokens(pool, first->first_child);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* A rule about tokens, anywhere in there, that is negated or stands where all are. */
static bool negates(apr_pool_t *pool, const ap_directive_t *first, bool all)
{
    for (; first != NULL; first = first->next) {
        bool negated;
        const char *word = word_of(pool, first, &negated);

        if (word != NULL && (negated || all) && is_in(word, ours))
            return true;
        if (bearer_tree_is(first, "<RequireNone") && negates(pool, first->first_child, true))
            return true;
    }
    return false;
}

static bool grants(apr_pool_t *pool, const ap_directive_t *first)
{
    for (; first != NULL; first = first->next) {
        bool negated;
        const char *word = word_of(pool, first, &negated);

        if (word != NULL && !negated)
            return true;
        if (!bearer_tree_is(first, "<RequireNone") && grants(pool, first->first_child))
            return true;
    }
    return false;
}

/* A RequireAll that wants a user wants it for all that it holds. */
const ap_directive_t *bearer_rules_idle_negation(apr_pool_t *pool, const ap_directive_t *first)
{
    for (; first != NULL; first = first->next) {
        const ap_directive_t *inside = first->first_child, *found;
        bool all = bearer_tree_is(first, "<RequireAll");

        if (!is_in(first->directive, containers) || (all && bearer_rules_want_user(pool, inside)))
            continue;
        if (all && negates(pool, inside, false) && grants(pool, inside))
            return first;
        found = bearer_rules_idle_negation(pool, inside);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* All rules hold together, and one says whose tokens they speak of. */
static bool names_issuer(apr_pool_t *pool, const ap_directive_t *container)
{
    const ap_directive_t *one = container->first_child;
    bool negated = true;

    if (!bearer_tree_is(container, "<RequireAll"))
        return false;
    while (one != NULL && (!bearer_tree_says(word_of(pool, one, &negated), "issuer") || negated))
        one = one->next;
    return one != NULL;
}

const ap_directive_t *bearer_rules_name_user(apr_pool_t *pool, const ap_directive_t *first)
{
    for (; first != NULL; first = first->next) {
        const ap_directive_t *found = NULL;
        bool negated;
        const char *word = word_of(pool, first, &negated);

        if (word != NULL && !negated && is_in(word, naming))
            return first;
        if (is_in(first->directive, containers) && !names_issuer(pool, first))
            found = bearer_rules_name_user(pool, first->first_child);
        if (found != NULL)
            return found;
    }
    return NULL;
}
