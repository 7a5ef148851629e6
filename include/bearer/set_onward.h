/* The setters of what is handed on to backends. */
#ifndef BEARER_SET_ONWARD_H
#define BEARER_SET_ONWARD_H

#include "bearer/config.h"

const char *bearer_set_header(cmd_parms *cmd, void *conf, const char *name, const char *claim);
const char *bearer_set_pass(cmd_parms *cmd, void *conf, const char *word);
const char *bearer_set_mint(cmd_parms *cmd, void *conf, int argc, char *const argv[]);
const char *bearer_set_proxy(cmd_parms *cmd, void *conf, const char *text);

#endif
