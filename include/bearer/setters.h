/* One function for each kind of value that a directive takes: each returns NULL, or the sentence
 * that stops the server. */
#ifndef BEARER_SETTERS_H
#define BEARER_SETTERS_H

#include "bearer/config.h"

/* A row's free pointer: which field of bearer_conf it fills, and the bounds of a number. */
typedef struct {
    size_t offset, size;
    int min, max;
} bearer_row;

/* Marks the row as given and returns its field. In config.c, beside the table that it counts in. */
void *bearer_conf_slot(cmd_parms *cmd, void *conf);

const char *bearer_set_flag(cmd_parms *cmd, void *conf, const char *word);
const char *bearer_set_enforce(cmd_parms *cmd, void *conf, const char *word);
const char *bearer_set_number(cmd_parms *cmd, void *conf, const char *text);
const char *bearer_set_body(cmd_parms *cmd, void *conf, const char *word);
const char *bearer_set_challenge(cmd_parms *cmd, void *conf, const char *text);
const char *bearer_set_state_dir(cmd_parms *cmd, void *conf, const char *path);
const char *bearer_set_paths(cmd_parms *cmd, void *conf, int argc, char *const argv[]);
const char *bearer_set_audiences(cmd_parms *cmd, void *conf, int argc, char *const argv[]);
const char *bearer_set_issuer(cmd_parms *cmd, void *conf, int argc, char *const argv[]);
const char *bearer_set_providers(cmd_parms *cmd, void *conf, int argc, char *const argv[]);
const char *bearer_set_places(cmd_parms *cmd, void *conf, int argc, char *const argv[]);
const char *bearer_set_cache(cmd_parms *cmd, void *conf, int argc, char *const argv[]);
const char *bearer_set_variables(cmd_parms *cmd, void *conf, int argc, char *const argv[]);

#endif
