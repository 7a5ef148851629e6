#include "bearer/address.h"
#include "bearer/scoped.h"
#include "bearer/span.h"

#include <string.h>
#include <arpa/inet.h>
#include <apr_strings.h>
#include <curl/curl.h>

#define LONGEST 2000

/* RFC 8414 section 3, and OpenID Connect Discovery 1.0 section 4. */
#define OAUTH_METADATA "/.well-known/oauth-authorization-server"
#define OPENID_METADATA "/.well-known/openid-configuration"

static void handle_done(CURLU **handle)
{
    curl_url_cleanup(*handle);
}

/* A part of the URL in the pool, NULL where it has none. */
static const char *part_of(apr_pool_t *pool, CURLU *handle, CURLUPart which)
{
    const char *copy = NULL;
    char *part;

    if (curl_url_get(handle, which, &part, 0) == CURLUE_OK) {
        copy = apr_pstrdup(pool, part);
        curl_free(part);
    }
    return copy;
}

static bool is_loopback(const char *host)
{
    unsigned char quad[4];

    if (strcmp(host, "[::1]") == 0 || strcmp(host, "localhost") == 0)
        return true;
    return inet_pton(AF_INET, host, quad) == 1 && quad[0] == 127;
}

/* The host as it stands in a URL that has two slashes, without its port. */
static bearer_span written_host(const char *url)
{
    const char *host = url + strcspn(url, "/") + 2;

    return (bearer_span){ host, *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#") };
}

static const char *refuse_parts(apr_pool_t *pool, CURLU *handle, const char *url)
{
    const char *scheme = part_of(pool, handle, CURLUPART_SCHEME);
    const char *host = part_of(pool, handle, CURLUPART_HOST);
    const char *port = part_of(pool, handle, CURLUPART_PORT);

    if (scheme == NULL || host == NULL || (port != NULL && strcmp(port, "0") == 0))
        return "is no URL";
    if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        return "is no https URL";
    /* libcurl also takes 127.1, 0x7f.1 and escapes for 127.0.0.1, and some versions do not */
    if (strcmp(scheme, "http") == 0
        && !(is_loopback(host) && bearer_span_is(written_host(url), host)))
        return "is fetched over https only: http is for loopback addresses such as 127.0.0.1";
    if (part_of(pool, handle, CURLUPART_USER) != NULL
        || part_of(pool, handle, CURLUPART_PASSWORD) != NULL)
        return "holds a user name or password";
    return strchr(url, '#') != NULL ? "holds a fragment (#)" : NULL;
}

/* Characters of RFC 3986 section 2, two slashes and a host: libcurl takes any bytes, and from one
 * to three slashes. What is still to be filled in, as {tenant}, is no address. */
static bool has_form(const char *url)
{
    const char *slashes = url + strcspn(url, "/");

    for (const char *c = url; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}", *c) != NULL)
            return false;
    return bearer_address_is_web(url) && slashes == url + strcspn(url, ":") + 1
        && slashes[0] == '/' && slashes[1] == '/' && slashes[2] != '/';
}

static const char *refuse(apr_pool_t *pool, const char *url, bool query)
{
    BEARER_SCOPED(handle_done) CURLU *handle = curl_url();
    const char *error;

    if (handle == NULL)
        return "cannot be looked at: memory failed";
    if (strlen(url) > LONGEST)
        return "is longer than 2000 bytes";
    if (!has_form(url) || curl_url_set(handle, CURLUPART_URL, url, 0) != CURLUE_OK)
        return "is no https URL";
    error = refuse_parts(pool, handle, url);
    if (error == NULL && !query && strchr(url, '?') != NULL)
        return "holds a query (?)";
    return error;
}

const char *bearer_address_refuse(apr_pool_t *pool, const char *url)
{
    return refuse(pool, url, true);
}

const char *bearer_address_refuse_issuer(apr_pool_t *pool, const char *issuer)
{
    return refuse(pool, issuer, false);
}

const char *bearer_address_refuse_proxy(apr_pool_t *pool, const char *url)
{
    BEARER_SCOPED(handle_done) CURLU *handle = curl_url();

    if (handle == NULL || !has_form(url)
        || curl_url_set(handle, CURLUPART_URL, url, 0) != CURLUE_OK)
        return "want a URL such as http://proxy.example.com:3128";
    if (part_of(pool, handle, CURLUPART_USER) != NULL
        || part_of(pool, handle, CURLUPART_PASSWORD) != NULL)
        return "holds a user name or password";
    return NULL;
}

static bool is_plain(const char *url)
{
    return bearer_span_begins_nocase(bearer_span_of(url), "http:");
}

const char *bearer_address_refuse_named(apr_pool_t *pool, const char *issuer, const char *url)
{
    if (is_plain(url) && !is_plain(issuer))
        return "is no https URL";
    return bearer_address_refuse(pool, url);
}

bool bearer_address_is_web(const char *text)
{
    return bearer_span_begins_nocase(bearer_span_of(text), "https:") || is_plain(text);
}

bool bearer_address_is_metadata(const char *text)
{
    size_t path = strcspn(text, "?");
    const char *oauth = strstr(text, OAUTH_METADATA), *openid = strstr(text, OPENID_METADATA);

    return (oauth != NULL && oauth < text + path) || (openid != NULL && openid < text + path);
}

const char *bearer_address_metadata(apr_pool_t *pool, const char *issuer, size_t i)
{
    size_t host = strcspn(issuer, "/") + 2, len = strlen(issuer);
    const char *path = issuer + host + strcspn(issuer + host, "/");

    if (issuer[len - 1] == '/')
        len--;
    switch (i) {
    case 0:
        return apr_psprintf(pool, "%.*s" OAUTH_METADATA "%.*s",
                            (int)(path - issuer), issuer,
                            path < issuer + len ? (int)(issuer + len - path) : 0, path);
    case 1:
        return apr_psprintf(pool, "%.*s" OPENID_METADATA, (int)len, issuer);
    default:
        return NULL;
    }
}
