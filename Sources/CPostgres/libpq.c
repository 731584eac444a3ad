#define _GNU_SOURCE
#include "CPostgres.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

// The functions that are called: result, name, parameters, arguments. The compiler holds each against the header.
#define FUNCTIONS(F)                                                                                                   \
    F(PGconn *, PQconnectdb, (const char *text), (text))                                                               \
    F(PQconninfoOption *, PQconninfoParse, (const char *text, char **message), (text, message))                        \
    F(void, PQconninfoFree, (PQconninfoOption * options), (options))                                                   \
    F(ConnStatusType, PQstatus, (const PGconn *connection), (connection))                                              \
    F(char *, PQerrorMessage, (const PGconn *connection), (connection))                                                \
    F(int, PQserverVersion, (const PGconn *connection), (connection))                                                  \
    F(PQnoticeProcessor, PQsetNoticeProcessor, (PGconn * connection, PQnoticeProcessor notice, void *context),         \
      (connection, notice, context))                                                                                   \
    F(void, PQfinish, (PGconn * connection), (connection))                                                             \
    F(PGresult *, PQexec, (PGconn * connection, const char *statements), (connection, statements))                     \
    F(PGresult *, PQexecParams,                                                                                        \
      (PGconn * connection, const char *statement, int count, const Oid *types, const char *const *values,             \
       const int *lengths, const int *formats, int format),                                                            \
      (connection, statement, count, types, values, lengths, formats, format))                                         \
    F(PGresult *, PQgetResult, (PGconn * connection), (connection))                                                    \
    F(int, PQgetCopyData, (PGconn * connection, char **row, int async), (connection, row, async))                      \
    F(ExecStatusType, PQresultStatus, (const PGresult *result), (result))                                              \
    F(char *, PQresultErrorField, (const PGresult *result, int field), (result, field))                                \
    F(char *, PQcmdTuples, (PGresult * result), (result))                                                              \
    F(int, PQntuples, (const PGresult *result), (result))                                                              \
    F(int, PQnfields, (const PGresult *result), (result))                                                              \
    F(int, PQgetisnull, (const PGresult *result, int row, int column), (result, row, column))                          \
    F(char *, PQgetvalue, (const PGresult *result, int row, int column), (result, row, column))                        \
    F(void, PQclear, (PGresult * result), (result))                                                                    \
    F(void, PQfreemem, (void *memory), (memory))

// Where each function is. The library's own calls go to itself: ours have its names and are seen by nobody else.
#define DEFINE(result, name, parameters, arguments)                                                                    \
    static result(*loaded_##name) parameters;                                                                          \
    __attribute__((visibility("hidden"))) result name parameters { return loaded_##name arguments; }
FUNCTIONS(DEFINE)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *failure;

/// Looks for every function; whether all are there.
static int find(void) {
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return 0;
#define FIND(result, name, parameters, arguments)                                                                      \
    if ((loaded_##name = (__typeof__(loaded_##name))dlsym(library, #name)) == NULL) return 0;
    FUNCTIONS(FIND)
    return 1;
}

static void load(void) {
    static char text[512];
    if (find()) return;
    const char *said = dlerror();
    snprintf(text, sizeof text, "%s", said != NULL ? said : "the dynamic linker does not say why");
    failure = text;
}

const char *lapwing_load_libpq(void) {
    pthread_once(&once, load);
    return failure;
}
