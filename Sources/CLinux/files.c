// glibc declares O_DIRECT only then.
#define _GNU_SOURCE
#include "CLinuxFiles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int lapwing_open_direct(const char *path) {
    return open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_DIRECT | O_DSYNC);
}

ssize_t lapwing_write_direct(int fd, const void *bytes, size_t count, off_t offset) {
    void *blocks;
    int number = posix_memalign(&blocks, 4096, count);
    if (number != 0) {
        errno = number;
        return -1;
    }
    memcpy(blocks, bytes, count);
    ssize_t written = pwrite(fd, blocks, count, offset);
    int saved = errno;
    free(blocks);
    errno = saved;
    return written;
}
