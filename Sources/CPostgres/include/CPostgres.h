#ifndef CPOSTGRES_H
#define CPOSTGRES_H

// PostgreSQL's client library, which is loaded when it is first wanted: the dozen commands that talk to a database are
// the only ones that need it, and it brings two dozen libraries more, which every other command would start with.
//
// `lapwing_load_libpq` comes before any other function.

#if __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#else
#include <libpq-fe.h>
#endif

/// Loads the library, unless that was done.
///
/// Returns nothing where its functions can be called, else what the dynamic linker said.
const char *_Nullable lapwing_load_libpq(void);

#endif
