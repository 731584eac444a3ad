import Foundation
import Logging
import RPC
import SPIFFE
import Storage
import Synchronization
import TestIdentities
import Testing
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct ContinuousAttestationTests {
    /// Real processes that are looked at, and what was withdrawn of theirs.
    private struct World {
        let base: AuthorityFixture
        let registry: EntryRegistry
        let continuous: ContinuousAttestation
        let told: Told

        /// Guards what was withdrawn.
        final class Told: Sendable {
            private let list = Mutex<[Withdrawal]>([])
            var all: [Withdrawal] { list.withLock { $0 } }
            func add(_ withdrawal: Withdrawal) { list.withLock { $0.append(withdrawal) } }
        }

        init(
            _ limits: ContinuousAttestation.Limits = .init(),
            attestor: WorkloadAttestor = WorkloadAttestor(logger: quietLogger),
            logger: Logger = quietLogger
        ) async throws {
            base = try AuthorityFixture(clock: TestClock(Date()))
            registry = EntryRegistry(trustDomain: try TrustDomain("cluster.local"), store: base.store)
            try await registry.refresh()
            let (clock, told) = (base.clock, Told())
            self.told = told
            continuous = ContinuousAttestation(
                registry: registry,
                proofs: ModelProofs(),
                attestor: attestor,
                limits: limits,
                clock: { clock.now },
                logger: logger,
                onWithdraw: { told.add($0) }
            )
        }

        func entry(_ name: String, _ selectors: String...) async throws {
            _ = try await registry.create(
                try WorkloadAPIFixture.entry(name, selectors: selectors),
                by: "test",
                at: base.clock.now
            )
        }

        /// A process as one that has called, with an SVID of each of these entries.
        @discardableResult
        func hold(
            _ pid: Int32,
            _ names: String...,
            number: String = "a1",
            lifetime: TimeInterval = 3600
        ) throws -> AttestedProcess {
            let attested = continuous.enter(try WorkloadProcess(WorkloadAttestorTests.credentials(pid)))
            try continuous.note(
                try names.enumerated().map { index, name in
                    IssuedNumber(
                        number: number + String(index),
                        notAfter: base.clock.now + lifetime,
                        entry: name,
                        id: try SPIFFEID("spiffe://cluster.local/\(name)")
                    )
                },
                of: attested,
                since: attested.revision
            )
            return attested
        }

        var revoked: Set<String> { registry.snapshot.revocations.serialNumbers }

        /// Waits for a second for a condition, which is how long a withdrawal may take.
        func holds(_ condition: () throws -> Bool) async throws -> Bool {
            let end = ContinuousClock.now + .seconds(1)
            while ContinuousClock.now < end {
                if try condition() { return true }
                try await Task.sleep(for: .milliseconds(10))
            }
            return try condition()
        }

        /// Looks and withdraws while something is done.
        func running(_ body: () async throws -> Void) async throws {
            let running = Task { await continuous.run() }
            defer { running.cancel() }
            try await body()
        }
    }

    /// A shell that becomes another program once it is told something.
    private final class Changeling {
        let process = Process()
        private let input = Pipe()
        /// The program of the shell.
        static let shell = URL(fileURLWithPath: "/bin/sh").resolvingSymlinksInPath().path

        init(_ program: String = "/bin/sleep 600") throws {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "read line; exec \(program)"]
            process.standardInput = input
            try process.run()
        }

        var pid: Int32 { process.processIdentifier }

        func change() throws { try input.fileHandleForWriting.write(contentsOf: Data("go\n".utf8)) }

        /// Waits until what runs is the shell: a child is its parent's program for a moment.
        func begin() async throws {
            while try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe") != Self.shell {
                try await Task.sleep(for: .milliseconds(1))
            }
        }

        deinit { process.end() }
    }

    @Test func `what stood for a process is revoked within a second of its end, and for no other`() async throws {
        let world = try await World()
        try await world.entry("job", "unix:uid:\(geteuid())")
        let (job, other) = (try WorkloadAttestorTests.sleeper(), try WorkloadAttestorTests.sleeper())
        defer {
            job.end()
            other.end()
        }
        try await world.running {
            let attested = try world.hold(job.processIdentifier, "job", number: "0a")
            try world.hold(other.processIdentifier, "job", number: "b")
            let wakes = Mutex(0)
            _ = attested.changes.observe { wakes.withLock { $0 += 1 } }
            try await Task.sleep(for: .milliseconds(700))
            #expect(world.revoked.isEmpty, "nothing has changed")
            job.end()
            #expect(try await world.holds { world.revoked == ["a0"] })
            #expect(wakes.withLock { $0 } > 0, "its streams are woken")
            let late = #expect(throws: IdentityError.self) {
                try world.continuous.note(
                    [
                        IssuedNumber(
                            number: "c",
                            notAfter: .distantFuture,
                            entry: "job",
                            id: try SPIFFEID("spiffe://cluster.local/job")
                        )
                    ],
                    of: attested,
                    since: attested.revision
                )
            }
            #expect(late?.code == .processGone)
        }
        let revocation = try #require(world.registry.revocations.first)
        #expect(revocation.creator == ContinuousAttestation.creator && revocation.reason.contains("has ended"))
        let told = try #require(world.told.all.first)
        #expect(told.pid == job.processIdentifier && told.numbers == ["0a0"] && world.told.all.count == 1)
        #expect(world.continuous.processCount == 1)
    }

    @Test func `a process that connects anew as another group is not taken for what it was`() async throws {
        let world = try await World()
        let job = try WorkloadAttestorTests.sleeper()
        defer { job.end() }
        let pid = job.processIdentifier
        func call(_ gid: UInt32, _ groups: [UInt32] = []) throws -> AttestedProcess {
            world.continuous.enter(
                try WorkloadProcess(
                    PeerCredentials(
                        pid: pid,
                        uid: geteuid(),
                        gid: gid,
                        groups: groups,
                        process: ProcessHandle(pid: pid)
                    )
                )
            )
        }
        let first = try call(100)
        let calls = [try call(200), try call(100, [300])]
        #expect(calls[0].process.credentials.gid == 200 && calls[1].process.credentials.groups == [300])
        let again = try call(100)
        #expect(again === first)
        for attested in calls + [first, again] { world.continuous.leave(attested) }
        #expect(world.continuous.processCount == 0)
    }

    @Test func `another program in the process's place takes what its entry asked the program for, and no more`()
        async throws
    {
        let world = try await World()
        try await world.entry("shell", "unix:uid:\(geteuid())", "unix:path:\(Changeling.shell)")
        let digest = try await run("sha256sum", [Changeling.shell]).output.prefix(64)
        try await world.entry("measured", "unix:uid:\(geteuid())", "unix:sha256:\(digest)")
        try await world.entry("user", "unix:uid:\(geteuid())")
        let changeling = try Changeling()
        try await changeling.begin()
        try await world.running {
            let attested = try world.hold(changeling.pid, "shell", "measured", "user")
            let before = attested.revision
            try await Task.sleep(for: .milliseconds(700))
            #expect(world.revoked.isEmpty)
            try changeling.change()
            #expect(try await world.holds { world.revoked == ["a10", "a11"] })
            #expect(attested.revision > before, "its streams look again")
            // What was looked up before the change is not handed out after it.
            let late = #expect(throws: IdentityError.self) {
                try world.continuous.note(
                    [
                        IssuedNumber(
                            number: "c",
                            notAfter: .distantFuture,
                            entry: "shell",
                            id: try SPIFFEID("spiffe://cluster.local/shell")
                        )
                    ],
                    of: attested,
                    since: before
                )
            }
            #expect(late?.code == .conflict)
            changeling.process.end()
            #expect(try await world.holds { world.revoked == ["a10", "a11", "a12"] })
        }
    }

    @Test func `a program whose file is replaced while it runs is no longer the one at its path`() async throws {
        let world = try await World()
        let directory = try TemporaryDirectory()
        let path = directory.path + "/program"
        try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: path)
        try await world.entry("program", "unix:path:\(path)")
        let child = Process()
        child.executableURL = URL(fileURLWithPath: path)
        child.arguments = ["600"]
        try child.run()
        defer { child.end() }
        while try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(child.processIdentifier)/exe") != path
        {
            await Task.yield()
        }
        try await world.running {
            try world.hold(child.processIdentifier, "program")
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.copyItem(atPath: "/bin/true", toPath: path)
            #expect(try await world.holds { world.revoked == ["a10"] })
        }
    }

    @Test(.enabled(if: RealControlGroup.isAvailable))
    func `a process that is moved out of its container's control group is nobody of it`() async throws {
        let world = try await World()
        let id = String(repeating: "c7", count: 32)
        let (inside, outside) = (try RealControlGroup("docker/\(id)"), try RealControlGroup("lapwing-test-outside"))
        try await world.entry("container", "container:id:\(id)")
        let sleeper = try WorkloadAttestorTests.sleeper()
        defer {
            sleeper.end()
            sleeper.waitUntilExit()
        }
        try inside.add(sleeper.processIdentifier)
        try await world.running {
            try world.hold(sleeper.processIdentifier, "container")
            try await Task.sleep(for: .milliseconds(700))
            #expect(world.revoked.isEmpty)
            try outside.add(sleeper.processIdentifier)
            #expect(try await world.holds { world.revoked == ["a10"] })
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root says which number comes next"))
    func `a number that is given to another process carries nothing over`() async throws {
        let world = try await World()
        try await world.entry("job", "unix:uid:\(geteuid())")
        try await world.running {
            let old = try WorkloadAttestorTests.sleeper()
            let pid = old.processIdentifier
            let attested = try world.hold(pid, "job")
            old.end()
            old.waitUntilExit()
            // The kernel tells starts in hundredths of a second.
            try await Task.sleep(for: .milliseconds(30))
            var reused: Process?
            for _ in 0..<200 where reused == nil {
                try? "\(pid - 1)".write(toFile: "/proc/sys/kernel/ns_last_pid", atomically: false, encoding: .utf8)
                let next = try WorkloadAttestorTests.sleeper()
                if next.processIdentifier == pid { reused = next } else { next.end() }
            }
            guard let reused else {
                print("process numbers: skipped, no number could be had twice here")
                return
            }
            defer { reused.end() }
            let next = try world.hold(pid, number: "b")
            #expect(next.member.pid == attested.member.pid && next.member != attested.member)
            #expect(!attested.process.isRunning && next.process.isRunning)
            #expect(try await world.holds { world.revoked == ["a10"] })
            try await Task.sleep(for: .milliseconds(600))
            #expect(world.revoked == ["a10"])
        }
    }

    /// Pods that nobody can be asked about for a while.
    private final class Pods: PodSource {
        let changes = ChangeFeed()
        private let state = Mutex<(revision: UInt64, isSilent: Bool)>((0, false))
        var revision: UInt64 { state.withLock { $0.revision } }
        func pod(uid: String, container: String) async throws -> Pod? {
            guard !state.withLock({ $0.isSilent }) else { throw IdentityError(.exhausted, "nobody answers") }
            return nil
        }
        func change(isSilent: Bool) { state.withLock { $0 = ($0.revision + 1, isSilent) } }
    }

    @Test(.enabled(if: RealControlGroup.isAvailable))
    func `that nobody can be attested is told once when it begins and once when it ends`() async throws {
        let (pods, kept) = (Pods(), Messages.Kept())
        let world = try await World(
            attestor: WorkloadAttestor(pods: pods, logger: quietLogger),
            logger: Logger(label: "test") { _ in Messages(kept: kept) }
        )
        try await world.entry("pod", "k8s:ns:ml")
        let group = try RealControlGroup(
            "kubepods.slice/kubepods-pod5f8a3c3e_5a1d_4b6e_9d36_0c2f4b1a7e55.slice/cri-containerd-\(PodTests.id).scope"
        )
        let job = try WorkloadAttestorTests.sleeper()
        defer {
            job.end()
            job.waitUntilExit()
        }
        try group.add(job.processIdentifier)
        try world.hold(job.processIdentifier, "pod")
        for round in 1...2 {
            pods.change(isSilent: true)
            for _ in 0..<3 { await world.continuous.look() }
            await world.continuous.withdraw()
            #expect(kept.count("cannot be attested now") == round)
            #expect(kept.count("can be attested again") == round - 1)
            #expect(world.revoked.isEmpty == (round == 1), "what cannot be told withdraws nothing")
            pods.change(isSilent: false)
            for _ in 0..<3 { await world.continuous.look() }
            await world.continuous.withdraw()
            #expect(kept.count("can be attested again") == round)
            #expect(world.revoked == ["a10"], "the pod is gone")
        }
    }

    /// Who has signed images, which changes.
    private final class Signed: ImageSignatureSource {
        let changes = ChangeFeed()
        private let count = Mutex<UInt64>(0)
        var revision: UInt64 { count.withLock { $0 } }
        func signers(of digest: String) -> Set<ImageSigner> { [] }
        func change() { count.withLock { $0 += 1 } }
    }

    @Test func `what was looked up before others said something new is looked at once more`() async throws {
        let signed = Signed()
        let world = try await World(attestor: WorkloadAttestor(images: signed, logger: quietLogger))
        // Somebody asks for what others say.
        try await world.entry("pod", "k8s:ns:ml")
        let job = try WorkloadAttestorTests.sleeper()
        defer { job.end() }
        let attested = world.continuous.enter(
            try WorkloadProcess(WorkloadAttestorTests.credentials(job.processIdentifier))
        )
        let (revision, told) = (attested.revision, signed.revision)
        signed.change()
        await world.continuous.look()
        // By what was known before, an entry fits that fits no longer.
        let issued = IssuedNumber(
            number: "a1",
            notAfter: world.base.clock.now + 60,
            entry: "pod",
            id: try SPIFFEID("spiffe://cluster.local/pod")
        )
        try world.continuous.note([issued], of: attested, since: revision, told: told)
        await world.continuous.look()
        await world.continuous.withdraw()
        #expect(world.revoked == ["a1"])
    }

    @Test func `many that end together are few changes of the list`() async throws {
        let world = try await World()
        try await world.entry("job", "unix:uid:\(geteuid())")
        let jobs = try (0..<60).map { _ in try WorkloadAttestorTests.sleeper() }
        defer { for job in jobs { job.end() } }
        try await world.running {
            for (index, job) in jobs.enumerated() {
                try world.hold(job.processIdentifier, "job", number: String(index + 16, radix: 16))
            }
            let before = try await world.base.store.entriesRevision()
            for job in jobs { job.end() }
            #expect(try await world.holds { world.revoked.count == 60 })
            #expect(try await world.base.store.entriesRevision() - before < 10)
        }
        #expect(world.continuous.processCount == 0)
    }

    @Test func `where much is revoked, changes of the list are fewer still`() async throws {
        let world = try await World()
        try await world.entry("job", "unix:uid:\(geteuid())")
        try await world.registry.revoke(
            all: try (0..<ContinuousAttestation.longList).map { number in
                let subject = Revocation.Subject.serialNumber("f" + String(number, radix: 16))
                return try Revocation(subject, reason: "", creator: "root", at: world.base.clock.now)
            }
        )
        let jobs = try (0..<20).map { _ in try WorkloadAttestorTests.sleeper() }
        defer { for job in jobs { job.end() } }
        try await world.running {
            for (index, job) in jobs.enumerated() {
                try world.hold(job.processIdentifier, "job", number: String(index + 16, radix: 16))
            }
            let before = try await world.base.store.entriesRevision()
            let start = ContinuousClock.now
            for job in jobs {
                job.end()
                try await Task.sleep(for: .milliseconds(50))
            }
            let all = ContinuousAttestation.longList + 20
            #expect(try await world.holds { world.revoked.count == all })
            let batches = try await world.base.store.entriesRevision() - before
            let longest = (ContinuousClock.now - start) / .milliseconds(400)
            #expect(Double(batches) <= longest + 1)
        }
    }

    @Test func `no other process gets anything where many of its user are withdrawn, until those have expired`()
        async throws
    {
        let limits = ContinuousAttestation.Limits(issued: 100, issuedPerUser: 50, withdrawnPerUser: 2)
        let world = try await World(limits)
        try await world.entry("job", "unix:uid:\(geteuid())")
        func hold(_ number: String) throws -> Process {
            let job = try WorkloadAttestorTests.sleeper()
            do { try world.hold(job.processIdentifier, "job", number: number, lifetime: 60) } catch {
                job.end()
                throw error
            }
            return job
        }
        let lasting = try hold("0")
        defer { lasting.end() }
        for number in ["1", "2"] {
            let job = try hold(number)
            job.end()
            #expect(try await world.holds { world.continuous.processCount == 1 })
        }
        // One that has something is given its next.
        try world.hold(lasting.processIdentifier, "job", number: "5", lifetime: 60)
        let failure = #expect(throws: IdentityError.self) { try hold("3") }
        #expect(failure?.code == .exhausted)
        world.base.clock.advance(by: 60 + 301)
        let job = try hold("4")
        job.end()
        // What made room is taken off the list as well, and not only once the longest life is over.
        await world.continuous.withdraw()
        #expect(world.revoked.isSuperset(of: ["10", "20"]))
        await world.continuous.prune(longestLife: 7200)
        #expect(world.revoked.isDisjoint(with: ["10", "20"]))
    }

    @Test func `no user's processes can have more than there is room for, and what has expired makes room`()
        async throws
    {
        let limits = ContinuousAttestation.Limits(issued: 100, issuedPerUser: 3)
        let world = try await World(limits)
        try await world.entry("job", "unix:uid:\(geteuid())")
        let (first, second) = (try WorkloadAttestorTests.sleeper(), try WorkloadAttestorTests.sleeper())
        defer {
            first.end()
            second.end()
        }
        try world.hold(first.processIdentifier, "job", "job", number: "1", lifetime: 60)
        func isRefused(_ number: String) -> Bool {
            let failure = #expect(throws: IdentityError.self) {
                try world.hold(second.processIdentifier, "job", "job", number: number)
            }
            return failure?.code == .exhausted
        }
        #expect(isRefused("2"))
        try world.hold(second.processIdentifier, "job", number: "3")
        // What was withdrawn counts until it has expired: the list is what is bounded.
        first.end()
        #expect(try await world.holds { world.continuous.processCount == 1 })
        #expect(isRefused("4"))
        world.base.clock.advance(by: 60 + 301)
        try world.hold(second.processIdentifier, "job", "job", number: "5")
    }

    @Test func `what has expired leaves the list, and what an earlier authority withdrew stays for the longest life`()
        async throws
    {
        let world = try await World()
        try await world.entry("job", "unix:uid:\(geteuid())")
        func revocation(_ number: String, _ creator: String) throws -> Revocation {
            try Revocation(.serialNumber(number), reason: "", creator: creator, at: world.base.clock.now)
        }
        try await world.registry.revoke(try revocation("e1", ContinuousAttestation.creator))
        try await world.registry.revoke(try revocation("e2", "root"))
        let job = try WorkloadAttestorTests.sleeper()
        try world.hold(job.processIdentifier, "job", lifetime: 60)
        job.end()
        #expect(try await world.holds { world.continuous.processCount == 0 })
        await world.continuous.withdraw()
        #expect(world.revoked == ["a10", "e1", "e2"])
        await world.continuous.prune(longestLife: 7200)
        #expect(world.revoked == ["a10", "e1", "e2"])
        world.base.clock.advance(by: 60 + 301)
        await world.continuous.prune(longestLife: 7200)
        #expect(world.revoked == ["e1", "e2"])
        world.base.clock.advance(by: 7200)
        await world.continuous.prune(longestLife: 7200)
        #expect(world.revoked == ["e2"])
    }

    @Test func `a process that only asked once, for what outlives it, is forgotten`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry("file", outlivesProcess: true))
        _ = try await fixture.client.fetchX509Context()
        #expect(try await forgets(fixture))
        try await fixture.create(try WorkloadAPIFixture.entry("held"))
        _ = try await fixture.client.fetchX509Context()
        for _ in 0..<50 where fixture.api.streamCount > 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(fixture.continuous.processCount == 1, "one that has something is looked at")
        await fixture.drain()
    }

    private func forgets(_ fixture: WorkloadAPIFixture) async throws -> Bool {
        for _ in 0..<100 {
            if fixture.continuous.processCount == 0 { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    // MARK: Streams of other processes

    @Test(.enabled(if: PeerProcess.isAvailable))
    func `the SVID of a stream's process is revoked when that is killed, and its token is not given again`()
        async throws
    {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        let running = Task { await fixture.continuous.run() }
        let peer = try PeerProcess("watch.py", socket: fixture.socket)
        #expect(await peer.line() == "svids spiffe://cluster.local/self")
        kill(peer.pid, SIGKILL)
        _ = await peer.wait()
        let end = ContinuousClock.now + .seconds(1)
        while fixture.registry.revocations.isEmpty, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(fixture.registry.revocations.count == 1)
        #expect(fixture.api.streamCount == 0)
        running.cancel()
        await fixture.drain()
    }

    @Test(.enabled(if: PeerProcess.isAvailable && geteuid() == 0, "only root can become another user"))
    func `a stream ends within a second of its process becoming another user, and its SVID with it`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        let running = Task { await fixture.continuous.run() }
        let peer = try PeerProcess("watch.py", socket: fixture.socket)
        #expect(await peer.line() == "svids spiffe://cluster.local/self")
        let began = ContinuousClock.now
        try peer.tell("seteuid 65534")
        let error = try #require(await peer.line())
        #expect(error.contains("PERMISSION_DENIED") || error.lowercased().contains("no identity"), "\(error)")
        while fixture.registry.revocations.isEmpty, ContinuousClock.now < began + .seconds(3) {
            try await Task.sleep(for: .milliseconds(10))
        }
        let taken = ContinuousClock.now - began
        #expect(fixture.registry.revocations.count == 1 && taken < .seconds(1.2), "\(taken)")
        running.cancel()
        await fixture.drain()
    }
}
