import CLinux
import Glibc

/// A command, confined to a network namespace of its own; the work is done in `CLinux`, where no thread is needed.
struct Sandbox {
    /// The port of 127.0.0.1 inside; no other process can have it.
    static let port: UInt16 = 3128

    let program: String
    let arguments: [String]
    let environment: [String: String]
    /// The program and arguments of the relay, which finds its listening socket as descriptor 3.
    let relay: [String]
    /// Directories that the command finds empty.
    let hidden: [String]
    /// Sockets that stay.
    let kept: [String]

    /// Runs the command to its end; returns its exit status.
    ///
    /// - Throws: ``CommandError`` where it cannot be started, saying what to do.
    func run() throws -> Int32 {
        let arguments = CStrings(arguments)
        let environment = CStrings(environment.map { "\($0.key)=\($0.value)" })
        let relayArguments = CStrings(relay)
        let hidden = CStrings(hidden)
        let kept = CStrings(kept)
        let programs = CStrings([program, relay.first ?? ""])
        var failure = lapwing_sandbox_failure()
        // Sound: every list outlives the call, which ends before this function does.
        let status = withExtendedLifetime((arguments, environment, relayArguments, hidden, kept, programs)) {
            () -> Int32 in
            guard let program = unsafe programs.pointers[0], let relayProgram = unsafe programs.pointers[1] else {
                return -1
            }
            var sandbox = unsafe lapwing_sandbox(
                program: program,
                arguments: arguments.list,
                environment: environment.list,
                relay: relayProgram,
                relay_arguments: relayArguments.list,
                hidden: hidden.list,
                kept: kept.list,
                port: Self.port
            )
            return unsafe lapwing_sandbox_run(&sandbox, &failure)
        }
        guard status < 0 else { return status }
        let reason = unsafe String(cString: strerror(failure.error))
        let step = lapwing_sandbox_step(UInt32(failure.step))
        if step == LAPWING_SANDBOX_COMMAND {
            StandardError.write("lapwing: error: cannot run `\(program)`: \(reason)")
            return failure.error == ENOENT ? 127 : 126
        }
        throw CommandError(.unreachable, Self.message(step, reason))
    }

    private static func message(_ step: lapwing_sandbox_step, _ reason: String) -> String {
        switch step {
        case LAPWING_SANDBOX_STDIO:
            "standard input, output or error is a network socket, which would be a way out; redirect it"
        case LAPWING_SANDBOX_NAMESPACES, LAPWING_SANDBOX_IDENTITY:
            """
            the kernel does not let this user make namespaces (\(reason)); see that `sysctl user.max_user_namespaces` is \
            above 0, and that `kernel.unprivileged_userns_clone` is 1 and `kernel.apparmor_restrict_unprivileged_userns` \
            is 0 where they exist; in a container, its runtime has to allow user namespaces
            """
        case LAPWING_SANDBOX_MOUNTS: "cannot hide directories from the command: \(reason)"
        case LAPWING_SANDBOX_PROC:
            """
            cannot mount a /proc of its own (\(reason)); a container runtime that masks parts of /proc forbids it, and \
            without it the processes outside could be reached
            """
        case LAPWING_SANDBOX_LOOPBACK: "cannot bring up lo inside: \(reason)"
        case LAPWING_SANDBOX_LISTEN: "cannot listen on port \(port) inside: \(reason)"
        case LAPWING_SANDBOX_PRIVILEGES: "cannot give up privileges: \(reason)"
        case LAPWING_SANDBOX_FILTER: "the kernel takes no system call filter: \(reason)"
        case LAPWING_SANDBOX_RELAY: "cannot start the relay: \(reason)"
        default: "cannot start the command: \(reason)"
        }
    }
}
