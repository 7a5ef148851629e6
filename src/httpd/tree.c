#include "bearer/tree.h"

#include <apr_strings.h>

static const char *const containers[] = {
    "<Location", "<LocationMatch", "<Directory", "<DirectoryMatch", "<Files", "<FilesMatch",
    "<If", "<ElseIf", "<Else", "<Proxy", "<ProxyMatch", NULL
};

bool bearer_tree_is(const ap_directive_t *directive, const char *name)
{
    return ap_cstr_casecmp(directive->directive, name) == 0;
}

bool bearer_tree_says(const char *value, const char *word)
{
    return value != NULL && ap_cstr_casecmp(value, word) == 0;
}

static bool is_section(const ap_directive_t *directive)
{
    for (const char *const *one = containers; *one != NULL; one++)
        if (bearer_tree_is(directive, *one))
            return true;
    return false;
}

/* The argument of a container, which the tree keeps with the bracket that ends it. */
static const char *argument(apr_pool_t *pool, const ap_directive_t *container)
{
    const char *end = strrchr(container->args, '>');

    return end == NULL ? container->args
                       : apr_pstrmemdup(pool, container->args, (apr_size_t)(end - container->args));
}

/* Without the slash at the end: "" is the root. */
static const char *plain_path(apr_pool_t *pool, const ap_directive_t *container)
{
    const char *args = argument(pool, container);
    char *path = ap_getword_conf(pool, &args);
    size_t len = strlen(path);

    if (!(bearer_tree_is(container, "<Location") || bearer_tree_is(container, "<Directory"))
        || *path != '/' || path[strcspn(path, "*?[")] != '\0')
        return NULL;
    while (len > 0 && path[len - 1] == '/')
        path[--len] = '\0';
    return path;
}

static void collect(apr_pool_t *pool, const ap_directive_t *first, const bearer_section *outer,
                    const ap_directive_t *host, apr_array_header_t *sections)
{
    for (; first != NULL; first = first->next) {
        const bearer_section *around = outer;

        if (is_section(first)) {
            bearer_section *made = apr_palloc(pool, sizeof(*made));

            *made = (bearer_section){
                .at = first, .outer = outer, .host = host, .path = plain_path(pool, first),
                .name = apr_psprintf(pool, "%s %s> (%s:%d)", first->directive,
                                     argument(pool, first), first->filename, first->line_num),
            };
            APR_ARRAY_PUSH(sections, const bearer_section *) = around = made;
        }
        collect(pool, first->first_child, around,
                bearer_tree_is(first, "<VirtualHost") ? first : host, sections);
    }
}

apr_array_header_t *bearer_tree_sections(apr_pool_t *pool)
{
    apr_array_header_t *sections = apr_array_make(pool, 16, sizeof(bearer_section *));

    collect(pool, ap_conftree, NULL, NULL, sections);
    return sections;
}

const char *bearer_tree_value(apr_pool_t *pool, const ap_directive_t *among, const char *name)
{
    const char *value = NULL;

    for (; among != NULL; among = among->next)
        if (bearer_tree_is(among, name)) {
            const char *args = among->args;

            value = ap_getword_conf(pool, &args);
        }
    return value;
}

bool bearer_tree_has(apr_pool_t *pool, const ap_directive_t *among, const char *name,
                     const char *word)
{
    for (; among != NULL; among = among->next) {
        const char *args = among->args;

        if (!bearer_tree_is(among, name))
            continue;
        if (word == NULL)
            return true;
        while (*args != '\0')
            if (bearer_tree_says(ap_getword_conf(pool, &args), word))
                return true;
    }
    return false;
}

static bool same_kind(const bearer_section *one, const bearer_section *other)
{
    return bearer_tree_is(one->at, other->at->directive);
}

/* /a holds /a and /a/b, not /ab. */
static bool holds(const char *outer, const char *inner)
{
    size_t len = strlen(outer);

    return strlen(inner) >= len
        && bearer_span_equal((bearer_span){ inner, len }, (bearer_span){ outer, len })
        && (inner[len] == '\0' || inner[len] == '/');
}

bool bearer_tree_may_meet(const bearer_section *one, const bearer_section *other)
{
    if (one->host != other->host && one->host != NULL && other->host != NULL)
        return false;
    if (!same_kind(one, other) || one->path == NULL || other->path == NULL)
        return true;
    return holds(one->path, other->path) || holds(other->path, one->path);
}

bool bearer_tree_covers(const bearer_section *outer, const bearer_section *inner)
{
    for (const bearer_section *around = inner->outer; around != NULL; around = around->outer)
        if (around == outer)
            return true;
    return (outer->host == NULL || outer->host == inner->host) && same_kind(outer, inner)
        && outer->path != NULL && inner->path != NULL && holds(outer->path, inner->path);
}
