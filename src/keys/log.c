#include "bearer/log.h"

#include <stdarg.h>
#include <stdio.h>

void bearer_log_line(const bearer_log *log, bearer_log_level level, const char *format, ...)
{
    char text[1024];
    va_list args;

    if (log == NULL || log->line == NULL)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log->line(log->context, level, text);
}

void bearer_log_first(void *first, bearer_log_level level, const char *text)
{
    bearer_first_log *to = first;

    if (to->line[0] == '\0')
        snprintf(to->line, sizeof(to->line), "%s", text);
    bearer_log_line(to->log, level, "%s", text);
}

void bearer_log_named(void *named, bearer_log_level level, const char *text)
{
    const bearer_named_log *to = named;

    bearer_log_line(to->log, level, "%s: %s", to->name, text);
}
