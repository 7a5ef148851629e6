/* The rules of Require lines: compiled at startup, asked in each request. */
#ifndef BEARER_MATCH_H
#define BEARER_MATCH_H

#include "bearer/claims.h"
#include "bearer/words.h"

typedef struct bearer_match bearer_match;

/* The makers return NULL and *match on success, else what is wrong, for the startup message. The
 * match lives as long as the pool. */

/* `scope read write`: all words are needed, each a scope-token of RFC 6749 section 3.3. */
const char *bearer_match_scope_make(apr_pool_t *pool, const bearer_word *words,
                                    const bearer_match **match);

/* `claim path [op] value ...` with op = != ~ !~ < <= > >= exists; `=` may be left out. A bare JSON
 * number, true or false matches that JSON type; anything else, and anything quoted, strings only.
 * For an array the rule asks whether it holds such an element; with != and !~, whether it holds
 * none. */
const char *bearer_match_claim_make(apr_pool_t *pool, const bearer_word *words,
                                    const bearer_match **match);

/* `issuer iss ...`: one of. */
const char *bearer_match_issuer_make(apr_pool_t *pool, const bearer_word *words,
                                     const bearer_match **match);

/* The rule holds for this identity. False, also for != and !~, where the claim is absent, a regular
 * expression gives up at its limit, or memory fails. */
bool bearer_match_holds(const bearer_match *match, const bearer_identity *identity);

/* A rule that does not hold could not be decided: its regular expression reached the limit. The
 * opposite of such a rule does not hold either. */
bool bearer_match_gives_up(const bearer_match *match, const bearer_identity *identity);

/* The words of a scope rule, NULL-terminated; NULL for other rules. */
const char *const *bearer_match_scopes(const bearer_match *match);

#endif
