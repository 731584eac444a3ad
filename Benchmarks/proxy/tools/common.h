// What the load generator and the upstream share: a clock, an exit, and a look at HTTP header fields.
#ifndef COMMON_H
#define COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/// Nanoseconds of the monotonic clock.
static inline uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/// Ends the program with a message on standard error.
#define die(...) (fprintf(stderr, "error: " __VA_ARGS__), fputc('\n', stderr), exit(2))

/// Memory, or the end of the program.
static inline void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) die("out of memory");
    return memory;
}

/// The value of the header field `name` in the head `head[0..<length]`, trimmed, or NULL.
///
/// `*value_length` is set when there is one. The head starts with its first line and ends before or at the empty line.
static inline const char *header_field(const char *head, size_t length, const char *name, size_t *value_length) {
    size_t name_length = strlen(name);
    const char *end = head + length;
    const char *line = memchr(head, '\n', length);
    while (line && ++line < end) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        const char *line_end = next ? next : end;
        if ((size_t)(line_end - line) > name_length && line[name_length] == ':'
            && strncasecmp(line, name, name_length) == 0) {
            const char *start = line + name_length + 1;
            while (start < line_end && (*start == ' ' || *start == '\t')) start++;
            while (line_end > start && (line_end[-1] == '\r' || line_end[-1] == ' ')) line_end--;
            *value_length = (size_t)(line_end - start);
            return start;
        }
        line = next;
    }
    return NULL;
}

/// A decimal number that fills the text, or -1.
static inline int64_t decimal(const char *text, size_t length) {
    if (length == 0 || length > 15) return -1;
    int64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/// The argument after an option, or the end of the program.
static inline const char *argument(int count, char **arguments, int *index) {
    if (*index + 1 >= count) die("%s needs a value", arguments[*index]);
    return arguments[++*index];
}

/// A whole number given on the command line, within bounds.
static inline uint64_t whole_number(const char *option, const char *text, uint64_t least, uint64_t most) {
    int64_t value = decimal(text, strlen(text));
    if (value < 0 || (uint64_t)value < least || (uint64_t)value > most)
        die("%s: `%s` is not a whole number from %llu to %llu", option, text, (unsigned long long)least,
            (unsigned long long)most);
    return (uint64_t)value;
}

/// A number of seconds or requests a second given on the command line.
static inline double positive_number(const char *option, const char *text) {
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value > 0) || value > 1e9) die("%s: `%s` is not a positive number", option, text);
    return value;
}

#endif
