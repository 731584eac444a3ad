#ifndef CLINUX_LOADING_H
#define CLINUX_LOADING_H

// What the loading of verified models needs of Linux: sealed memory files, FUSE and fs-verity.

#include <stdint.h>
#include <sys/types.h>

/// memfd_create: a file in memory that can be sealed and is closed on exec.
int lapwing_memfd_create(const char *_Nonnull name);

/// Seals a memory file against writing, growing, shrinking and unsealing.
int lapwing_memfd_seal(int fd);

/// FS_IOC_ENABLE_VERITY with SHA-256 and blocks of 4,096 bytes.
int lapwing_verity_enable(int fd);

/// FS_IOC_MEASURE_VERITY: the SHA-256 digest that the kernel enforces; EPROTO where it is of another algorithm.
int lapwing_verity_measure(int fd, uint8_t *_Nonnull digest);

/// Mounts a read-only FUSE file system over `path`, a folder or a file, in this process's mount namespace. Returns
/// the descriptor of /dev/fuse by which it is served.
int lapwing_fuse_mount(const char *_Nonnull path, int is_file, int allow_other);

/// Takes the topmost mount off `path`, now or when its last user goes.
int lapwing_unmount(const char *_Nonnull path);

/// The steps that a system most often does not let an ordinary user take.
#define LAPWING_STEP_DEVICE "opening /dev/fuse"
#define LAPWING_STEP_NAMESPACE "taking a user namespace"

/// A command that runs where a FUSE file system is mounted.
struct lapwing_mounted {
    /// The command's program file, its arguments (from its name on) and the environment; lists end with null.
    const char *_Nonnull program;
    const char *_Nullable const *_Nonnull arguments;
    const char *_Nullable const *_Nonnull environment;
    /// What is mounted over, and whether that is a file; null where nothing is mounted and no namespace is made.
    const char *_Nullable path;
    int is_file;
    /// Who the command runs as, where `has_user` is not 0; needs the right to become another user.
    int has_user;
    uid_t uid;
    gid_t gid;
    const gid_t *_Nullable groups;
    size_t group_count;
};

/// Makes a process in a mount namespace of its own, in which a read-only FUSE file system lies over a path, and which
/// waits to become a command.
///
/// The mount is seen by the command and its children alone and goes when the last of them does. A caller without the
/// right to mount gets a user namespace as well, in which it keeps its own ids. The command is killed when the thread
/// that called dies, and so with the process.
///
/// Returns its pid, in `fuse` the descriptor by which the file system is served and in `channel` what
/// `lapwing_mounted_go` needs; -1 and errno where it could not be made, with the failed step in `step`.
pid_t lapwing_mounted_start(
    const struct lapwing_mounted *_Nonnull command, int *_Nonnull fuse, int *_Nonnull channel,
    const char *_Nullable *_Nonnull step);

/// Lets the process become the command, once the file system is served, and closes the channel. Returns 0, or -1 and
/// errno where the command could not be started; the process has to be waited for in either case.
int lapwing_mounted_go(int channel, const char *_Nullable *_Nonnull step);

/// Ends the process instead, which has to be waited for, and closes the channel.
void lapwing_mounted_stop(int channel);

#endif
