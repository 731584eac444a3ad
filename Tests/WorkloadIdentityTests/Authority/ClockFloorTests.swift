import Foundation
import SPIFFE
import Synchronization
import Testing
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct ClockFloorTests {
    @Test func `a clock that steps back revives nothing, in the process and over a restart`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/clock.floor"
        let clock = TestClock()
        let ticks = Mutex(ContinuousClock.now)
        let floor = try ClockFloor(
            path: path,
            clock: { clock.now },
            ticks: { ticks.withLock { $0 } },
            logger: quietLogger
        )
        let start = clock.now
        #expect(floor.now == start)
        let fixture = try AuthorityFixture(clock: clock)
        try await fixture.authority.maintain()
        let svid = try fixture.authority.issue(SVIDRequest(id: try SPIFFEID("spiffe://cluster.local/a"), lifetime: 60))
        let verifier = PeerVerifier(
            bundles: [fixture.authority.bundle.trustDomain: fixture.authority.bundle],
            clock: { floor.now }
        )
        func isBelieved(_ verifier: PeerVerifier) -> Bool {
            if case .verified = verifier.verify(chain: svid.chain) { true } else { false }
        }
        #expect(isBelieved(verifier))
        clock.advance(by: 120)
        #expect(!isBelieved(verifier))
        clock.advance(by: -110)
        #expect(!isBelieved(verifier) && floor.now == start + 120)
        try floor.keep()

        // Another process, on a machine whose clock is set back still.
        let next = try ClockFloor(
            path: path,
            clock: { clock.now },
            ticks: { ticks.withLock { $0 } },
            logger: quietLogger
        )
        #expect(next.now == start + 120)
        let again = PeerVerifier(
            bundles: [fixture.authority.bundle.trustDomain: fixture.authority.bundle],
            clock: { next.now }
        )
        #expect(!isBelieved(again))
        clock.advance(by: 500)
        #expect(next.now == clock.now)
    }

    @Test func `time goes on while the clock is behind`() throws {
        let directory = try TemporaryDirectory()
        let clock = TestClock()
        let ticks = Mutex(ContinuousClock.now)
        let floor = try ClockFloor(
            path: directory.path + "/clock.floor",
            clock: { clock.now },
            ticks: { ticks.withLock { $0 } },
            logger: quietLogger
        )
        let start = clock.now
        #expect(floor.now == start)
        clock.advance(by: -3600)
        #expect(floor.now == start)
        ticks.withLock { $0 += .seconds(90) }
        #expect(floor.now == start + 90)
        ticks.withLock { $0 += .seconds(30) }
        clock.advance(by: 3600 + 200)
        #expect(floor.now == start + 200)
        clock.advance(by: -100)
        ticks.withLock { $0 += .seconds(10) }
        #expect(floor.now == start + 210)
    }

    @Test func `what the authority issues under a clock that was set back is of the time that was seen`() async throws {
        let directory = try TemporaryDirectory()
        let clock = TestClock()
        let floor = try ClockFloor(path: directory.path + "/f", clock: { clock.now }, logger: quietLogger)
        let base = try AuthorityFixture(clock: clock)
        let authority = Authority(
            .init(trustDomain: try TrustDomain("cluster.local")),
            store: base.store,
            keys: MemoryKeyStore(),
            clock: { floor.now },
            logger: quietLogger
        )
        try await authority.maintain()
        let seen = clock.now
        clock.advance(by: -7200)
        let svid = try authority.issue(SVIDRequest(id: try SPIFFEID("spiffe://cluster.local/a")))
        #expect(svid.notBefore >= seen - 11)
    }

    @Test func `a file that holds no time, or that others can read, is not passed over`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/clock.floor"
        for text in ["", "soon", "-5", "99999999999999999999", "1e9"] {
            try PrivateFile.write(text, to: path)
            #expect(throws: IdentityError.self, "\(text)") { try ClockFloor(path: path, logger: quietLogger) }
        }
        try PrivateFile.write("1000\n", to: path)
        #expect(throws: Never.self) { try ClockFloor(path: path, logger: quietLogger) }
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
        #expect(throws: IdentityError.self) { try ClockFloor(path: path, logger: quietLogger) }
    }
}
