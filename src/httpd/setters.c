#include "bearer/setters.h"
#include "bearer/issuer.h"
#include "bearer/locate.h"
#include "bearer/provider.h"
#include "bearer/registry.h"
#include "bearer/words.h"

#include <limits.h>
#include <stdlib.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_lib.h>
#include <apr_strings.h>

APLOG_USE_MODULE(auth_bearer);

static const char *complain(cmd_parms *cmd, const char *sentence)
{
    return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, sentence);
}

static size_t list_length(const void *list)
{
    const void *const *items = list;
    size_t n = 0;

    while (items != NULL && items[n] != NULL)
        n++;
    return n;
}

/* A copy of a NULL-terminated list of pointers with room for `more`; *n is where they go. A list
 * that is repeated in a section goes on, an inherited one is never seen here: each section starts
 * with its defaults. */
static const void **extend(cmd_parms *cmd, const bearer_conf *conf, const void *list, size_t more,
                           size_t *n)
{
    bool given = (conf->set >> (cmd->cmd - bearer_directives) & 1) != 0;
    const void **copy;

    *n = given ? list_length(list) : 0;
    copy = apr_pcalloc(cmd->pool, (*n + more + 1) * sizeof(*copy));
    if (*n > 0)
        memcpy(copy, list, *n * sizeof(*copy));
    return copy;
}

const char *bearer_set_flag(cmd_parms *cmd, void *conf, const char *word)
{
    bool on = ap_cstr_casecmp(word, "On") == 0;

    if (!on && ap_cstr_casecmp(word, "Off") != 0)
        return complain(cmd, apr_psprintf(cmd->pool, "want On or Off, not '%s'", word));
    *(int *)bearer_conf_slot(cmd, conf) = on;
    return NULL;
}

const char *bearer_set_enforce(cmd_parms *cmd, void *conf, const char *word)
{
    bool report = ap_cstr_casecmp(word, "report") == 0;

    if (!report && ap_cstr_casecmp(word, "on") != 0)
        return complain(cmd, apr_psprintf(cmd->pool, "want on or report, not '%s'", word));
    *(int *)bearer_conf_slot(cmd, conf) = report;
    return NULL;
}

const char *bearer_set_number(cmd_parms *cmd, void *conf, const char *text)
{
    const bearer_row *field = cmd->info;
    char *end;
    long n = strtol(text, &end, 10);

    if (!apr_isdigit(*text) || *end != '\0' || n < field->min || n > field->max)
        return complain(cmd, apr_psprintf(cmd->pool, "want a whole number from %d to %d, not '%s'",
                                          field->min, field->max, text));
    *(int *)bearer_conf_slot(cmd, conf) = (int)n;
    return NULL;
}

const char *bearer_set_body(cmd_parms *cmd, void *conf, const char *word)
{
    static const char *const words[] = {
        [BEARER_BODY_AUTO] = "auto", [BEARER_BODY_PROBLEM] = "problem", [BEARER_BODY_JSON] = "json",
        [BEARER_BODY_HTTPD] = "httpd",
    };

    for (int i = 0; i <= BEARER_BODY_HTTPD; i++)
        if (ap_cstr_casecmp(word, words[i]) == 0) {
            *(int *)bearer_conf_slot(cmd, conf) = i;
            return NULL;
        }
    return complain(cmd,
                    apr_psprintf(cmd->pool, "want auto, problem, json or httpd, not '%s'", word));
}

const char *bearer_set_challenge(cmd_parms *cmd, void *conf, const char *text)
{
    bearer_offer *offer;
    const char *error;
    ap_expr_info_t *when = NULL;
    bool off = ap_cstr_casecmp(text, "Off") == 0;

    if (!off && ap_cstr_casecmp(text, "On") != 0) {
        when = ap_expr_parse_cmd(cmd, text, AP_EXPR_FLAG_DONT_VARY, &error, NULL);
        if (when == NULL)
            return complain(cmd,
                            apr_psprintf(cmd->pool, "want On, Off or an expression, not '%s': %s",
                                         text, error));
    }
    offer = bearer_conf_slot(cmd, conf);
    *offer = (bearer_offer){ .off = off, .when = when };
    return NULL;
}

const char *bearer_set_state_dir(cmd_parms *cmd, void *conf, const char *path)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    const char *full = *path != '\0' ? ap_server_root_relative(cmd->pool, path) : NULL;

    if (error != NULL)
        return error;
    if (full == NULL)
        return complain(cmd, apr_psprintf(cmd->pool, "want the path of a folder, not '%s'", path));
    *(const char **)bearer_conf_slot(cmd, conf) = full;
    return NULL;
}

static const struct {
    const char *name;
    apr_int64_t least, most;
    size_t offset;                  /* in bearer_cache_size */
} cache_options[] = {
    { "entries=", 16, 1048576, offsetof(bearer_cache_size, entries) },
    { "bytes=", 65536, APR_INT64_C(2047) * 1048576, offsetof(bearer_cache_size, bytes) },
};

/* A whole number; K and M stand for 1024 of the unit before. -1 if it is none. */
static apr_int64_t read_amount(const char *text)
{
    char *end;
    apr_int64_t n = apr_isdigit(*text) ? apr_strtoi64(text, &end, 10) : -1;

    if (n < 0 || n > INT_MAX)
        return -1;
    if (*end == 'K' || *end == 'k')
        n *= 1024, end++;
    else if (*end == 'M' || *end == 'm')
        n *= 1048576, end++;
    return *end == '\0' ? n : -1;
}

static bool read_cache_option(const char *word, bearer_cache_size *size)
{
    for (size_t i = 0; i < sizeof(cache_options) / sizeof(cache_options[0]); i++) {
        size_t len = strlen(cache_options[i].name);
        bool named = strncmp(word, cache_options[i].name, len) == 0;
        apr_int64_t n = named ? read_amount(word + len) : -1;

        if (n < cache_options[i].least || n > cache_options[i].most)
            continue;
        *(size_t *)(void *)((char *)size + cache_options[i].offset) = (size_t)n;
        return true;
    }
    return false;
}

const char *bearer_set_cache(cmd_parms *cmd, void *conf, int argc, char *const argv[])
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    bearer_cache_size size = { .off = argc == 1 && ap_cstr_casecmp(argv[0], "Off") == 0 };

    if (error != NULL)
        return error;
    if (argc == 0)
        return complain(cmd, "want entries=N, bytes=N or both, or Off");
    for (int i = 0; i < argc && !size.off; i++)
        if (!read_cache_option(argv[i], &size))
            return complain(cmd, apr_psprintf(cmd->pool,
                                              "want entries=N (16 to 1M), bytes=N (64K to 2047M)"
                                              " or both, or Off alone, not '%s'", argv[i]));
    *(bearer_cache_size *)bearer_conf_slot(cmd, conf) = size;
    return NULL;
}

const char *bearer_set_paths(cmd_parms *cmd, void *conf, int argc, char *const argv[])
{
    const bearer_row *field = cmd->info;
    void *at = (char *)conf + field->offset;
    size_t n;
    const void **list = extend(cmd, conf, *(void **)at, (size_t)argc, &n);

    if (argc == 0)
        return complain(cmd, "want one or more claims");
    for (int i = 0; i < argc; i++) {
        const bearer_path *path;
        const char *error = bearer_path_make(cmd->pool, argv[i], &path);

        if (error != NULL)
            return complain(cmd, apr_psprintf(cmd->pool, "'%s': %s", argv[i], error));
        list[n++] = path;
    }
    *(const void ***)bearer_conf_slot(cmd, conf) = list;
    return NULL;
}

const char *bearer_set_audiences(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    bearer_conf *conf = section;
    size_t n;
    const void **list = extend(cmd, conf, conf->audiences.names, (size_t)argc, &n);
    bool any = conf->audiences.any;

    if (argc == 0)
        return complain(cmd, "want one or more audiences, or any");
    for (int i = 0; i < argc; i++) {
        if (*argv[i] == '\0')
            return complain(cmd, "an audience is empty");
        if (strcmp(argv[i], "any") == 0)
            any = true;
        else
            list[n++] = apr_pstrdup(cmd->pool, argv[i]);
    }
    if (any && n > 0)
        return complain(cmd, "'any' accepts every audience and cannot stand beside names");
    *(bearer_audiences *)bearer_conf_slot(cmd, conf) =
        (bearer_audiences){ n > 0 ? (const char *const *)list : NULL, any };
    bearer_registry_section(cmd, conf);
    return NULL;
}

const char *bearer_set_issuer(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    bearer_conf *conf = section;
    const char **words = apr_pcalloc(cmd->pool, ((size_t)argc + 1) * sizeof(*words));
    const char *error;
    bearer_trust *trust;
    size_t n;
    const void **list = extend(cmd, conf, conf->trusts, 1, &n);

    for (int i = 0; i < argc; i++)
        words[i] = argv[i];
    trust = bearer_registry_trust(cmd, words, &error);
    if (trust == NULL)
        return complain(cmd, argc > 0 ? apr_psprintf(cmd->pool, "%s: %s", argv[0], error) : error);
    for (size_t i = 0; i < n; i++)
        if (strcmp(conf->trusts[i]->rules.name, trust->rules.name) == 0)
            return complain(cmd, apr_psprintf(cmd->pool,
                                              "%s is named twice in one section; give it one line"
                                              " (keys= may repeat)",
                                              argv[0]));
    list[n] = trust;
    *(const void ***)bearer_conf_slot(cmd, conf) = list;
    bearer_registry_section(cmd, conf);
    return NULL;
}

static const char *refuse_provider(cmd_parms *cmd, const char *name, const char *const *known)
{
    const char *nearest = bearer_nearest(name, known), *list = known[0];

    for (size_t i = 1; known[i] != NULL; i++)
        list = apr_pstrcat(cmd->pool, list, ", ", known[i], NULL);
    return complain(cmd, apr_psprintf(cmd->pool, "unknown provider '%s'%s: want %s%s", name,
                                      nearest == NULL
                                          ? ""
                                          : apr_psprintf(cmd->pool, " (is '%s' meant?)", nearest),
                                      list,
                                      known[1] == NULL ? ", or one of a module that is loaded"
                                                       : ""));
}

const char *bearer_set_providers(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    bearer_conf *conf = section;
    size_t n;
    const void **list = extend(cmd, conf, conf->providers, (size_t)argc, &n);

    if (argc == 0)
        return complain(cmd, "want one or more providers: jwt");
    for (int i = 0; i < argc; i++) {
        list[n] = bearer_provider_find(cmd->pool, argv[i]);
        if (list[n++] == NULL)
            return refuse_provider(cmd, argv[i], bearer_provider_names(cmd->pool));
    }
    *(const void ***)bearer_conf_slot(cmd, conf) = list;
    return NULL;
}

const char *bearer_set_places(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    bearer_conf *conf = section;
    size_t n;
    const void **list = extend(cmd, conf, conf->places, (size_t)argc, &n);

    if (argc == 0)
        return complain(cmd, "want one or more ways, as header or cookie:name");
    for (int i = 0; i < argc; i++) {
        const char *error;
        const bearer_place *place = bearer_place_make(cmd->pool, argv[i], &error);

        if (place == NULL)
            return complain(cmd, apr_psprintf(cmd->pool, "'%s': %s", argv[i], error));
        list[n++] = place;
    }
    *(const void ***)bearer_conf_slot(cmd, conf) = list;
    bearer_registry_section(cmd, conf);
    return NULL;
}

/* Names that mean something to servers, loaders, interpreters and shells. A claim must not be able
 * to become one. */
static const char *const reserved[] = {
    "BEARER_REASON", "AUTH_*",    "REMOTE_*",  "REDIRECT_*", "HTTP_*",
    "HTTPS*",        "SERVER_*",  "REQUEST_*", "SCRIPT_*",   "DOCUMENT_*",
    "CONTENT_*",     "CONTEXT_*", "GATEWAY_*", "QUERY_*",    "PATH*",
    "SSL_*",         "UNIQUE_ID", "LD_*",      "DYLD_*",     "GCONV_*",
    "MALLOC_*",      "LC_*",      "LANG*",     "TZ*",        "IFS",
    "ENV",           "BASH*",     "HOME",      "SHELL",      "USER",
    "LOGNAME",       "TMP*",      "TEMP*",     "PHP*",       "PERL*",
    "PYTHON*",       "RUBY*",     "NODE_*",    "JAVA_*",     "GIT_*",
    "NO_PROXY",      "ALL_PROXY", "FTP_PROXY", "OPENSSL_*",  "APACHE_*",
    "AUTHORIZE_*",   "PROXY*",    "FCGI_*",    NULL
};

static const char *refuse_name(apr_pool_t *pool, const char *name)
{
    if (!apr_isupper(*name) || name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] != '\0')
        return apr_psprintf(pool, "'%s' is no variable name: want capitals, digits and _", name);
    for (const char *const *one = reserved; *one != NULL; one++) {
        size_t len = strlen(*one);
        bool family = (*one)[len - 1] == '*';

        if (family ? strncmp(name, *one, len - 1) == 0 : strcmp(name, *one) == 0)
            return apr_psprintf(pool, "the variable name '%s' is reserved", name);
    }
    return NULL;
}

/* realm_access.roles -> BEARER_CLAIM_REALM_ACCESS_ROLES */
static const char *default_name(apr_pool_t *pool, const bearer_path *claim)
{
    char *name = apr_pstrdup(pool, "BEARER_CLAIM");

    for (const char *const *step = claim->steps; *step != NULL; step++)
        name = apr_pstrcat(pool, name, "_", *step, NULL);
    for (char *c = name; *c != '\0'; c++)
        *c = apr_isalnum(*c) ? (char)apr_toupper(*c) : '_';
    return name;
}

static const char *read_variable(cmd_parms *cmd, const char *text, const bearer_variable **variable)
{
    bearer_variable *made = apr_pcalloc(cmd->pool, sizeof(*made));
    const char *equals = strrchr(text, '=');
    const char *claim = equals != NULL
                            ? apr_pstrmemdup(cmd->pool, text, (apr_size_t)(equals - text))
                            : text;
    const char *error = bearer_path_make(cmd->pool, claim, &made->claim);

    if (error == NULL)
        made->name = equals != NULL ? apr_pstrdup(cmd->pool, equals + 1)
                                    : default_name(cmd->pool, made->claim);
    if (error == NULL && equals != NULL)
        error = refuse_name(cmd->pool, made->name);
    *variable = made;
    return error != NULL ? apr_psprintf(cmd->pool, "'%s': %s", text, error) : NULL;
}

const char *bearer_set_variables(cmd_parms *cmd, void *section, int argc, char *const argv[])
{
    bearer_conf *conf = section;
    size_t n;
    const void **list = extend(cmd, conf, conf->variables, (size_t)argc, &n);

    if (argc == 0)
        return complain(cmd, "want claim[=NAME] ..., or Off");
    for (int i = 0; i < argc; i++) {
        const bearer_variable *variable;
        const char *error;

        if (ap_cstr_casecmp(argv[i], "Off") == 0) {
            if (argc > 1 || n > 0)
                return complain(cmd, "'Off' stands alone");
            break;
        }
        error = read_variable(cmd, argv[i], &variable);
        for (size_t k = 0; error == NULL && k < n; k++)
            if (strcmp(((const bearer_variable *)list[k])->name, variable->name) == 0)
                error = apr_psprintf(cmd->pool, "two claims for the one variable %s",
                                     variable->name);
        if (error != NULL)
            return complain(cmd, error);
        list[n++] = variable;
    }
    *(const void ***)bearer_conf_slot(cmd, conf) = list;
    return NULL;
}
