/* Clean-up at the end of a C block, for library objects that live no longer than that. */
#ifndef BEARER_SCOPED_H
#define BEARER_SCOPED_H

/* BEARER_SCOPED(done) T *x = ...; calls done(&x) when x goes out of scope, on every way out. */
#define BEARER_SCOPED(done) __attribute__((cleanup(done)))

#endif
