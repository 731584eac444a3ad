import Foundation
import Glibc

/// A command that runs in our place: in our process group and on our terminal, with the signals that reach us handed on.
struct ForegroundChild: Sendable {
    let pid: Int32

    /// Starts a command.
    ///
    /// - Throws: ``CommandError`` where there is no such program.
    init(_ command: [String], environment: [String: String]) throws {
        let program = try ProgramSearch.find(command[0])
        let arguments = CStrings(command)
        let variables = CStrings(environment.map { "\($0.key)=\($0.value)" })
        var attributes = posix_spawnattr_t()
        var (none, all) = (sigset_t(), sigset_t())
        // Sound: everything that is pointed to outlives the calls, which keep nothing.
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // The command begins with no signal blocked and none ignored, whatever we did with ours.
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var pid: pid_t = 0
        let code = withExtendedLifetime((arguments, variables)) {
            unsafe posix_spawn(&pid, program, nil, &attributes, arguments.pointers, variables.pointers)
        }
        guard code == 0 else {
            throw CommandError(.unreachable, "cannot run `\(program)`: \(unsafe String(cString: strerror(code)))")
        }
        self.pid = pid
    }

    /// Sends it a signal.
    func signal(_ number: Int32) { kill(pid, number) }

    /// Waits for its end; its exit status, or 128 and the number of the signal that ended it.
    func ended() async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var status: Int32 = 0
                // The status is written during the call.
                while unsafe waitpid(self.pid, &status, 0) < 0, errno == EINTR {}
                let signal = status & 0x7f
                continuation.resume(returning: signal == 0 ? status >> 8 & 0xff : 128 + signal)
            }
        }
    }
}
