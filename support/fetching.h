/* Keys from the network, asked for once by the module's own code. Nothing of them is kept. */
#ifndef FETCHING_H
#define FETCHING_H

#include "tool.h"
#include "bearer/keystore.h"

/* ca= and the other options of a command that takes those for the network. False: it complained. */
bool tool_terms(const tool *at, bearer_terms *terms);

/* The first of these options that is given, NULL if none is. */
const char *tool_network_word(const tool *at);

/* Asks each source of the store that is on the network, once, waits for the answers and takes the
 * keys; the log says what came. Does nothing where all keys are files. False: it complained. */
bool tool_fetch(const tool *at, bearer_keystore *store, const bearer_log *log);

#endif
