#include "bearer/lifetime.h"
#include "bearer/span.h"

#include <string.h>
#include <curl/curl.h>

#define LONGEST INT64_C(31536000)       /* a year; whatever is longer is as good as that */

static bearer_span trim(bearer_span text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t' || text.ptr[0] == '"'))
        text = bearer_span_after(text, 1);
    while (text.len > 0 && strchr(" \t\"", text.ptr[text.len - 1]) != NULL)
        text.len--;
    return text;
}

/* A whole number of seconds; 0 for anything else. */
static int64_t seconds_of(bearer_span text)
{
    int64_t seconds = 0;

    text = trim(text);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return 0;
        seconds = seconds * 10 + (text.ptr[i] - '0');
        if (seconds > LONGEST)
            seconds = LONGEST;
    }
    return seconds;
}

/* -1 if it does not say. */
static int64_t max_age_of(bearer_span rest)
{
    static const char max_age[] = "max-age=";
    int64_t seconds = -1;
    bearer_span word;

    while (bearer_span_next_word(&rest, ',', &word)) {
        word = trim(word);
        if (bearer_span_is_nocase(word, "no-store") || bearer_span_is_nocase(word, "no-cache"))
            return 0;
        if (seconds < 0 && bearer_span_begins_nocase(word, max_age))
            seconds = seconds_of(bearer_span_after(word, strlen(max_age)));
    }
    return seconds;
}

int64_t bearer_lifetime_read(const char *cache_control, const char *expires, const char *age,
                             int64_t now)
{
    int64_t seconds = max_age_of(bearer_span_of(cache_control));

    if (seconds >= 0)
        seconds -= seconds_of(bearer_span_of(age));
    else if (expires != NULL)
        seconds = (int64_t)curl_getdate(expires, NULL) - now;
    else
        return -1;
    return seconds < 0 ? 0 : seconds > LONGEST ? LONGEST : seconds;
}
