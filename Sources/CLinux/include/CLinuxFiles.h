#ifndef CLINUX_FILES_H
#define CLINUX_FILES_H

// What the file system says of a file. Swift sees `struct stat` in two modules, Glibc and CoreFoundation, and cannot
// always tell whose its members are.

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

struct lapwing_file_facts {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    uint32_t kind;     // S_IFMT
    uint32_t mode;     // the permissions: the lower twelve bits
    uint32_t owner;    // a uid
    int64_t times[4];  // of the last change to the bytes and to the rest, each in seconds and nanoseconds
};

static inline int lapwing_facts_of(int result, const struct stat *_Nonnull status, struct lapwing_file_facts *_Nonnull out) {
    if (result != 0) return -1;
    out->device = status->st_dev;
    out->inode = status->st_ino;
    out->size = status->st_size > 0 ? (uint64_t)status->st_size : 0;
    out->kind = status->st_mode & S_IFMT;
    out->mode = status->st_mode & 07777;
    out->owner = status->st_uid;
    out->times[0] = status->st_mtim.tv_sec;
    out->times[1] = status->st_mtim.tv_nsec;
    out->times[2] = status->st_ctim.tv_sec;
    out->times[3] = status->st_ctim.tv_nsec;
    return 0;
}

/// fstat.
static inline int lapwing_file_facts(int fd, struct lapwing_file_facts *_Nonnull out) {
    struct stat status;
    return lapwing_facts_of(fstat(fd, &status), &status, out);
}

/// fstatat: of a name within a directory, the link itself where it is one.
static inline int lapwing_file_facts_at(int fd, const char *_Nonnull name, struct lapwing_file_facts *_Nonnull out) {
    struct stat status;
    return lapwing_facts_of(fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW), &status, out);
}

/// lstat: of a path, the link itself where it is one.
static inline int lapwing_file_facts_of_link(const char *_Nonnull path, struct lapwing_file_facts *_Nonnull out) {
    struct stat status;
    return lapwing_facts_of(lstat(path, &status), &status, out);
}

/// stat: of a path, through links.
static inline int lapwing_file_facts_of_path(const char *_Nonnull path, struct lapwing_file_facts *_Nonnull out) {
    struct stat status;
    return lapwing_facts_of(stat(path, &status), &status, out);
}

#endif
