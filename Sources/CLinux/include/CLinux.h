#ifndef CLINUX_H
#define CLINUX_H

// What Linux has and Swift's Glibc module does not import. What is short is a static inline function; the rest has a
// file of its own. Results are those of the system call: -1 and errno on failure.

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "CLinuxConfine.h"
#include "CLinuxFiles.h"
#include "CLinuxLoading.h"
#include "CLinuxSandbox.h"
#include "CLinuxSockets.h"

/// syncfs: brings everything of the file system that a file lies on to the disk.
static inline int lapwing_syncfs(int fd) {
    return (int)syscall(SYS_syncfs, fd);
}

/// statfs: the magic number of the file system that a path lies on.
static inline int64_t lapwing_filesystem_type(const char *_Nonnull path) {
    struct statfs about;
    return statfs(path, &about) == 0 ? (int64_t)about.f_type : -1;
}

/// PR_SET_NAME: what the calling thread is called in `top -H` and the like, at most fifteen bytes of it.
static inline int lapwing_name_thread(const char *_Nonnull name) {
    return (int)syscall(SYS_prctl, PR_SET_NAME, name, 0, 0, 0);
}

/// memmem: where bytes occur first within others, or -1. glibc shows it only under _GNU_SOURCE.
ssize_t lapwing_find(const void *_Nullable bytes, size_t count, const void *_Nullable wanted, size_t length);

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 // Linux 6.5
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/// Who was at the other end of a Unix socket when it was connected.
struct lapwing_peer_credentials {
    int32_t pid;
    uint32_t uid;
    uint32_t gid;
};

/// SO_PEERCRED.
static inline int lapwing_peer_credentials(int fd, struct lapwing_peer_credentials *_Nonnull out) {
    // struct ucred has this layout on every Linux; glibc shows it only under _GNU_SOURCE, which would make the types
    // of this module differ from those of Swift's.
    struct { int32_t pid; uint32_t uid; uint32_t gid; } raw = {0, (uint32_t)-1, (uint32_t)-1};
    socklen_t length = sizeof raw;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &raw, &length) != 0) return -1;
    if (length != sizeof raw) { errno = EPROTO; return -1; }
    out->pid = raw.pid;
    out->uid = raw.uid;
    out->gid = raw.gid;
    return 0;
}

/// SO_PEERPIDFD: a descriptor of the process that connected, which no reuse of its pid can redirect.
static inline int lapwing_peer_pidfd(int fd) {
    int pidfd = -1;
    socklen_t length = sizeof pidfd;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length) != 0) return -1;
    return pidfd;
}

/// SO_PEERGROUPS: the supplementary groups. Returns how many there are; -1 with ERANGE where `capacity` is too small.
static inline int lapwing_peer_groups(int fd, uint32_t *_Nonnull groups, uint32_t capacity) {
    socklen_t length = (socklen_t)(capacity * sizeof(uint32_t));
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) != 0) return -1;
    return (int)(length / sizeof(uint32_t));
}

/// pidfd_open: a descriptor of whatever process has this pid now.
static inline int lapwing_pidfd_open(int32_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0u);
}

/// pidfd_send_signal; signal 0 only asks whether the process could be signalled.
static inline int lapwing_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, (void *)0, 0u);
}

/// 1 while the process runs, 0 once it has ended (reaped or not), -1 on failure.
static inline int lapwing_pidfd_is_running(int pidfd) {
    struct pollfd entry = {.fd = pidfd, .events = POLLIN, .revents = 0};
    int count;
    do { count = poll(&entry, 1, 0); } while (count < 0 && errno == EINTR);
    if (count < 0) return -1;
    if (entry.revents & POLLNVAL) { errno = EBADF; return -1; }
    return count == 0;
}

/// The address of a path; ENAMETOOLONG where it does not fit.
static inline int lapwing_unix_address(const char *_Nonnull path, struct sockaddr_un *_Nonnull address) {
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address->sun_path) { errno = ENAMETOOLONG; return -1; }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    return 0;
}

/// A stream socket bound to `path` and listening; closed on exec.
static inline int lapwing_unix_listen(const char *_Nonnull path, int backlog) {
    struct sockaddr_un address;
    if (lapwing_unix_address(path, &address) != 0) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, backlog) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/// Tries to connect to `path` without waiting and closes at once: 0 where somebody listens, else -1 and errno.
static inline int lapwing_unix_probe(const char *_Nonnull path) {
    struct sockaddr_un address;
    if (lapwing_unix_address(path, &address) != 0) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    int saved = errno;
    close(fd);
    // A full backlog is somebody who listens.
    if (result != 0 && saved == EAGAIN) return 0;
    errno = saved;
    return result;
}

#endif
