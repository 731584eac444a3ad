import Foundation
import Testing
import ZeroTrust

@testable import WorkloadIdentity

/// Plays the part of the authority: makes the certificates that the machine asks for.
private struct Player {
    var rotation: AuthorityRotation
    var now: Date
    var deletedKeys: [String] = []
    var activations: [(id: String, at: Date)] = []
    private var count = 0

    init(authority: String = "a", state: AuthorityState? = nil, schedule: RotationSchedule, at now: Date) throws {
        self.rotation = AuthorityRotation(
            authority: authority,
            state: try state ?? AuthorityState(trustDomain: TrustDomain("cluster.local")),
            schedule: schedule
        )
        self.now = now
    }

    mutating func send(_ event: AuthorityRotation.Event) {
        var actions = rotation.handle(event)
        while !actions.isEmpty {
            switch actions.removeFirst() {
            case .prepare:
                count += 1
                let id = "\(rotation.authority)\(count)"
                let der = Array(id.utf8)
                actions += rotation.handle(
                    .prepared(
                        AuthoritySlot(
                            id: id,
                            authority: rotation.authority,
                            status: .prepared,
                            chain: [der],
                            anchors: [der],
                            notBefore: now - 10,
                            notAfter: now + rotation.schedule.authorityLifetime
                        ),
                        at: now
                    )
                )
            case .activate(let id): activations.append((id, now))
            case .deleteKeys(let ids): deletedKeys += ids
            }
        }
    }

    mutating func run(until end: Date, every step: TimeInterval = 10) {
        while now < end {
            now += step
            send(.tick(now))
        }
    }

    var statuses: [String: AuthoritySlot.Status] {
        Dictionary(rotation.state.slots.map { ($0.id, $0.status) }) { first, _ in first }
    }
}

@Suite(.timeLimit(.minutes(5))) struct AuthorityRotationTests {
    static let start = Date(timeIntervalSince1970: 1_800_000_000)
    static let hour: TimeInterval = 3600

    @Test func `the first tick makes a certificate that signs at once`() throws {
        var player = try Player(schedule: RotationSchedule(), at: Self.start)
        player.send(.tick(Self.start))
        #expect(player.statuses == ["a1": .active])
        #expect(player.rotation.state.sequence == 1)
        player.send(.tick(Self.start))
        #expect(player.statuses == ["a1": .active])
    }

    @Test func `what was made by a clock that ran ahead does not sign, and is succeeded at once`() throws {
        var player = try Player(schedule: RotationSchedule(), at: Self.start + 50 * Self.hour)
        player.send(.tick(player.now))
        player.send(.preparationRequested(player.now))
        #expect(player.statuses == ["a1": .active, "a2": .prepared])
        // The clock is set right.
        player.now = Self.start
        player.send(.tick(player.now))
        #expect(player.statuses == ["a1": .old, "a2": .prepared, "a3": .active])
        #expect(player.deletedKeys == ["a1"])
        player.send(.tick(player.now + 10))
        #expect(player.rotation.active?.id == "a3" && player.rotation.state.slots.count == 3)
        // Nor does the one that was prepared take over later, on the schedule or when it is asked for.
        player.send(.rotationRequested(player.now + 20))
        #expect(player.rotation.prepared?.id == "a4")
        player.run(until: Self.start + 30 * Self.hour)
        let signs = try #require(player.rotation.active)
        #expect(signs.notBefore <= player.now && player.now < signs.notAfter)
        #expect(!player.activations.contains { $0.id == "a2" })
    }

    @Test func `a day's certificate is succeeded on the schedule of SPIRE`() throws {
        var player = try Player(schedule: RotationSchedule(), at: Self.start)
        player.send(.tick(Self.start))
        // Half of a life of 24 h and 10 s.
        player.run(until: Self.start + 12 * Self.hour - 20)
        #expect(player.statuses == ["a1": .active])
        player.run(until: Self.start + 12 * Self.hour + 10)
        #expect(player.statuses == ["a1": .active, "a2": .prepared])
        // A sixth before the end.
        player.run(until: Self.start + 20 * Self.hour - 20)
        #expect(player.statuses == ["a1": .active, "a2": .prepared])
        player.run(until: Self.start + 20 * Self.hour + 10)
        #expect(player.statuses == ["a1": .old, "a2": .active])
        #expect(player.deletedKeys == ["a1"])
        // Pruned a day after the end.
        player.run(until: Self.start + 48 * Self.hour - 20)
        #expect(player.statuses["a1"] == .old)
        player.run(until: Self.start + 48 * Self.hour + 10)
        #expect(player.statuses["a1"] == nil)
    }

    static let leads: [(life: TimeInterval, preparation: TimeInterval, activation: TimeInterval)] = [
        (3600, 1800, 600), (60 * 86400, 30 * 86400, 7 * 86400), (365 * 86400, 30 * 86400, 7 * 86400),
        (12 * 86400, 6 * 86400, 2 * 86400),
    ]

    @Test(arguments: leads)
    func `a successor is prepared and activated so long before the end`(
        _ life: TimeInterval,
        _ preparation: TimeInterval,
        _ activation: TimeInterval
    ) {
        let end = Self.start + life
        #expect(RotationSchedule.preparation(notBefore: Self.start, notAfter: end) == end - preparation)
        #expect(RotationSchedule.activation(notBefore: Self.start, notAfter: end) == end - activation)
    }

    @Test func `in a year there is always a certificate that signs, and none signs unpublished or outlives its trust`()
        throws
    {
        let schedule = RotationSchedule()
        var player = try Player(schedule: schedule, at: Self.start)
        player.send(.tick(Self.start))
        var publishedSince: [String: Date] = ["a1": Self.start]
        while player.now < Self.start + 365 * 86400 {
            player.now += 600
            player.send(.tick(player.now))
            for slot in player.rotation.state.slots where publishedSince[slot.id] == nil {
                publishedSince[slot.id] = player.now
            }
            let active = try #require(player.rotation.active)
            // What is signed now ends before its signer does.
            #expect(player.now + schedule.maximumSVIDLifetime <= active.notAfter + 600)
            #expect(player.rotation.state.slots.count <= 4)
        }
        for activation in player.activations.dropFirst() {
            let published = try #require(publishedSince[activation.id])
            #expect(activation.at.timeIntervalSince(published) >= 7 * Self.hour)
        }
        #expect(player.activations.count > 400)
        let sequence = player.rotation.state.sequence
        #expect(sequence >= Int64(player.activations.count * 2 - 10))
    }

    @Test func `a forced rotation publishes first and signs after the overlap`() throws {
        var player = try Player(schedule: RotationSchedule(overlap: 30), at: Self.start)
        player.send(.tick(Self.start))
        player.now += 100
        player.send(.rotationRequested(player.now))
        #expect(player.statuses == ["a1": .active, "a2": .prepared])
        player.run(until: Self.start + 120)
        #expect(player.statuses == ["a1": .active, "a2": .prepared])
        player.run(until: Self.start + 140)
        #expect(player.statuses == ["a1": .old, "a2": .active])
        #expect(player.rotation.state.anchors.count == 2)
    }

    @Test func `a forced rotation takes the certificate that is prepared already`() throws {
        var player = try Player(schedule: RotationSchedule(overlap: 30), at: Self.start)
        player.send(.tick(Self.start))
        player.send(.preparationRequested(player.now))
        player.send(.preparationRequested(player.now))
        #expect(player.statuses == ["a1": .active, "a2": .prepared])
        player.send(.rotationRequested(player.now))
        player.run(until: Self.start + 40)
        #expect(player.statuses == ["a1": .old, "a2": .active])
    }

    @Test func `an activation by command does not wait`() throws {
        var player = try Player(schedule: RotationSchedule(overlap: 30), at: Self.start)
        player.send(.tick(Self.start))
        player.send(.activationRequested(player.now))
        #expect(player.statuses == ["a1": .active])
        player.send(.preparationRequested(player.now))
        player.send(.activationRequested(player.now))
        #expect(player.statuses == ["a1": .old, "a2": .active])
    }

    @Test func `after a long sleep a new certificate signs at once`() throws {
        var player = try Player(schedule: RotationSchedule(), at: Self.start)
        player.send(.tick(Self.start))
        player.now += 36 * Self.hour
        player.send(.tick(player.now))
        #expect(player.rotation.active?.id == "a2")
        player.now += 90 * 86400
        player.send(.tick(player.now))
        #expect(player.statuses == ["a3": .active])
    }

    @Test func `a certificate without its key signs no more and stays published`() throws {
        var player = try Player(schedule: RotationSchedule(), at: Self.start)
        player.send(.tick(Self.start))
        player.send(.keysPresent([]))
        player.send(.tick(player.now))
        #expect(player.statuses == ["a1": .old, "a2": .active])
        #expect(player.rotation.state.anchors.count == 2)
    }

    @Test func `authorities that share a store leave each other's certificates alone and prune the dead`() throws {
        var a = try Player(authority: "a", schedule: RotationSchedule(), at: Self.start)
        a.send(.tick(Self.start))
        var b = try Player(authority: "b", state: a.rotation.state, schedule: RotationSchedule(), at: Self.start)
        b.send(.keysPresent([]))
        b.send(.tick(Self.start))
        #expect(b.statuses == ["a1": .active, "b1": .active])
        #expect(b.rotation.state.anchors.count == 2)
        b.run(until: Self.start + 49 * Self.hour, every: 60)
        #expect(b.statuses["a1"] == nil)
        #expect(!b.deletedKeys.contains("a1"))
    }

    @Test func `a clock that steps back within the life of what signs changes nothing`() throws {
        var player = try Player(schedule: RotationSchedule(), at: Self.start)
        player.send(.tick(Self.start))
        player.run(until: Self.start + 20 * Self.hour)
        let state = player.rotation.state
        player.now -= 7 * Self.hour
        player.send(.tick(player.now))
        #expect(player.rotation.state == state)
    }

    @Test func `the sequence grows with the bundle and only with it`() throws {
        var player = try Player(schedule: RotationSchedule(), at: Self.start)
        player.send(.tick(Self.start))
        #expect(player.rotation.state.sequence == 1)
        player.send(.preparationRequested(player.now))
        #expect(player.rotation.state.sequence == 2)
        player.send(.activationRequested(player.now))
        #expect(player.rotation.state.sequence == 2)
    }
}
