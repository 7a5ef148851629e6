/* What was decided about a token, and what a client is told of it. */
#ifndef BEARER_VERDICT_H
#define BEARER_VERDICT_H

#include <stdbool.h>

/* Zero refuses, and so does every other value but one. */
typedef enum {
    BEARER_NOT_CONFIGURED = 0,
    BEARER_NO_TOKEN,
    BEARER_REQUEST_MALFORMED,
    BEARER_TOKEN_TOO_LARGE,
    BEARER_FORM_TOO_LARGE,
    BEARER_TOKEN_MALFORMED,
    BEARER_CRIT_REFUSED,
    BEARER_ALG_REFUSED,
    BEARER_TYPE_WRONG,
    BEARER_ISSUER_UNKNOWN,
    BEARER_KEY_UNKNOWN,
    BEARER_KEYS_UNAVAILABLE,
    BEARER_SIGNATURE_BAD,
    BEARER_CLAIM_MALFORMED,
    BEARER_EXPIRED,
    BEARER_NOT_YET_VALID,
    BEARER_TOO_OLD,
    BEARER_AUDIENCE_WRONG,
    BEARER_BINDING_UNCHECKED,
    BEARER_USER_MISSING,
    BEARER_TOKEN_REFUSED,
    BEARER_PROVIDER_FAILED,
    BEARER_SCOPE_LACKING,
    BEARER_RULE_DENIED,
    BEARER_ACCEPTED,
    BEARER_REASONS                  /* how many there are */
} bearer_reason;

typedef struct {
    bearer_reason reason;
    const char *detail;             /* for the log: may name a claim, escaped; or NULL */
} bearer_verdict;

/* Fills *verdict and returns false: how a step says no. The steps themselves return true for "no
 * objection" and leave the last word to the pipeline. */
bool bearer_refuse(bearer_verdict *verdict, bearer_reason reason, const char *detail);

/* What stands behind a reason. Fixed text: nothing of it comes from a token. */
typedef struct {
    const char *name;               /* in logs, BEARER_REASON, the tool's output */
    int status;                     /* HTTP status code; 200 for accepted */
    const char *error;              /* RFC 6750 section 3.1; NULL where there must be none */
    const char *description;        /* error_description for the client, or NULL */
    bool ordinary;                  /* happens all day with honest clients: not worth a warning */
} bearer_answer;

/* The row of a reason; a value outside the list gets that of BEARER_NOT_CONFIGURED. */
const bearer_answer *bearer_answer_get(bearer_reason reason);

/* The name alone. */
const char *bearer_reason_name(bearer_reason reason);

#endif
