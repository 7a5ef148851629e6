#include "support.h"
#include "bearer/address.h"

/* URLs that are the same to all three judges. */
static const struct { const char *url; bool taken; const char *why; } rows[] = {
    { "https://issuer.example", true, "https" },
    { "https://issuer.example/", true, "a path" },
    { "https://issuer.example/realms/one/certs", true, "a longer path" },
    { "https://issuer.example:8443/keys", true, "a port" },
    { "https://issuer.example:65535/", true, "the last port" },
    { "https://192.0.2.1/keys", true, "a number" },
    { "https://[2001:db8::1]/keys", true, "a number of IPv6" },
    { "https://127.0.0.1/keys", true, "https for loopback too" },
    { "https://localhost:8443/keys", true, "https for localhost too" },
    { "HTTPS://issuer.example/", true, "upper case scheme" },
    { "https://issuer.example/a%20b", true, "an escaped blank" },
    /* http is for this machine */
    { "http://127.0.0.1/keys", true, "loopback" },
    { "http://127.0.0.1:8080", true, "loopback with a port" },
    { "http://127.255.255.254/", true, "the end of 127.0.0.0/8" },
    { "http://[::1]/keys", true, "loopback of IPv6" },
    { "http://[::1]:8080/keys", true, "loopback of IPv6 with a port" },
    { "http://localhost/keys", true, "localhost" },
    { "http://localhost:8080/keys", true, "localhost with a port" },
    { "HTTP://127.0.0.1/", true, "upper case scheme" },
    { "http://issuer.example/", false, "another machine" },
    { "HTTP://issuer.example/", false, "another machine, upper case scheme" },
    { "http://128.0.0.1/", false, "beyond 127.0.0.0/8" },
    { "http://126.255.255.255/", false, "before 127.0.0.0/8" },
    { "http://10.0.0.1/", false, "a private network" },
    { "http://169.254.169.254/", false, "a cloud's metadata" },
    { "http://0.0.0.0/", false, "any address" },
    { "http://127.0.0.1.example/", false, "a name that begins like loopback" },
    { "http://127.0.0.1.nip.io:80/", false, "a name that resolves to loopback" },
    { "http://localhost.example/", false, "a name that begins like localhost" },
    { "http://localhost./", false, "a dot behind" },
    { "http://127.0.0.1./", false, "a dot behind the number" },
    { "http://notlocalhost/", false, "a name that ends like localhost" },
    { "http://0x7f.1/", false, "hexadecimal" },
    { "http://127.1/", false, "shortened" },
    { "http://2130706433/", false, "one number" },
    { "http://0177.0.0.1/", false, "octal" },
    { "http://127.0.0.1%2eexample/", false, "an escaped dot" },
    { "http://%31%32%37.0.0.1/", false, "escaped digits" },
    { "http://127.0.0.1@issuer.example/", false, "loopback as a user" },
    { "http://127.0.0.1:80@issuer.example/", false, "loopback as user and password" },
    { "http://127.0.0.1\\@issuer.example/", false, "a backslash" },
    { "http://issuer.example#@127.0.0.1/", false, "loopback in the fragment" },
    { "http://issuer.example?@127.0.0.1/", false, "loopback in the query" },
    { "http://issuer.example/127.0.0.1", false, "loopback in the path" },
    { "http://[::2]/", false, "another number of IPv6" },
    { "http://[::]/", false, "any address of IPv6" },
    { "http://[::ffff:192.0.2.1]/", false, "mapped" },
    { "http://[fe80::1]/", false, "the link" },
    { "http://[::1", false, "an open bracket" },
    { "https://issuer.example/{tenant}/v2.0", false, "what is to be filled in" },
    { "https://issuer.example/<tenant>", false, "what is to be filled in, in brackets" },
    { "https://issuer.example/a|b", false, "a bar" },
    { "https://issuer.example/a^b", false, "a caret" },
    { "https://issuer.example/a`b", false, "a backquote" },
    { "https://issuer.example/a\"b", false, "a quote" },
    { "https://issuer.example/a\\b", false, "a backslash in the path" },
    { "https://issuer.example/a%7Bb%7D", true, "the same, escaped" },
    { "https://issuer.example/(a)!$&'*+,;=:@~", true, "what a path may hold" },
    { "http://[::1]x/", false, "something behind the bracket" },
    { "http://::1/", false, "without brackets" },
    /* who speaks, and parts that are not sent */
    { "https://user@issuer.example/", false, "a user" },
    { "https://user:word@issuer.example/", false, "a user and a password" },
    { "https://:word@issuer.example/", false, "a password" },
    { "https://@issuer.example/", false, "an empty user" },
    { "https://:@issuer.example/", false, "an empty user and password" },
    { "https://issuer.example/#top", false, "a fragment" },
    { "https://issuer.example#top", false, "a fragment at once" },
    { "https://issuer.example/#", false, "an empty fragment" },
    { "https://issuer.example/keys?a=b#c", false, "a fragment behind a query" },
    /* other schemes */
    { "file:///etc/passwd", false, "a file" },
    { "ftp://issuer.example/keys", false, "ftp" },
    { "ftps://issuer.example/keys", false, "ftps" },
    { "gopher://issuer.example/keys", false, "gopher" },
    { "dict://issuer.example/keys", false, "dict" },
    { "ldaps://issuer.example/keys", false, "ldaps" },
    { "httpsx://issuer.example/keys", false, "a longer scheme" },
    { "urn:issuer", false, "urn" },
    { "data:,keys", false, "data" },
    { "//issuer.example/keys", false, "no scheme" },
    { "issuer.example/keys", false, "a name" },
    { "/keys", false, "a path" },
    /* what is no URL */
    { "", false, "empty" },
    { "https", false, "a scheme without colon" },
    { "https:", false, "a scheme" },
    { "https:/", false, "a slash" },
    { "https://", false, "no host" },
    { "https:///", false, "no host, a path" },
    { "https:///keys", false, "three slashes" },
    { "https:////issuer.example/keys", false, "four slashes" },
    { "https:/issuer.example/keys", false, "one slash" },
    { "https:issuer.example/keys", false, "no slash" },
    { "https:\\\\issuer.example\\keys", false, "backslashes" },
    { "https://:443/", false, "a port without host" },
    { "https://?a", false, "a query without host" },
    { "https://#a", false, "a fragment without host" },
    { "https://issuer.example:0/", false, "port 0" },
    { "https://issuer.example:65536/", false, "port 65536" },
    { "https://issuer.example:99999999999999999999/", false, "a port beyond any number" },
    { "https://issuer.example:-1/", false, "a negative port" },
    { "https://issuer.example:x/", false, "a port of letters" },
    { "https://issuer.example:443x/", false, "letters behind the port" },
    { "https://a b/", false, "a blank in the host" },
    { "https://issuer.example/a b", false, "a blank in the path" },
    { " https://issuer.example/", false, "a blank before" },
    { "https://issuer.example/ ", false, "a blank behind" },
    { "https://issuer.example/\n", false, "a newline behind" },
    { "https://issuer.example/\r\nHost: x", false, "a header in the path" },
    { "https://issuer.example\n.x/", false, "a newline in the host" },
    { "https://issuer.example/\t", false, "a tab" },
    { "https://issuer.example/\x01", false, "a control character" },
    { "https://issuer.example/\x7f", false, "delete" },
    { "https://issuer.ex\xc3\xa4mple/", false, "a letter beyond ASCII in the host" },
    { "https://issuer.example/\xc3\xa4", false, "a letter beyond ASCII in the path" },
    { "https://issuer.example/\xff", false, "a byte that is no UTF-8" },
};

static bool is_sentence(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return false;
    return *text != '\0';
}

static void addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *url = tight((bearer_span){ rows[i].url, strlen(rows[i].url) + 1 }).ptr;
        const char *refused = bearer_address_refuse(test_pool, url);
        const char *issuer = bearer_address_refuse_issuer(test_pool, url);
        const char *named = bearer_address_refuse_named(test_pool, "http://127.0.0.1", url);

        row_expect((refused == NULL) == rows[i].taken, "%s: %s", rows[i].why,
                   refused != NULL ? refused : "taken");
        row_expect((issuer == NULL) == rows[i].taken, "%s, as an issuer: %s", rows[i].why,
                   issuer != NULL ? issuer : "taken");
        row_expect((named == NULL) == rows[i].taken, "%s, as named: %s", rows[i].why,
                   named != NULL ? named : "taken");
        row_expect(refused == NULL || is_sentence(refused), "%s: no reason", rows[i].why);
    }
    rows_end();
}

static void queries_are_for_key_sets_alone(void **state)
{
    static const char *const with[] = {
        "https://issuer.example/keys?a=b", "https://issuer.example?a", "https://issuer.example/?",
        "http://127.0.0.1/?a=http://x",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(with); i++) {
        const char *refused = bearer_address_refuse(test_pool, with[i]);

        row_expect(refused == NULL, "%s: %s", with[i], refused);
        row_expect(bearer_address_refuse_issuer(test_pool, with[i]) != NULL, "%s is an issuer",
                   with[i]);
    }
    rows_end();
}

static const char *of_length(size_t length)
{
    static const char begins[] = "https://issuer.example/";
    char *url = apr_palloc(test_pool, length + 1);

    memset(url, 'a', length);
    memcpy(url, begins, strlen(begins));
    url[length] = '\0';
    return url;
}

static void length_is_limited(void **state)
{
    (void)state;
    assert_null(bearer_address_refuse(test_pool, of_length(2000)));
    assert_non_null(bearer_address_refuse(test_pool, of_length(2001)));
    assert_non_null(bearer_address_refuse(test_pool, of_length(100000)));
    assert_non_null(bearer_address_refuse_issuer(test_pool, of_length(2001)));
    assert_non_null(bearer_address_refuse_named(test_pool, "https://i.example", of_length(2001)));
}

/* Metadata that came over https must not send anybody to http. */
static void named_by_an_issuer(void **state)
{
    static const struct { const char *issuer, *url; bool taken; } named[] = {
        { "https://issuer.example", "https://issuer.example/keys", true },
        { "https://issuer.example", "https://keys.example/keys?a=b", true },
        { "https://issuer.example", "http://127.0.0.1/keys", false },
        { "https://issuer.example", "HTTP://127.0.0.1/keys", false },
        { "https://issuer.example", "http://localhost/keys", false },
        { "https://issuer.example", "http://[::1]/keys", false },
        { "https://issuer.example", "http://keys.example/keys", false },
        { "HTTPS://issuer.example", "http://127.0.0.1/keys", false },
        { "https://127.0.0.1", "http://127.0.0.1/keys", false },
        { "http://127.0.0.1", "http://127.0.0.1/keys", true },
        { "http://127.0.0.1", "http://[::1]/keys", true },
        { "HTTP://127.0.0.1", "http://localhost/keys", true },
        { "http://127.0.0.1", "https://keys.example/keys", true },
        { "http://127.0.0.1", "http://keys.example/keys", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(named); i++) {
        const char *refused = bearer_address_refuse_named(test_pool, named[i].issuer,
                                                          named[i].url);

        row_expect((refused == NULL) == named[i].taken, "%s names %s: %s", named[i].issuer,
                   named[i].url, refused != NULL ? refused : "taken");
    }
    rows_end();
}

#define OAUTH "/.well-known/oauth-authorization-server"
#define OIDC "/.well-known/openid-configuration"

static void metadata(void **state)
{
    static const struct { const char *issuer, *oauth, *oidc; } issuers[] = {
        /* RFC 8414 section 3.1 has the first and the third */
        { "https://example.com", "https://example.com" OAUTH, "https://example.com" OIDC },
        { "https://example.com/", "https://example.com" OAUTH, "https://example.com" OIDC },
        { "https://example.com/issuer1", "https://example.com" OAUTH "/issuer1",
          "https://example.com/issuer1" OIDC },
        { "https://example.com/issuer1/", "https://example.com" OAUTH "/issuer1",
          "https://example.com/issuer1" OIDC },
        { "https://example.com/realms/one", "https://example.com" OAUTH "/realms/one",
          "https://example.com/realms/one" OIDC },
        { "https://example.com:8443", "https://example.com:8443" OAUTH,
          "https://example.com:8443" OIDC },
        { "https://example.com:8443/a/b/", "https://example.com:8443" OAUTH "/a/b",
          "https://example.com:8443/a/b" OIDC },
        { "http://127.0.0.1:8080/a", "http://127.0.0.1:8080" OAUTH "/a",
          "http://127.0.0.1:8080/a" OIDC },
        { "http://[::1]:8080/a", "http://[::1]:8080" OAUTH "/a", "http://[::1]:8080/a" OIDC },
        { "https://example.com/a%2fb", "https://example.com" OAUTH "/a%2fb",
          "https://example.com/a%2fb" OIDC },
        { "https://example.com/%s%n", "https://example.com" OAUTH "/%s%n",
          "https://example.com/%s%n" OIDC },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(issuers); i++) {
        const char *issuer = issuers[i].issuer;
        const char *oauth = bearer_address_metadata(test_pool, issuer, 0);
        const char *oidc = bearer_address_metadata(test_pool, issuer, 1);

        row_expect(bearer_address_refuse_issuer(test_pool, issuer) == NULL, "%s: no issuer",
                   issuer);
        row_expect(strcmp(oauth, issuers[i].oauth) == 0, "%s: %s", issuer, oauth);
        row_expect(strcmp(oidc, issuers[i].oidc) == 0, "%s: %s", issuer, oidc);
        row_expect(bearer_address_metadata(test_pool, issuer, 2) == NULL, "%s: a third", issuer);
        row_expect(!bearer_address_is_metadata(issuer), "%s: an issuer", issuer);
        row_expect(bearer_address_is_metadata(oauth) && bearer_address_is_metadata(oidc),
                   "%s: its metadata", issuer);
    }
    rows_end();
}

static void web(void **state)
{
    static const struct { const char *text; bool web; } texts[] = {
        { "https://issuer.example", true }, { "HTTP://issuer.example", true },
        { "http:", true }, { "https:garbage", true }, { "hTTpS://user@x#", true },
        { "", false }, { "http", false }, { "https", false }, { " https://x", false },
        { "httpx://x", false }, { "jwks:https://x", false }, { "discovery", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        row_expect(bearer_address_is_web(texts[i].text) == texts[i].web, "'%s'", texts[i].text);
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(addresses), TEST(queries_are_for_key_sets_alone), TEST(length_is_limited),
        TEST(named_by_an_issuer), TEST(metadata), TEST(web),
    };

    return tests_run(tests);
}
