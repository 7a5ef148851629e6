/* What an administrator wrote, per section: plain values in the configuration's pool, merged by
 * copying. Filled while the configuration is read, read-only after. The table of directives in
 * config.c is the table of options. */
#ifndef BEARER_CONFIG_H
#define BEARER_CONFIG_H

#include <httpd.h>
#include <http_config.h>
#include <ap_expr.h>
#include "bearer/minting.h"
#include "bearer/token.h"

extern module AP_MODULE_DECLARE_DATA auth_bearer_module;

typedef struct bearer_provider bearer_provider;
typedef struct bearer_place bearer_place;

/* How refusals look: AuthBearerErrorBody. */
typedef enum {
    BEARER_BODY_AUTO,
    BEARER_BODY_PROBLEM,
    BEARER_BODY_JSON,
    BEARER_BODY_HTTPD
} bearer_body;

/* AuthBearerAudience. */
typedef struct {
    const char *const *names;       /* NULL-terminated, or NULL */
    bool any;
} bearer_audiences;

/* AuthBearerChallenge. */
typedef struct {
    bool off;
    const ap_expr_info_t *when;     /* NULL: always, or never if off */
} bearer_offer;

/* AuthBearerCache; 0 where a number was not given. */
typedef struct {
    bool off;
    size_t entries, bytes;
} bearer_cache_size;

/* One variable of AuthBearerEnv. */
typedef struct {
    const bearer_path *claim;
    const char *name;
} bearer_variable;

/* One field of AuthBearerHeader. */
typedef struct {
    const bearer_path *claim;
    const char *name;
} bearer_carried;

/* What goes on to a backend: AuthBearerPass. */
typedef enum { BEARER_PASS_OFF, BEARER_PASS_ON, BEARER_PASS_MINTED } bearer_pass;

/* Lists are NULL-terminated arrays; NULL where the directive was not given. */
typedef struct {
    apr_uint64_t set;               /* bit i: row i of the table was given here */
    int enabled;                    /* AuthBearer */
    int authoritative, hide, detail, optional, preflight;
    int report;                     /* AuthBearerEnforce report */
    int pass;                       /* bearer_pass */
    const bearer_minting *minting;  /* AuthBearerMint */
    const ap_expr_info_t *proxy;    /* AuthBearerProxy; NULL: off */
    const bearer_carried *const *carried;
    const char *const *guarded;     /* names of those of this section and of all around it */
    int leeway, max_age;            /* seconds */
    int max_size;                   /* bytes of a token */
    int body;                       /* bearer_body */
    const bearer_provider *const *providers;
    const bearer_place *const *places;
    bearer_trust *const *trusts;
    bearer_audiences audiences;
    const bearer_path *const *users;
    const bearer_path *const *scopes;
    bearer_offer challenge;
    const bearer_variable *const *variables;
    const char *state_dir;          /* absolute; that of the main server counts, as does: */
    bearer_cache_size cache;
} bearer_conf;

/* For the module record. */
extern const command_rec bearer_directives[];
void *bearer_conf_create(apr_pool_t *pool, char *dir);
void *bearer_conf_merge(apr_pool_t *pool, void *outer, void *inner);

/* The section's rules in the core's terms; points into conf. */
bearer_policy bearer_conf_policy(const bearer_conf *conf);

/* The configuration of this request. */
const bearer_conf *bearer_conf_get(request_rec *r);

#endif
