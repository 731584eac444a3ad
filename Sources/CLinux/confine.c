#define _GNU_SOURCE
#include "CLinuxConfine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the system call filter is written for x86_64 and aarch64"
#endif

// MARK: Limits

static int limit(int resource, uint64_t value) {
    struct rlimit limits = {.rlim_cur = value, .rlim_max = value};
    struct rlimit now;
    // Nobody may raise a limit that somebody else has set lower.
    if (getrlimit(resource, &now) == 0 && now.rlim_max < value) limits.rlim_cur = limits.rlim_max = now.rlim_max;
    return setrlimit(resource, &limits);
}

static int set_limits(const struct lapwing_confinement *confinement) {
    if (limit(RLIMIT_AS, confinement->memory) != 0) return -1;
    if (limit(RLIMIT_CPU, confinement->seconds) != 0) return -1;
    if (limit(RLIMIT_NOFILE, confinement->files) != 0) return -1;
    if (limit(RLIMIT_FSIZE, 0) != 0) return -1;
    return limit(RLIMIT_CORE, 0);
}

// MARK: Privileges

// Who may read a model may have it scanned: of root's capabilities, the one to read and to search stays.
static int keep_only_reading(void) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return -1;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    memset(data, 0, sizeof data);
    if (syscall(SYS_capget, &header, data) != 0) return -1;
    data[0].effective = data[0].permitted &= 1u << CAP_DAC_READ_SEARCH;
    data[1].effective = data[1].permitted = 0;
    data[0].inheritable = data[1].inheritable = 0;
    return (int)syscall(SYS_capset, &header, data);
}

// MARK: Landlock

// linux/landlock.h of the kernels that Debian 12 builds with does not have all of this.
struct ruleset_attributes {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

struct __attribute__((packed)) path_attributes {
    uint64_t allowed_access;
    int32_t parent;
};

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, RULE_PATH_BENEATH = 1, RULESET_VERSION = 1 };

static const uint64_t read_file = 1u << 2, read_directory = 1u << 3;

// What each version of the interface knows: 13 rights to files in the first, 16 in the fifth; the network in the fourth.
static uint64_t file_rights(long version) {
    if (version >= 5) return (1u << 16) - 1;
    if (version >= 3) return (1u << 15) - 1;
    if (version >= 2) return (1u << 14) - 1;
    return (1u << 13) - 1;
}

static int restrict_files(const char *const *readable, int *landlock) {
    long version = syscall(CREATE_RULESET, NULL, 0, RULESET_VERSION);
    *landlock = version > 0;
    if (version <= 0) return 0;
    struct ruleset_attributes attributes = {
        .handled_access_fs = file_rights(version),
        .handled_access_net = version >= 4 ? 3 : 0,
        .scoped = version >= 6 ? 3 : 0,
    };
    size_t size = version >= 6 ? sizeof attributes : version >= 4 ? 16 : 8;
    int ruleset = (int)syscall(CREATE_RULESET, &attributes, size, 0);
    if (ruleset < 0) return -1;
    for (; *readable; readable++) {
        int fd = open(*readable, O_PATH | O_CLOEXEC);
        if (fd < 0) continue; // It is not there, which the scan will say.
        struct path_attributes rule = {.allowed_access = read_file | read_directory, .parent = fd};
        int result = (int)syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
        if (result != 0 && errno == EINVAL) {
            // A file has no right to be listed.
            rule.allowed_access = read_file;
            result = (int)syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
        }
        int saved = errno;
        close(fd);
        errno = saved;
        if (result != 0) return -1;
    }
    int result = (int)syscall(RESTRICT_SELF, ruleset, 0);
    int saved = errno;
    close(ruleset);
    errno = saved;
    return result;
}

// MARK: System calls

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define EQUALS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define ALLOW(call) EQUALS(call, 0, 1), ANSWER(SECCOMP_RET_ALLOW)
// Allows a call where none of these bits is set in an argument.
#define ALLOW_WITHOUT(call, argument, bits)                                                                            \
    EQUALS(call, 0, 4), LOAD(args[argument]), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, 1),                      \
        ANSWER(SECCOMP_RET_ERRNO | EPERM), ANSWER(SECCOMP_RET_ALLOW)

#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))

static int install_filter(void) {
    struct sock_filter instructions[] = {
        LOAD(arch),
        EQUALS(NATIVE_ARCHITECTURE, 1, 0),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        ALLOW(SYS_read),
        ALLOW(SYS_pread64),
        ALLOW(SYS_write),
        ALLOW(SYS_close),
        ALLOW(SYS_lseek),
        ALLOW(SYS_fstat),
        ALLOW(SYS_newfstatat),
        ALLOW(SYS_statx),
        ALLOW(SYS_getdents64),
        ALLOW(SYS_munmap),
        ALLOW(SYS_mremap),
        ALLOW(SYS_madvise),
        ALLOW(SYS_brk),
        ALLOW(SYS_futex),
        ALLOW(SYS_clock_gettime),
        ALLOW(SYS_gettimeofday),
        ALLOW(SYS_getrandom),
        ALLOW(SYS_getpid),
        ALLOW(SYS_gettid),
        ALLOW(SYS_getuid),
        ALLOW(SYS_geteuid),
        ALLOW(SYS_sched_yield),
        ALLOW(SYS_sched_getaffinity),
        ALLOW(SYS_rt_sigreturn),
        ALLOW(SYS_rt_sigaction),
        ALLOW(SYS_rt_sigprocmask),
        ALLOW(SYS_sigaltstack),
        ALLOW(SYS_restart_syscall),
        // A thread that is just beginning: the C library ends the process where it may not say where its own state lies.
        ALLOW(SYS_rseq),
        ALLOW(SYS_set_robust_list),
        ALLOW(SYS_exit),
        ALLOW(SYS_exit_group),
        // Memory, but none that is executed.
        ALLOW_WITHOUT(SYS_mmap, 2, PROT_EXEC),
        ALLOW_WITHOUT(SYS_mprotect, 2, PROT_EXEC),
        // Files, but none that is written.
        ALLOW_WITHOUT(SYS_openat, 2, WRITING),
#if defined(__x86_64__)
        ALLOW_WITHOUT(SYS_open, 1, WRITING),
#endif
        ANSWER(SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {.len = sizeof instructions / sizeof *instructions, .filter = instructions};
    // Every thread is filtered, or none: a positive answer names one that cannot be.
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
}

int lapwing_confine(const struct lapwing_confinement *confinement, int *landlock) {
    // When the parent dies nobody reads the result.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return LAPWING_CONFINEMENT_PRIVILEGES;
    if (set_limits(confinement) != 0) return LAPWING_CONFINEMENT_LIMITS;
    if (keep_only_reading() != 0) return LAPWING_CONFINEMENT_PRIVILEGES;
    if (restrict_files(confinement->readable, landlock) != 0) return LAPWING_CONFINEMENT_FILES;
    if (install_filter() != 0) return LAPWING_CONFINEMENT_FILTER;
    return 0;
}
