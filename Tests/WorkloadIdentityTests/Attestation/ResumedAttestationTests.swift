import Foundation
import Logging
import RPC
import SPIFFE
import Storage
import Synchronization
import Testing
import ZeroTrust

@testable import WorkloadIdentity

/// An authority that is started again goes on with what the one before it gave to whom.
@Suite(.timeLimit(.minutes(5))) struct ResumedAttestationTests {
    /// What stays when an authority is started again.
    private final class World: Sendable {
        let base: AuthorityFixture
        let store: SQLiteStandingStore
        private let told = Mutex<[Withdrawal]>([])

        init() throws {
            base = try AuthorityFixture(clock: TestClock(Date()))
            store = SQLiteStandingStore(
                try SQLiteDatabase(path: base.directory.path + "/standing.sqlite", schema: .standing)
            )
        }

        var reasons: [String] { told.withLock { $0.map(\.reason) } }

        /// A part of an authority that is started.
        func start(
            place: String? = nil,
            limits: ContinuousAttestation.Limits = .init(),
            proofs: ModelProofs = ModelProofs(),
            store: (any StandingStore)? = nil,
            logger: Logger = quietLogger
        ) async throws -> (continuous: ContinuousAttestation, registry: EntryRegistry) {
            let registry = EntryRegistry(trustDomain: try TrustDomain("cluster.local"), store: base.store)
            try await registry.refresh()
            let clock = base.clock
            let continuous = ContinuousAttestation(
                registry: registry,
                proofs: proofs,
                attestor: WorkloadAttestor(logger: quietLogger),
                limits: limits,
                store: store ?? self.store,
                place: try place ?? ProcessPlace.current(),
                clock: { clock.now },
                logger: logger,
                onWithdraw: { withdrawal in self.told.withLock { $0.append(withdrawal) } }
            )
            try await continuous.resume()
            return (continuous, registry)
        }

        /// Gives a process an SVID of each of these entries.
        func hold(_ continuous: ContinuousAttestation, _ pid: Int32, _ names: String..., number: String) async throws {
            let attested = continuous.enter(try WorkloadProcess(WorkloadAttestorTests.credentials(pid)))
            let issued = try names.enumerated().map { index, name in
                IssuedNumber(
                    number: number + String(index),
                    notAfter: base.clock.now + 60,
                    entry: name,
                    id: try SPIFFEID("spiffe://cluster.local/\(name)")
                )
            }
            try continuous.note(issued, of: attested, since: attested.revision)
            try await continuous.keep(issued, of: attested)
        }

        func entry(_ registry: EntryRegistry, _ name: String, _ selectors: String...) async throws {
            let entry = try WorkloadAPIFixture.entry(name, selectors: selectors)
            _ = try await registry.create(entry, by: "test", at: base.clock.now)
        }
    }

    private var user: String { "unix:uid:\(geteuid())" }

    private func holds(_ condition: () throws -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < end {
            if try condition() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return try condition()
    }

    @Test func `what a process had that ended meanwhile is withdrawn before anybody is served`() async throws {
        let world = try World()
        let (first, registry) = try await world.start()
        try await world.entry(registry, "job", user)
        let (gone, lasting) = (try WorkloadAttestorTests.sleeper(), try WorkloadAttestorTests.sleeper())
        defer { lasting.end() }
        try await world.hold(first, gone.processIdentifier, "job", number: "0a")
        try await world.hold(first, lasting.processIdentifier, "job", number: "b")
        // Nobody runs the first one: it does not come to withdraw anything.
        gone.end()
        gone.waitUntilExit()

        let (second, again) = try await world.start()
        #expect(again.snapshot.revocations.serialNumbers == ["a0"])
        #expect(world.reasons.count == 1 && world.reasons[0].contains("has ended while the authority was away"))
        #expect(second.processCount == 1)
        await second.look()
        #expect(again.snapshot.revocations.serialNumbers == ["a0"], "the other goes on")
        let running = Task { await second.run() }
        defer { running.cancel() }
        lasting.end()
        #expect(try await holds { again.snapshot.revocations.serialNumbers == ["a0", "b0"] })
        #expect(second.processCount == 0)
    }

    @Test func `one that became another program meanwhile loses what its entry asked the program for`() async throws {
        let world = try World()
        let (first, registry) = try await world.start()
        try await world.entry(registry, "user", user)
        try await world.entry(registry, "program", user, "unix:path:/no/such/program")
        try await world.entry(registry, "deleted", user)
        let job = try WorkloadAttestorTests.sleeper()
        defer { job.end() }
        try await world.hold(first, job.processIdentifier, "user", "program", "deleted", number: "c")
        try await registry.delete("deleted")

        let (second, again) = try await world.start()
        #expect(again.snapshot.revocations.serialNumbers.isEmpty)
        await second.look()
        await second.withdraw()
        #expect(again.snapshot.revocations.serialNumbers == ["c1", "c2"])
        // Looked at once; what is as it was is left alone.
        await second.look()
        await second.withdraw()
        #expect(again.snapshot.revocations.serialNumbers == ["c1", "c2"] && world.reasons.count == 2)
    }

    @Test func `a number counts for the process that had it, in that run of the machine, and for no other`()
        async throws
    {
        let world = try World()
        let (first, registry) = try await world.start()
        try await world.entry(registry, "job", user)
        let job = try WorkloadAttestorTests.sleeper()
        defer { job.end() }
        let process = try WorkloadProcess(WorkloadAttestorTests.credentials(job.processIdentifier))
        try await world.hold(first, job.processIdentifier, "job", number: "d")
        func other(_ number: String, startTime: UInt64, uid: UInt32 = geteuid(), place: String) throws -> StandingSVID {
            StandingSVID(
                number: number,
                notAfter: world.base.clock.now + 60,
                entry: "job",
                id: try SPIFFEID("spiffe://cluster.local/job"),
                holder: .init(
                    pid: job.processIdentifier,
                    startTime: startTime,
                    uid: uid,
                    gid: 0,
                    groups: [],
                    place: place
                )
            )
        }
        let place = try ProcessPlace.current()
        try await world.store.keep(
            [
                try other("e1", startTime: process.startTime + 1, place: place),
                try other("e2", startTime: process.startTime, uid: geteuid() + 1, place: place),
                try other("e3", startTime: process.startTime, place: "another run"),
            ],
            at: world.base.clock.now
        )
        let (_, again) = try await world.start()
        #expect(again.snapshot.revocations.serialNumbers == ["e1", "e2", "e3"])
        // After a start of the machine nobody is left.
        let (third, last) = try await world.start(place: "the next run")
        #expect(last.snapshot.revocations.serialNumbers == ["d0", "e1", "e2", "e3"] && third.processCount == 0)
    }

    @Test func `what was withdrawn counts for its user still, and leaves the list once it has expired`() async throws {
        let world = try World()
        let (first, registry) = try await world.start()
        try await world.entry(registry, "job", user)
        let job = try WorkloadAttestorTests.sleeper()
        try await world.hold(first, job.processIdentifier, "job", "job", number: "f")
        job.end()
        job.waitUntilExit()
        #expect(try await holds { first.processCount == 0 })
        await first.withdraw()
        #expect(registry.snapshot.revocations.serialNumbers == ["f0", "f1"])

        let (second, again) = try await world.start()
        #expect(second.state.withLock { $0.withdrawnCounts[geteuid()] } == 2 && world.reasons.count == 1)
        world.base.clock.advance(by: 60 + 302)
        await second.prune(longestLife: 7200)
        #expect(again.snapshot.revocations.serialNumbers.isEmpty)
        #expect(try await world.store.standing().isEmpty)
    }

    @Test func `what was of before a start of the machine is withdrawn, and leaves its user room for as much again`()
        async throws
    {
        let world = try World()
        let limits = ContinuousAttestation.Limits(issued: 5, issuedPerUser: 2, withdrawnPerUser: 2)
        let (first, registry) = try await world.start(limits: limits)
        try await world.entry(registry, "job", user)
        let job = try WorkloadAttestorTests.sleeper()
        defer { job.end() }
        try await world.hold(first, job.processIdentifier, "job", "job", number: "a")

        // Another process namespace in the same run: the user's own doing.
        let run = try #require(try ProcessPlace.current().split(separator: " ").first)
        let (moved, _) = try await world.start(place: "\(run) pid:[0]", limits: limits)
        #expect(moved.state.withLock { $0.withdrawnCounts[geteuid()] } == 2)
        await #expect(throws: IdentityError.self) {
            try await world.hold(moved, job.processIdentifier, "job", number: "b")
        }
        // Another run; the one after it has what was withdrawn in the store.
        for number in ["c", "d"] {
            let (next, again) = try await world.start(place: "next pid:[0]", limits: limits)
            #expect(again.snapshot.revocations.serialNumbers.isSuperset(of: ["a0", "a1"]))
            #expect(next.state.withLock { $0.counts } == (number == "c" ? [nil: 2] : [nil: 2, geteuid(): 1]))
            if number == "c" { try await world.hold(next, job.processIdentifier, "job", number: number) }
        }
    }

    @Test func `what stands on a proof of load waits for the loader a while, and no longer`() async throws {
        let world = try World()
        let (first, registry) = try await world.start()
        let digest = "sha256:" + String(repeating: "a", count: 64)
        try await world.entry(registry, "model", user, "model:digest:\(digest)")
        try await world.entry(registry, "user", user)
        try await world.entry(registry, "program", user, "unix:path:/no/such/program", "model:digest:\(digest)")
        let job = try WorkloadAttestorTests.sleeper()
        defer { job.end() }
        try await world.hold(first, job.processIdentifier, "model", "user", "program", number: "9")
        let (second, again) = try await world.start()
        await second.look()
        await second.withdraw()
        // What lacks more than a proof does not wait for one.
        #expect(again.snapshot.revocations.serialNumbers == ["92"])
        world.base.clock.advance(by: ContinuousAttestation.proofGrace + 1)
        await second.look()
        await second.withdraw()
        #expect(again.snapshot.revocations.serialNumbers == ["90", "92"])
    }

    @Test func `what is revoked is recorded and called so, also while that cannot be noted`() async throws {
        /// Keeps all, but notes no withdrawal while it is full.
        final class Full: StandingStore {
            struct Problem: Error {}
            private let store: SQLiteStandingStore
            private let isFull = Atomic(true)
            init(_ store: SQLiteStandingStore) { self.store = store }
            func empty() { isFull.store(false, ordering: .relaxed) }
            func standing() async throws -> [StandingSVID] { try await store.standing() }
            func keep(_ svids: [StandingSVID], at now: Date) async throws { try await store.keep(svids, at: now) }
            func withdraw(_ numbers: [String]) async throws {
                guard !isFull.load(ordering: .relaxed) else { throw Problem() }
                try await store.withdraw(numbers)
            }
            func forget(expiredBefore moment: Date) async throws { try await store.forget(expiredBefore: moment) }
        }
        let (world, kept) = (try World(), Messages.Kept())
        let full = Full(world.store)
        let (first, registry) = try await world.start(
            store: full,
            logger: Logger(label: "test") { _ in Messages(kept: kept) }
        )
        try await world.entry(registry, "job", user)
        let job = try WorkloadAttestorTests.sleeper()
        try await world.hold(first, job.processIdentifier, "job", number: "7")
        job.end()
        job.waitUntilExit()
        #expect(try await holds { first.state.withLock { !$0.pending.isEmpty } })
        for _ in 0..<3 { #expect(await first.withdraw() == false) }
        #expect(registry.snapshot.revocations.serialNumbers == ["70"] && world.reasons.count == 1)
        #expect(kept.count("are not revoked yet") == 0)
        #expect(kept.count("are revoked, and that is not noted") == 1, "told once")
        #expect(try await world.store.standing().map(\.isWithdrawn) == [false])
        full.empty()
        #expect(await first.withdraw())
        #expect(kept.count("is noted beside the authority again") == 1)
        #expect(try await world.store.standing().map(\.isWithdrawn) == [true])
        #expect(world.reasons.count == 1)
    }

    @Test func `nothing is handed out that cannot be kept, and many are kept in few steps`() async throws {
        /// Keeps nothing until it is told to, and then fails or not.
        final class Slow: StandingStore {
            struct Full: Error {}
            private let steps = Mutex<[Int]>([])
            private let isFull = Atomic(false)
            var sizes: [Int] { steps.withLock { $0 } }
            func fill() { isFull.store(true, ordering: .relaxed) }
            func standing() async throws -> [StandingSVID] { [] }
            func keep(_ svids: [StandingSVID], at now: Date) async throws {
                try await Task.sleep(for: .milliseconds(50))
                guard !isFull.load(ordering: .relaxed) else { throw Full() }
                steps.withLock { $0.append(svids.count) }
            }
            func withdraw(_ numbers: [String]) async throws {}
            func forget(expiredBefore moment: Date) async throws {}
        }
        let slow = Slow()
        let keeper = StandingKeeper(slow, clock: { Date() })
        let svid = StandingSVID(
            number: "1",
            notAfter: Date(),
            entry: "job",
            id: try SPIFFEID("spiffe://cluster.local/job"),
            holder: .init(pid: 1, startTime: 1, uid: 0, gid: 0, groups: [], place: "")
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { try await keeper.keep([svid]) } }
            try await group.waitForAll()
        }
        #expect(slow.sizes.reduce(0, +) == 100 && slow.sizes.count < 50, "\(slow.sizes)")
        slow.fill()
        await #expect(throws: Slow.Full.self) { try await keeper.keep([svid]) }
    }
}
