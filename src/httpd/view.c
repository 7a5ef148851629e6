#include "bearer/view.h"
#include "bearer/identity.h"
#include "bearer/json_text.h"
#include "mod_auth_bearer.h"

#include <apr_strings.h>

/* An ErrorDocument is a request of its own: it may see why the one before it was refused. */
const char *bearer_view_reason(request_rec *r)
{
    for (; r != NULL; r = r->prev) {
        const bearer_request *request = bearer_request_find(r);

        if (request != NULL && request->judged)
            return bearer_reason_name(request->verdict.reason);
    }
    return NULL;
}

static const char *auth_bearer_reason(request_rec *r)
{
    return bearer_view_reason(r);
}

static const bearer_identity *identity_of(request_rec *r)
{
    const bearer_request *request = bearer_request_find(r);

    return request != NULL ? request->identity : NULL;
}

static int auth_bearer_accepted(request_rec *r)
{
    return identity_of(r) != NULL;
}

/* A copy, which the caller may write to, or NULL. */
static const char *copy(request_rec *r, const char *text)
{
    return apr_pstrdup(r->pool, text);
}

static const char *auth_bearer_user(request_rec *r)
{
    const bearer_identity *identity = identity_of(r);

    return identity != NULL ? copy(r, identity->user) : NULL;
}

static const char *auth_bearer_issuer(request_rec *r)
{
    const bearer_identity *identity = identity_of(r);

    return identity != NULL ? copy(r, identity->issuer) : NULL;
}

static apr_array_header_t *auth_bearer_scopes(request_rec *r)
{
    const bearer_identity *identity = identity_of(r);
    apr_array_header_t *scopes;
    const bearer_span *found;
    size_t count;

    if (identity == NULL)
        return NULL;
    found = bearer_identity_scopes(r->pool, identity, &count);
    scopes = apr_array_make(r->pool, (int)count + 1, sizeof(const char *));
    for (size_t i = 0; i < count; i++)
        APR_ARRAY_PUSH(scopes, const char *) = apr_pstrmemdup(r->pool, found[i].ptr, found[i].len);
    return scopes;
}

static const bearer_json *claim_at(request_rec *r, const char *text)
{
    const bearer_identity *identity = identity_of(r);
    const bearer_path *path;

    if (identity == NULL || text == NULL || bearer_path_make(r->pool, text, &path) != NULL)
        return NULL;
    return bearer_path_find(path, identity->claims->json);
}

static const char *auth_bearer_claim(request_rec *r, const char *path)
{
    return bearer_identity_text(r->pool, claim_at(r, path));
}

static const char *auth_bearer_claim_json(request_rec *r, const char *path)
{
    const bearer_json *value = claim_at(r, path);

    return value != NULL ? bearer_json_print(r->pool, value) : NULL;
}

void bearer_view_register(void)
{
    APR_REGISTER_OPTIONAL_FN(auth_bearer_reason);
    APR_REGISTER_OPTIONAL_FN(auth_bearer_accepted);
    APR_REGISTER_OPTIONAL_FN(auth_bearer_user);
    APR_REGISTER_OPTIONAL_FN(auth_bearer_issuer);
    APR_REGISTER_OPTIONAL_FN(auth_bearer_scopes);
    APR_REGISTER_OPTIONAL_FN(auth_bearer_claim);
    APR_REGISTER_OPTIONAL_FN(auth_bearer_claim_json);
}
