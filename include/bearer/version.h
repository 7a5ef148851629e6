/* The version of this project, for the startup line and the tool. */
#ifndef BEARER_VERSION_H
#define BEARER_VERSION_H

#define BEARER_VERSION "1.0.0"

#endif
