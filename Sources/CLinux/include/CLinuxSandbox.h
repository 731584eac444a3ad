#ifndef CLINUX_SANDBOX_H
#define CLINUX_SANDBOX_H

// Runs a command in a network namespace of its own, whose only way out is a relay to a Unix socket.

#include <stdint.h>
#include <sys/types.h>

/// What is run and what it sees. Every list ends with a null pointer.
struct lapwing_sandbox {
    /// The command's program file, its arguments (from its name on) and the environment.
    const char *_Nonnull program;
    const char *_Nullable const *_Nonnull arguments;
    const char *_Nullable const *_Nonnull environment;
    /// The relay's program file and arguments. It is started with the listening socket as descriptor 3.
    const char *_Nonnull relay;
    const char *_Nullable const *_Nonnull relay_arguments;
    /// Directories that the command finds empty.
    const char *_Nullable const *_Nonnull hidden;
    /// Sockets that stay where they are, also in a hidden directory.
    const char *_Nullable const *_Nonnull kept;
    /// The port of 127.0.0.1 that is listened on inside.
    uint16_t port;
};

/// The step at which a command could not be started.
enum lapwing_sandbox_step {
    LAPWING_SANDBOX_STDIO = 1,
    LAPWING_SANDBOX_NAMESPACES,
    LAPWING_SANDBOX_IDENTITY,
    LAPWING_SANDBOX_MOUNTS,
    LAPWING_SANDBOX_PROC,
    LAPWING_SANDBOX_LOOPBACK,
    LAPWING_SANDBOX_LISTEN,
    LAPWING_SANDBOX_PRIVILEGES,
    LAPWING_SANDBOX_FILTER,
    LAPWING_SANDBOX_RELAY,
    LAPWING_SANDBOX_COMMAND,
};

/// Why a command could not be started.
struct lapwing_sandbox_failure {
    int32_t step;
    int32_t error;
};

/// Runs the command and waits for its end.
///
/// The process takes up new user, network, mount, process and IPC namespaces; inside, nothing but `lo` is a network
/// interface. Before the command begins, all capabilities are given up for good, `no_new_privs` is set, and system
/// calls that would leave the namespaces, or reach a network by another way, are forbidden (see sandbox.c). Signals
/// that other processes send to this one are passed on to the command. When this process dies, so does the command.
///
/// Returns the command's exit status, 128 and the signal's number where a signal ended it; -1 where it was not started.
int lapwing_sandbox_run(const struct lapwing_sandbox *_Nonnull sandbox, struct lapwing_sandbox_failure *_Nonnull out);

/// Waits for a child's end while signals that other processes send to this one are passed on to it. Returns its exit
/// status, or 128 and the number of the signal that ended it.
int lapwing_wait_passing_signals(pid_t pid);

#endif
