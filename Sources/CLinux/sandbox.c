#define _GNU_SOURCE
#include "CLinuxSandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Between the clone and the exec only system calls are made: the process that calls has other threads.

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the system call filter is written for x86_64 and aarch64"
#endif

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

enum { MAXIMUM_KEPT = 16, RELAY_DESCRIPTOR = 3 };

static const unsigned long new_namespaces = CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC;

// MARK: Failures

static void report(int pipe, int step) {
    struct lapwing_sandbox_failure failure = {.step = step, .error = errno};
    ssize_t written = write(pipe, &failure, sizeof failure);
    (void)written;
    _exit(127);
}

// MARK: Signals

// The process to which signals are passed on.
static volatile pid_t passed_to;

static const int passed_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT};

// What a terminal sends reaches the command by itself, as a member of the same process group: only what a process sent
// is passed on.
static void pass_on(int signal, siginfo_t *info, void *context) {
    (void)context;
    int saved = errno;
    if (info->si_code <= 0 && passed_to > 0) kill(passed_to, signal);
    errno = saved;
}

static void pass_signals_to(pid_t pid) {
    passed_to = pid;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = pass_on;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&action.sa_mask);
    sigset_t passed;
    sigemptyset(&passed);
    for (size_t i = 0; i < sizeof passed_signals / sizeof *passed_signals; i++) {
        sigaction(passed_signals[i], &action, NULL);
        sigaddset(&passed, passed_signals[i]);
    }
    // Whoever started this process may have had them blocked.
    pthread_sigmask(SIG_UNBLOCK, &passed, NULL);
}

static void reset_signals(void) {
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = SIG_DFL;
        sigaction(signal, &action, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

// Collects children until this one ends; returns its exit status as a shell gives it.
static int wait_for(pid_t pid, int collects_all) {
    for (;;) {
        int status;
        pid_t ended = waitpid(collects_all ? -1 : pid, &status, 0);
        if (ended < 0 && errno == EINTR) continue;
        if (ended < 0) return 127;
        if (ended != pid) continue;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
}

int lapwing_wait_passing_signals(pid_t pid) {
    pass_signals_to(pid);
    return wait_for(pid, 0);
}

// MARK: Identity and files

static int write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t length = (ssize_t)strlen(text);
    int result = write(fd, text, (size_t)length) == length ? 0 : -1;
    int saved = errno;
    close(fd);
    errno = saved;
    return result;
}

// The user and group keep their numbers, so that files and peers see the same user as outside.
static int keep_identity(uid_t uid, gid_t gid) {
    char line[64];
    if (write_file("/proc/self/setgroups", "deny") != 0) return -1;
    snprintf(line, sizeof line, "%u %u 1\n", uid, uid);
    if (write_file("/proc/self/uid_map", line) != 0) return -1;
    snprintf(line, sizeof line, "%u %u 1\n", gid, gid);
    return write_file("/proc/self/gid_map", line);
}

static int make_parents(const char *path) {
    char partial[4096];
    size_t length = strlen(path);
    if (length >= sizeof partial) { errno = ENAMETOOLONG; return -1; }
    for (size_t i = 1; i < length; i++) {
        if (path[i] != '/') continue;
        memcpy(partial, path, i);
        partial[i] = 0;
        if (mkdir(partial, 0755) != 0 && errno != EEXIST) return -1;
    }
    return 0;
}

// Puts a kept socket back to its place, where a hidden directory has taken it away.
static int put_back(const char *path, int fd) {
    struct stat kept, there;
    if (fstat(fd, &kept) != 0) return -1;
    if (stat(path, &there) == 0 && there.st_dev == kept.st_dev && there.st_ino == kept.st_ino) return 0;
    if (make_parents(path) != 0) return -1;
    int place = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (place < 0) return -1;
    close(place);
    char source[64];
    snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
    return mount(source, path, NULL, MS_BIND, NULL);
}

static int hide_directories(const struct lapwing_sandbox *sandbox) {
    int kept[MAXIMUM_KEPT], count = 0;
    if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) return -1;
    for (; sandbox->kept[count] != NULL; count++) {
        if (count == MAXIMUM_KEPT) { errno = E2BIG; return -1; }
        kept[count] = open(sandbox->kept[count], O_PATH | O_CLOEXEC);
        if (kept[count] < 0) return -1;
    }
    for (int i = 0; sandbox->hidden[i] != NULL; i++) {
        if (mount("tmpfs", sandbox->hidden[i], "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64m") == 0) continue;
        if (errno != ENOENT) return -1;
    }
    for (int i = 0; i < count; i++) {
        if (put_back(sandbox->kept[i], kept[i]) != 0) return -1;
        close(kept[i]);
    }
    return 0;
}

// MARK: The network

static int raise_loopback(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    struct ifreq request;
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, "lo", 3);
    int result = ioctl(fd, SIOCGIFFLAGS, &request);
    if (result == 0) {
        request.ifr_flags |= IFF_UP;
        result = ioctl(fd, SIOCSIFFLAGS, &request);
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return result;
}

static int listen_inside(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int yes = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0) return -1;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 128) != 0) return -1;
    return fd;
}

// MARK: Privileges

static int drop_privileges(void) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    for (int capability = 0; capability <= 63; capability++) {
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
        if (errno != EINVAL) return -1;
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return -1;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    return (int)syscall(SYS_capset, &header, none);
}

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define EQUALS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define FAIL_WITH(error) ANSWER(SECCOMP_RET_ERRNO | (error))
#define REFUSE(call, error) EQUALS(call, 0, 1), FAIL_WITH(error)

// What would leave the namespaces or reach a network without one:
// - other socket families than Unix, IP and netlink. AF_VSOCK in particular is not confined to a network namespace, and
//   leads from a virtual machine to its host;
// - io_uring, whose operations make sockets that no filter sees;
// - new namespaces, and joining others;
// - typing into the terminal, which whoever reads it outside would take for the user's own words;
// - keys: a request for a `dns_resolver` key has the kernel start a helper outside, which asks the host's DNS.
static int install_filter(void) {
    struct sock_filter instructions[] = {
        LOAD(arch),
        EQUALS(NATIVE_ARCHITECTURE, 1, 0),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
#if defined(__x86_64__)
        // The x32 calls have numbers of their own.
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1),
        FAIL_WITH(ENOSYS),
#endif
        REFUSE(SYS_io_uring_setup, ENOSYS),
        REFUSE(SYS_io_uring_enter, ENOSYS),
        REFUSE(SYS_io_uring_register, ENOSYS),
        // Its flags lie in memory, which a filter cannot read; the C library falls back to clone.
        REFUSE(SYS_clone3, ENOSYS),
        REFUSE(SYS_setns, EPERM),
        REFUSE(SYS_unshare, EPERM),
        REFUSE(SYS_add_key, EPERM),
        REFUSE(SYS_request_key, EPERM),
        REFUSE(SYS_keyctl, EPERM),
        // The kernel reads 32 bits of the request, as this does.
        EQUALS(SYS_ioctl, 0, 5),
        LOAD(args[1]),
        EQUALS(TIOCSTI, 1, 0),
        EQUALS(0x541C /* TIOCLINUX */, 0, 1),
        FAIL_WITH(EPERM),
        ANSWER(SECCOMP_RET_ALLOW),
        EQUALS(SYS_socket, 0, 7),
        LOAD(args[0]),
        EQUALS(AF_UNIX, 4, 0),
        EQUALS(AF_INET, 3, 0),
        EQUALS(AF_INET6, 2, 0),
        EQUALS(AF_NETLINK, 1, 0),
        FAIL_WITH(EAFNOSUPPORT),
        ANSWER(SECCOMP_RET_ALLOW),
        EQUALS(SYS_clone, 0, 4),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K,
                 CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS
                     | CLONE_NEWCGROUP,
                 0, 1),
        FAIL_WITH(EPERM),
        ANSWER(SECCOMP_RET_ALLOW),
        ANSWER(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof instructions / sizeof *instructions, .filter = instructions};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

// MARK: Inside

static void confine(int pipe) {
    if (drop_privileges() != 0) report(pipe, LAPWING_SANDBOX_PRIVILEGES);
    if (install_filter() != 0) report(pipe, LAPWING_SANDBOX_FILTER);
}

static void run_program(const char *program, const char *const *arguments, const char *const *environment, int first,
                        int pipe, int step) {
    reset_signals();
    if (syscall(SYS_close_range, first, ~0u, CLOSE_RANGE_CLOEXEC) != 0) report(pipe, step);
    execve(program, (char *const *)arguments, (char *const *)environment);
    report(pipe, step);
}

// Moves the pipe to descriptor 3 and closes every other descriptor above standard error.
static int keep_only(int pipe) {
    if (pipe != 3) {
        if (dup2(pipe, 3) < 0) return -1;
        if (fcntl(3, F_SETFD, FD_CLOEXEC) != 0) return -1;
    }
    return syscall(SYS_close_range, 4, ~0u, 0) == 0 ? 3 : -1;
}

static void live_inside(const struct lapwing_sandbox *sandbox, uid_t uid, gid_t gid, int pipe) {
    // A handler that was copied from the caller would signal processes of another namespace.
    passed_to = 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) report(pipe, LAPWING_SANDBOX_NAMESPACES);
    int moved = keep_only(pipe);
    if (moved < 0) report(pipe, LAPWING_SANDBOX_NAMESPACES);
    pipe = moved;
    if (keep_identity(uid, gid) != 0) report(pipe, LAPWING_SANDBOX_IDENTITY);
    if (hide_directories(sandbox) != 0) report(pipe, LAPWING_SANDBOX_MOUNTS);
    // The processes outside are neither seen nor reached, by number or through /proc/PID/root.
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
        report(pipe, LAPWING_SANDBOX_PROC);
    if (raise_loopback() != 0) report(pipe, LAPWING_SANDBOX_LOOPBACK);
    int listener = listen_inside(sandbox->port);
    if (listener < 0) report(pipe, LAPWING_SANDBOX_LISTEN);
    confine(pipe);

    pid_t relay = fork();
    if (relay < 0) report(pipe, LAPWING_SANDBOX_RELAY);
    if (relay == 0) {
        int kept = fcntl(pipe, F_DUPFD_CLOEXEC, 10);
        if (kept < 0 || dup2(listener, RELAY_DESCRIPTOR) < 0) report(pipe, LAPWING_SANDBOX_RELAY);
        run_program(sandbox->relay, sandbox->relay_arguments, sandbox->environment, RELAY_DESCRIPTOR + 1, kept,
                    LAPWING_SANDBOX_RELAY);
    }
    pid_t command = fork();
    if (command < 0) report(pipe, LAPWING_SANDBOX_COMMAND);
    if (command == 0)
        run_program(sandbox->program, sandbox->arguments, sandbox->environment, 3, pipe, LAPWING_SANDBOX_COMMAND);
    close(listener);
    close(pipe);
    reset_signals();
    pass_signals_to(command);
    // What this process holds in memory is none of the command's business.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    // When this process, the first of its namespace, ends, the kernel ends all others.
    _exit(wait_for(command, 1));
}

// MARK: Outside

// A network socket as standard input would be a way out.
static int refuse_network_stdio(void) {
    for (int fd = 0; fd < 3; fd++) {
        int domain = AF_UNIX;
        socklen_t length = sizeof domain;
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain != AF_UNIX) {
            errno = EAFNOSUPPORT;
            return -1;
        }
    }
    return 0;
}

static int failed(struct lapwing_sandbox_failure *out, int step) {
    out->step = step;
    out->error = errno;
    return -1;
}

int lapwing_sandbox_run(const struct lapwing_sandbox *sandbox, struct lapwing_sandbox_failure *out) {
    int ends[2];
    if (refuse_network_stdio() != 0) return failed(out, LAPWING_SANDBOX_STDIO);
    // A process that changed its user may not write its own maps until it may be looked at again.
    int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return failed(out, LAPWING_SANDBOX_IDENTITY);
    if (pipe2(ends, O_CLOEXEC) != 0) return failed(out, LAPWING_SANDBOX_NAMESPACES);
    uid_t uid = geteuid();
    gid_t gid = getegid();
    pid_t child = (pid_t)syscall(SYS_clone, new_namespaces | SIGCHLD, 0, 0, 0, 0);
    if (child < 0) {
        failed(out, LAPWING_SANDBOX_NAMESPACES);
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    if (child == 0) live_inside(sandbox, uid, gid, ends[1]);
    close(ends[1]);
    pass_signals_to(child);
    ssize_t count;
    do { count = read(ends[0], out, sizeof *out); } while (count < 0 && errno == EINTR);
    close(ends[0]);
    if (dumpable != 1) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    // Something could not be set up: what was started already ends with its process namespace.
    if (count != 0) kill(child, SIGKILL);
    int status = wait_for(child, 0);
    return count == (ssize_t)sizeof *out ? -1 : status;
}
