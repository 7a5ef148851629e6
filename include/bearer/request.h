/* What the module knows of one request: never of another one. */
#ifndef BEARER_REQUEST_H
#define BEARER_REQUEST_H

#include "bearer/config.h"

typedef struct bearer_walk bearer_walk;
typedef struct bearer_taken bearer_taken;
struct bearer_formbody;

/* How far the module is concerned with a request. */
typedef enum {
    BEARER_IDLE,                    /* not at all */
    BEARER_WITHIN,                  /* AuthType Basic, which may ask our provider; or none set */
    BEARER_BESIDE,                  /* AuthBearer On beside another AuthType */
    BEARER_ALONE                    /* AuthType Bearer */
} bearer_mode;

/* The three hooks that are wrapped. */
enum { BEARER_ACCESS, BEARER_AUTHN, BEARER_AUTHZ, BEARER_STAGES };

typedef struct {
    bearer_mode mode;               /* as it was found for this per_dir_config */
    const void *section;
    bool judged;                    /* the verdict means something */
    bearer_span token;              /* points into the request; for its fingerprint */
    const char *field;              /* the field that it came in, as it was then */
    const char *sent;               /* that field before rules were asked, "" for none; or NULL */
    const char *denied;             /* the Require line of ours that said no last */
    unsigned denials;               /* how many did */
    bool undecided;                 /* a rule of ours could not say */
    bool presented;                 /* a credential of ours came with the request */
    bool by_password;               /* as the password of Basic */
    bearer_verdict verdict;
    bearer_findings findings;
    const bearer_identity *identity;/* of an accepted token, else NULL */
    const void *place;              /* the per_dir_config that the verdict is of */
    const char *authorization;      /* the field that a backend gets, made here; or NULL */
    const apr_table_t *fields;      /* r->headers_in, once it was copied for this request alone */
    int status;                     /* of our answer, which then has our body; or 0 */
    bearer_reason shown;            /* what that body says */
    unsigned inside[BEARER_STAGES]; /* marks: a wrapper runs its hook again */
    bool asked;                     /* an expression wanted a claim, and nobody was known */
    bool force_authn;
    bool let;                       /* AuthBearerPreflight or Enforce report let it through */
    bool reporting;                 /* judged on the side: nothing comes of it but a log line */
    bearer_walk *walk;              /* a what-if walk is under way */
    const bearer_variable *const *exported; /* as environment variables */
    bool asks_index;                /* mod_dir may be at work in subrequests */
    apr_table_t *kept;              /* the fields of one of them that was refused */
    request_rec *index;             /* the subrequest that became this request (DirectoryIndex) */
    bearer_taken *taken;            /* tokens that were taken out of it, for what follows too */
    /* Of the first of the requests that lead to one another alone: */
    const struct bearer_formbody *form; /* its body, once it was looked at */
    bool private_answer;            /* a token came in a way that caches do not know */
    bool in_address;                /* one of them in the query */
} bearer_request;

/* The state of this very request; _get makes it where it is missing, _find may return NULL. */
bearer_request *bearer_request_get(request_rec *r);
bearer_request *bearer_request_find(request_rec *r);

/* The request that led to this one, by a redirect or as a part of a page, NULL if none did; and the
 * first of all that did, which may be this one. */
request_rec *bearer_request_before(const request_rec *r);
request_rec *bearer_request_origin(request_rec *r);

/* How far the module is concerned, by AuthType as it was when this was first asked for the request
 * and its configuration: it may be an expression, and each of a dozen hooks asks. */
bearer_mode bearer_mode_of(request_rec *r, const bearer_conf *conf);

/* Takes a verdict down: state, environment, log. token may be empty. Returns the HTTP status, OK
 * for an accepted token; then r->user is the token's. */
int bearer_request_conclude(request_rec *r, bearer_verdict verdict, bearer_span token);

/* One line about a refusal (or acceptance, at debug), without the token. */
void bearer_request_log(request_rec *r, const bearer_request *request);

/* The realm of challenges: AuthName, or ServerName. */
const char *bearer_request_realm(request_rec *r);

#endif
