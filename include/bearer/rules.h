/* What the Require lines of a section ask for, read from the text of the configuration. Rules in
 * sections inside count as the section's own where it is said that there is any. */
#ifndef BEARER_RULES_H
#define BEARER_RULES_H

#include "bearer/tree.h"

/* There is any Require line. */
bool bearer_rules_present(const ap_directive_t *first);

/* Some line asks who the user is; words that nobody knows here do. */
bool bearer_rules_want_user(apr_pool_t *pool, const ap_directive_t *first);

/* A line about scopes, claims or issuers, or NULL. */
const ap_directive_t *bearer_rules_about_tokens(apr_pool_t *pool, const ap_directive_t *first);

/* `Require all granted` where one rule is enough and another one wants a user, or NULL. */
const ap_directive_t *bearer_rules_outvoted(apr_pool_t *pool, const ap_directive_t *first);

/* A RequireAll that negates a rule about tokens and otherwise wants no user, or NULL. */
const ap_directive_t *bearer_rules_idle_negation(apr_pool_t *pool, const ap_directive_t *first);

/* A line that lets in by name, alone or in a group, whoever gave the name; or NULL. */
const ap_directive_t *bearer_rules_name_user(apr_pool_t *pool, const ap_directive_t *first);

#endif
