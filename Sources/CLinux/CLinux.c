// glibc declares memmem only then; here, and not in the header, it changes no type that Swift sees.
#define _GNU_SOURCE
#include "CLinux.h"

ssize_t lapwing_find(const void *bytes, size_t count, const void *wanted, size_t length) {
    if (bytes == NULL || wanted == NULL) return -1;
    const void *found = memmem(bytes, count, wanted, length);
    return found == NULL ? -1 : (const char *)found - (const char *)bytes;
}
