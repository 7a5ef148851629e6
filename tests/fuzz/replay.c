/* Feeds files, or all files of folders, to one fuzz target: the corpus as a test, with any
 * compiler. Says on which file the target trapped; fails where there was nothing to feed. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static char current[4096];
static unsigned fed;

static void trapped(int number)
{
    static const char told[] = "trapped on ";

    if (write(STDERR_FILENO, told, sizeof(told) - 1) > 0
        && write(STDERR_FILENO, current, strlen(current)) > 0
        && write(STDERR_FILENO, "\n", 1) > 0) {
        signal(number, SIG_DFL);
        raise(number);
    }
    _exit(1);
}

static bool feed_file(const char *path, size_t size)
{
    uint8_t *data = malloc(size > 0 ? size : 1);
    FILE *file = fopen(path, "rb");
    bool good = data != NULL && file != NULL && fread(data, 1, size, file) == size;

    if (file != NULL)
        fclose(file);
    if (good) {
        snprintf(current, sizeof(current), "%s", path);
        LLVMFuzzerTestOneInput(data, size);
        fed++;
    }
    free(data);
    return good;
}

static bool feed(const char *path);

static bool feed_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    bool good = folder != NULL;

    while (good && (entry = readdir(folder)) != NULL) {
        char inner[4096];
        int len = snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);

        if (entry->d_name[0] != '.')
            good = len > 0 && (size_t)len < sizeof(inner) && feed(inner);
    }
    if (folder != NULL)
        closedir(folder);
    return good;
}

static bool feed(const char *path)
{
    struct stat info;
    bool good = stat(path, &info) == 0
        && (S_ISDIR(info.st_mode) ? feed_folder(path) : feed_file(path, (size_t)info.st_size));

    if (!good)
        fprintf(stderr, "cannot feed %s\n", path);
    return good;
}

int main(int argc, char **argv)
{
    static const int numbers[] = { SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        signal(numbers[i], trapped);
    for (int i = 1; i < argc; i++)
        if (!feed(argv[i]))
            return 2;
    printf("%u inputs\n", fed);
    return fed > 0 ? 0 : 2;
}
