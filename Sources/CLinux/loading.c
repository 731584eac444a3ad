#define _GNU_SOURCE
#include "CLinuxLoading.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

int lapwing_memfd_create(const char *name) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    // Before Linux 6.3 there is no seal against execution.
    if (fd < 0 && errno == EINVAL) fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd;
}

int lapwing_memfd_seal(int fd) {
    return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
}

// linux/fsverity.h is newer than some distributions' headers.
struct verity_enable {
    uint32_t version, hash_algorithm, block_size, salt_size;
    uint64_t salt_ptr;
    uint32_t sig_size, reserved1;
    uint64_t sig_ptr, reserved2[11];
};
struct verity_digest {
    uint16_t algorithm, size;
    uint8_t digest[64];
};
#define VERITY_ENABLE _IOW('f', 133, struct verity_enable)
#define VERITY_MEASURE 0xc0046686

int lapwing_verity_enable(int fd) {
    struct verity_enable argument = {.version = 1, .hash_algorithm = 1, .block_size = 4096};
    return ioctl(fd, VERITY_ENABLE, &argument);
}

int lapwing_verity_measure(int fd, uint8_t *digest) {
    struct verity_digest result = {.size = sizeof result.digest};
    if (ioctl(fd, VERITY_MEASURE, &result) != 0) return -1;
    if (result.algorithm != 1 || result.size != 32) {
        errno = EPROTO;
        return -1;
    }
    memcpy(digest, result.digest, 32);
    return 0;
}

// The device belongs to the user namespace in which it is opened, which has to be the one that mounts.
static int open_fuse(void) { return open("/dev/fuse", O_RDWR | O_CLOEXEC); }

static int mount_fuse(int fd, const char *path, int is_file, int allow_other, unsigned uid, unsigned gid) {
    if (fd < 0) return -1;
    char options[160];
    snprintf(options, sizeof options, "fd=%d,rootmode=%s,user_id=%u,group_id=%u,default_permissions%s", fd,
             is_file ? "100000" : "40000", uid, gid, allow_other ? ",allow_other" : "");
    if (mount("lapwing", path, "fuse.lapwing", MS_RDONLY | MS_NOSUID | MS_NODEV, options) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

int lapwing_fuse_mount(const char *path, int is_file, int allow_other) {
    return mount_fuse(open_fuse(), path, is_file, allow_other, getuid(), getgid());
}

int lapwing_unmount(const char *path) { return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW); }

// MARK: A command with a mount

// Between the fork and the exec only system calls are made: the process that calls has other threads.

struct message {
    const char *step;
    int error;
};

static void give_up(int channel, const char *step) {
    struct message failure = {.step = step, .error = errno};
    ssize_t sent = send(channel, &failure, sizeof failure, MSG_NOSIGNAL);
    (void)sent;
    _exit(127);
}

static int write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t count = write(fd, text, strlen(text));
    int saved = errno;
    close(fd);
    errno = saved;
    return count == (ssize_t)strlen(text) ? 0 : -1;
}

static int send_descriptor(int channel, int fd) {
    struct message nothing = {0};
    struct iovec part = {.iov_base = &nothing, .iov_len = sizeof nothing};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *entry = CMSG_FIRSTHDR(&header);
    entry->cmsg_level = SOL_SOCKET;
    entry->cmsg_type = SCM_RIGHTS;
    entry->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(entry), &fd, sizeof fd);
    return sendmsg(channel, &header, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static int receive(int channel, struct message *out, int *fd) {
    struct iovec part = {.iov_base = out, .iov_len = sizeof *out};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t count;
    do { count = recvmsg(channel, &header, MSG_CMSG_CLOEXEC); } while (count < 0 && errno == EINTR);
    if (count != (ssize_t)sizeof *out) {
        if (count >= 0) errno = EPIPE;
        return -1;
    }
    *fd = -1;
    struct cmsghdr *entry = CMSG_FIRSTHDR(&header);
    if (entry && entry->cmsg_level == SOL_SOCKET && entry->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(entry), sizeof *fd);
    return 0;
}

// Mounts in namespaces of its own.
static int mount_apart(const struct lapwing_mounted *command, int channel, const char *uid_map, const char *gid_map,
                       unsigned uid, unsigned gid) {
    if (unshare(CLONE_NEWNS) != 0) {
        if (errno != EPERM) give_up(channel, "taking a mount namespace");
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) give_up(channel, LAPWING_STEP_NAMESPACE);
        if (write_file("/proc/self/setgroups", "deny") != 0 || write_file("/proc/self/uid_map", uid_map) != 0 ||
            write_file("/proc/self/gid_map", gid_map) != 0)
            give_up(channel, "keeping its ids");
    }
    if (mount("none", "/", 0, MS_REC | MS_PRIVATE, 0) != 0) give_up(channel, "closing the namespace");
    int device = open_fuse();
    if (device < 0) give_up(channel, LAPWING_STEP_DEVICE);
    int fuse = mount_fuse(device, command->path, command->is_file, uid == 0, uid, gid);
    if (fuse < 0) give_up(channel, "mounting");
    return fuse;
}

// Has the kernel ask for a chunk at once when a file is read in order, where this process may say so: by itself it asks
// for an eighth of one.
static void read_ahead(const char *path) {
    struct stat facts;
    if (stat(path, &facts) != 0) return;
    char name[64];
    snprintf(name, sizeof name, "/sys/class/bdi/%u:%u/read_ahead_kb", major(facts.st_dev), minor(facts.st_dev));
    (void)write_file(name, "1024");
}

static void begin(const struct lapwing_mounted *command, int channel, pid_t parent, const char *uid_map,
                  const char *gid_map, unsigned uid, unsigned gid) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) give_up(channel, "following its parent");
    if (command->path) {
        int fuse = mount_apart(command, channel, uid_map, gid_map, uid, gid);
        if (send_descriptor(channel, fuse) != 0) _exit(127);
        close(fuse);
    }
    // The parent says when the file system is served.
    struct message go;
    if (recv(channel, &go, sizeof go, 0) != (ssize_t)sizeof go) _exit(127);
    if (command->path) read_ahead(command->path);
    if (command->has_user) {
        // The C library's own would speak to threads that are not here.
        if (syscall(SYS_setgroups, command->group_count, command->groups) != 0 ||
            syscall(SYS_setresgid, command->gid, command->gid, command->gid) != 0 ||
            syscall(SYS_setresuid, command->uid, command->uid, command->uid) != 0)
            give_up(channel, "becoming the user");
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(channel, "giving up new privileges");
        // Another user takes the wish away again.
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) give_up(channel, "following its parent");
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
    for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
    execve(command->program, (char *const *)command->arguments, (char *const *)command->environment);
    give_up(channel, "starting the command");
}

pid_t lapwing_mounted_start(const struct lapwing_mounted *command, int *fuse, int *channel, const char **step) {
    int ends[2];
    *step = "making a channel";
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    unsigned uid = getuid(), gid = getgid();
    char uid_map[64], gid_map[64];
    snprintf(uid_map, sizeof uid_map, "%u %u 1", uid, uid);
    snprintf(gid_map, sizeof gid_map, "%u %u 1", gid, gid);
    pid_t parent = getpid();
    *step = "making a process";
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        begin(command, ends[1], parent, uid_map, gid_map, uid, gid);
    }
    int saved = errno;
    close(ends[1]);
    errno = saved;
    if (pid < 0) {
        close(ends[0]);
        return -1;
    }
    struct message answer = {0};
    *fuse = -1;
    if (!command->path || (receive(ends[0], &answer, fuse) == 0 && *fuse >= 0)) {
        *channel = ends[0];
        return pid;
    }
    close(ends[0]);
    *step = answer.step ? answer.step : "starting";
    saved = answer.error ? answer.error : EPIPE;
    while (waitpid(pid, 0, 0) < 0 && errno == EINTR) {}
    errno = saved;
    return -1;
}

int lapwing_mounted_go(int channel, const char **step) {
    struct message go = {0}, answer = {0};
    int nothing;
    *step = "starting the command";
    int failed = send(channel, &go, sizeof go, MSG_NOSIGNAL) != (ssize_t)sizeof go;
    // The channel closes on exec; an answer means that there was none.
    if (!failed && receive(channel, &answer, &nothing) == 0) {
        failed = 1;
        errno = answer.error;
    }
    int saved = errno;
    close(channel);
    errno = saved;
    return failed ? -1 : 0;
}

void lapwing_mounted_stop(int channel) { close(channel); }
