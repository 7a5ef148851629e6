/* The answers: statuses corrected, challenges added, bodies written. */
#ifndef BEARER_ANSWER_H
#define BEARER_ANSWER_H

#include "bearer/request.h"

/* AuthBearerHide is in force. Then a refusal before anybody was asked for credentials, as by
 * address, is hidden too. */
bool bearer_answer_hides(const bearer_conf *conf, bearer_mode mode);
int bearer_answer_access(request_rec *r, const bearer_conf *conf, bearer_mode mode, int status);

/* The outcome of all authentication modules becomes the answer. */
int bearer_answer_authn(request_rec *r, const bearer_conf *conf, bearer_mode mode, int status);

/* Sections were merged that contradict each other: AuthBearerHide beside another AuthType. 503. */
int bearer_answer_contradiction(request_rec *r);

/* What a backend should get cannot be had, after all rules: 503, and nobody is known any more. */
int bearer_answer_unavailable(request_rec *r, bearer_reason reason, const char *detail);

/* The outcome of all authorization modules becomes the answer: 403 after a valid token, challenges
 * with scope. */
int bearer_answer_authz(request_rec *r, const bearer_conf *conf, bearer_mode mode, int status);

/* A page about an error that is refused itself is not shown: the answer stays that of the request
 * before, with the fields that belong to it. _precedes: that one is ours. _save: its fields, NULL
 * where this is no such page; _restore puts them back unless the status is OK, and returns it. */
bool bearer_answer_precedes(const request_rec *r);
apr_table_t *bearer_answer_save(const request_rec *r);
int bearer_answer_restore(request_rec *r, const apr_table_t *saved, int status);

/* Error bodies: the filter, and the hook that inserts it. */
void bearer_body_register(void);
void bearer_body_insert(request_rec *r);

#endif
