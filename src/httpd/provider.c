#include "bearer/provider.h"
#include "bearer/memory.h"
#include "mod_auth_bearer.h"

#include <ap_provider.h>
#include <apr_strings.h>

struct bearer_provider {
    const char *name;
    bool (*judge)(const bearer_provider *self, request_rec *r, const bearer_conf *conf,
                  bearer_span token, bearer_findings *found, bearer_verdict *verdict);
    const autht_provider *foreign;  /* of a provider of another module */
};

/* What is accepted, or has more wrong with it than its shape, is not asked for the shape. */
static bool judge_jwt(const bearer_provider *self, request_rec *r, const bearer_conf *conf,
                      bearer_span token, bearer_findings *found, bearer_verdict *verdict)
{
    bearer_policy policy = bearer_conf_policy(conf);

    (void)self;
    *verdict = bearer_token_judge(r->pool, token, conf->trusts, &policy, bearer_memory(),
                                  apr_time_sec(apr_time_now()), found);
    return (verdict->reason != BEARER_TOKEN_MALFORMED && verdict->reason != BEARER_NOT_CONFIGURED)
        || bearer_token_is_jwt(token);
}

/* Nothing that the other module does to the request says who is known, but for the name, which the
 * caller gets: mod_auth_basic may have put one there that was only sent. */
static autht_status ask(const bearer_provider *self, request_rec *r, bearer_span token,
                        const char **user)
{
    char *user_before = r->user, *type_before = r->ap_auth_type;
    autht_status said;

    r->user = NULL;
    apr_table_setn(r->notes, AUTHT_PROVIDER_NAME_NOTE, self->name);
    said = self->foreign->check_token(r, "bearer",
                                      apr_pstrmemdup(r->pool, token.ptr, token.len));
    apr_table_unset(r->notes, AUTHT_PROVIDER_NAME_NOTE);
    *user = r->user;
    r->user = user_before;
    r->ap_auth_type = type_before;
    return said;
}

static const struct {
    autht_status said;
    bearer_reason reason;
    const char *detail;
} refusals[] = {
    { AUTHT_DENIED, BEARER_TOKEN_REFUSED, "the provider denies it" },
    { AUTHT_INVALID, BEARER_TOKEN_REFUSED, "the provider calls it invalid" },
    { AUTHT_EXPIRED, BEARER_EXPIRED, "the provider says so" },
};

static bearer_verdict refusal(autht_status said)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (refusals[i].said == said)
            return (bearer_verdict){ refusals[i].reason, refusals[i].detail };
    return (bearer_verdict){ BEARER_PROVIDER_FAILED, "the provider could not judge" };
}

static bool judge_foreign(const bearer_provider *self, request_rec *r, const bearer_conf *conf,
                          bearer_span token, bearer_findings *found, bearer_verdict *verdict)
{
    const char *user;
    autht_status said = ask(self, r, token, &user);

    (void)conf;
    if (said == AUTHT_MISMATCH)
        return false;
    *found = (bearer_findings){ .provider = self->name };
    *verdict = said == AUTHT_GRANTED ? bearer_token_vouched(r->pool, user, found) : refusal(said);
    return true;
}

static const bearer_provider own[] = {
    { "jwt", judge_jwt, NULL },
};

#define OWN (sizeof(own) / sizeof(own[0]))

static const bearer_provider *find_own(const char *name)
{
    for (size_t i = 0; i < OWN; i++)
        if (strcmp(name, own[i].name) == 0)
            return &own[i];
    return NULL;
}

const bearer_provider *bearer_provider_find(apr_pool_t *pool, const char *name)
{
    const bearer_provider *found = find_own(name);
    const autht_provider *foreign;
    bearer_provider *made;

    if (found != NULL)
        return found;
    foreign = ap_lookup_provider(AUTHT_PROVIDER_GROUP, name, AUTHT_PROVIDER_VERSION);
    if (foreign == NULL || foreign->check_token == NULL)
        return NULL;
    made = apr_palloc(pool, sizeof(*made));
    *made = (bearer_provider){ apr_pstrdup(pool, name), judge_foreign, foreign };
    return made;
}

const char *const *bearer_provider_names(apr_pool_t *pool)
{
    const apr_array_header_t *foreign =
        ap_list_provider_names(pool, AUTHT_PROVIDER_GROUP, AUTHT_PROVIDER_VERSION);
    const char **names = apr_pcalloc(pool, (OWN + (size_t)foreign->nelts + 1) * sizeof(*names));
    size_t n = 0;

    for (size_t i = 0; i < OWN; i++)
        names[n++] = own[i].name;
    for (int i = 0; i < foreign->nelts; i++) {
        const char *name = APR_ARRAY_IDX(foreign, i, ap_list_provider_names_t).provider_name;

        if (find_own(name) == NULL)
            names[n++] = name;
    }
    return names;
}

bool bearer_provider_judge(const bearer_provider *provider, request_rec *r, const bearer_conf *conf,
                           bearer_span token, bearer_findings *found, bearer_verdict *verdict)
{
    return provider->judge(provider, r, conf, token, found, verdict);
}
