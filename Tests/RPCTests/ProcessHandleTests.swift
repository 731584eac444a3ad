import Glibc
import Testing

@testable import RPC

@Suite(.timeLimit(.minutes(5))) struct `A process that is held` {
    @Test func `runs until it ends, whether or not it is collected`() async throws {
        var pid: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe [strdup("sleep"), strdup("600"), nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        try #require(unsafe posix_spawn(&pid, "/bin/sleep", nil, nil, &arguments, environ) == 0)

        let handle = try #require(ProcessHandle(pid: pid))
        #expect(handle.isRunning)
        #expect(handle.origin == .number)
        kill(pid, SIGKILL)
        try await wait { handle.isRunning }
        // Nobody has collected it, so that it still has its number.
        #expect(kill(pid, 0) == 0)
        #expect(waitpid(pid, nil, 0) == pid)
        #expect(!handle.isRunning)
    }

    @Test func `does not exist where there is no such process`() {
        #expect(ProcessHandle(pid: 0x3FFF_FFFF) == nil)
        #expect(ProcessHandle(pid: -1) == nil)
    }
}
