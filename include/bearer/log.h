/* How the parts below httpd report: a line of text to whoever holds the log. Lines never carry key
 * material. */
#ifndef BEARER_LOG_H
#define BEARER_LOG_H

typedef enum {
    BEARER_LOG_ERROR, BEARER_LOG_WARNING,
    BEARER_LOG_NOTICE,              /* good news: httpd shows it whatever LogLevel says */
    BEARER_LOG_INFO, BEARER_LOG_DEBUG
} bearer_log_level;

typedef struct {
    void (*line)(void *context, bearer_log_level level, const char *text);
    void *context;
} bearer_log;

/* A log whose lines begin with a name, as in `file: text`: { bearer_log_named, &named }. For
 * readers that do not know what they read. */
typedef struct {
    const bearer_log *log;          /* or NULL */
    const char *name;
} bearer_named_log;

void bearer_log_named(void *named, bearer_log_level level, const char *text);

/* A log that also keeps the first line: { bearer_log_first, &first }. */
typedef struct {
    const bearer_log *log;          /* or NULL */
    char line[200];                 /* empty: none came */
} bearer_first_log;

void bearer_log_first(void *first, bearer_log_level level, const char *text);

/* Formats a line as printf does and hands it over; nothing if log or its function is NULL. Up to 1
 * KiB. */
void bearer_log_line(const bearer_log *log, bearer_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
