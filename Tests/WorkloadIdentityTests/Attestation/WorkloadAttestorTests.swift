import Foundation
import RPC
import Testing

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct WorkloadAttestorTests {
    /// A process of our own that does nothing until it is killed.
    static func sleeper() throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["600"]
        try process.run()
        return process
    }

    static func credentials(_ pid: Int32, uid: UInt32 = geteuid(), groups: [UInt32] = []) -> PeerCredentials {
        PeerCredentials(pid: pid, uid: uid, gid: getegid(), groups: groups, process: ProcessHandle(pid: pid))
    }

    @Test func `a process is known by its ids, groups, path and digest, as far as anybody asks`() async throws {
        let sleeper = try Self.sleeper()
        defer { sleeper.end() }
        let process = try WorkloadProcess(
            Self.credentials(sleeper.processIdentifier, groups: [getegid(), 4_000_000])
        )
        let attestor = WorkloadAttestor(logger: quietLogger)
        let path = URL(fileURLWithPath: "/bin/sleep").resolvingSymlinksInPath().path
        let digest = String(try await run("sha256sum", [path]).output.prefix(64))
        let all = try await attestor.selectors(of: process, kinds: Set(Selector.Kind.allCases))
        #expect(all.contains(try Selector("unix:uid:\(geteuid())")))
        #expect(all.contains(try Selector("unix:gid:\(getegid())")))
        #expect(all.contains(try Selector("unix:user:\(NSUserName())")))
        #expect(all.contains(try Selector("unix:supplementary_gid:4000000")))
        #expect(!all.contains(try Selector("unix:supplementary_gid:\(getegid())")))
        #expect(all.contains(try Selector("unix:path:\(path)")))
        #expect(all.contains(try Selector("unix:sha256:\(digest)")))
        let some = try await attestor.selectors(of: process, kinds: [.uid])
        #expect(some == [try Selector("unix:uid:\(geteuid())")])
        // The second look at the digest comes from the cache and is the same.
        #expect(try await attestor.selectors(of: process, kinds: [.sha256]) == [try Selector("unix:sha256:\(digest)")])
    }

    @Test func `a program that is too large gives no digest, and so fits no entry that asks for one`() async throws {
        let sleeper = try Self.sleeper()
        defer { sleeper.end() }
        let process = try WorkloadProcess(Self.credentials(sleeper.processIdentifier))
        let attestor = WorkloadAttestor(maximumExecutableSize: 100, logger: quietLogger)
        #expect(try await attestor.selectors(of: process, kinds: [.sha256]).isEmpty)
    }

    @Test func `a program whose file was replaced has no path any more`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/program"
        try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: path)
        let child = Process()
        child.executableURL = URL(fileURLWithPath: path)
        child.arguments = ["600"]
        try child.run()
        defer { child.end() }
        let process = try WorkloadProcess(Self.credentials(child.processIdentifier))
        let attestor = WorkloadAttestor(logger: quietLogger)
        while try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(child.processIdentifier)/exe") != path
        {
            await Task.yield()
        }
        #expect(try await attestor.selectors(of: process, kinds: [.path]) == [try Selector("unix:path:\(path)")])
        try FileManager.default.removeItem(atPath: path)
        #expect(try await attestor.selectors(of: process, kinds: [.path]).isEmpty)
        // Another file under the same name is not the program that runs.
        try FileManager.default.copyItem(atPath: "/bin/true", toPath: path)
        #expect(try await attestor.selectors(of: process, kinds: [.path]).isEmpty)
    }

    @Test func `a process that has ended is refused`() async throws {
        let sleeper = try Self.sleeper()
        let credentials = Self.credentials(sleeper.processIdentifier)
        let process = try WorkloadProcess(credentials)
        sleeper.end()
        sleeper.waitUntilExit()
        let attestor = WorkloadAttestor(logger: quietLogger)
        let late = await #expect(throws: IdentityError.self) {
            _ = try await attestor.selectors(of: process, kinds: [.uid])
        }
        #expect(late?.code == .processGone)
        let again = #expect(throws: IdentityError.self) { try WorkloadProcess(credentials) }
        #expect(again?.code == .processGone)
    }

    @Test func `a number that now belongs to another process is found out`() async throws {
        let (dead, alive) = (try Self.sleeper(), try Self.sleeper())
        defer { alive.end() }
        let handle = ProcessHandle(pid: dead.processIdentifier)
        dead.end()
        dead.waitUntilExit()
        // As if the number of the dead process had been given to the one that is alive.
        let reused = PeerCredentials(pid: alive.processIdentifier, uid: geteuid(), gid: getegid(), process: handle)
        let failure = #expect(throws: IdentityError.self) { try WorkloadProcess(reused) }
        #expect(failure?.code == .processGone)
        let unheld = PeerCredentials(pid: alive.processIdentifier, uid: geteuid(), gid: getegid(), process: nil)
        #expect(throws: IdentityError.self) { try WorkloadProcess(unheld) }
    }

    @Test func `a process that runs as another user than the one that connected is refused`() throws {
        let sleeper = try Self.sleeper()
        defer { sleeper.end() }
        let failure = #expect(throws: IdentityError.self) {
            try WorkloadProcess(Self.credentials(sleeper.processIdentifier, uid: 4_000_000))
        }
        #expect(failure?.message.contains("4000000") == true)
    }

    @Test func `the end of a process is told`() async throws {
        let sleeper = try Self.sleeper()
        let process = try WorkloadProcess(Self.credentials(sleeper.processIdentifier))
        let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
        let watch = process.onExit { continuation.yield() }
        sleeper.end()
        var iterator = ends.makeAsyncIterator()
        await iterator.next()
        #expect(!process.isRunning)
        withExtendedLifetime(watch) {}
    }

    @Test(arguments: [
        ("1 (a) S " + (4...30).map(String.init).joined(separator: " "), UInt64(22)),
        ("1 (evil) S 9 9 9) S " + (4...30).map(String.init).joined(separator: " "), 22),
        ("1 (a) S 1 2", nil), ("", nil),
    ])
    func `the start time is read behind the name, whatever the name holds`(_ stat: String, _ expected: UInt64?) {
        #expect(ProcessStatus.startTime(stat) == expected)
    }
}
