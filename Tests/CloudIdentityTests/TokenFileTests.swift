import Foundation
import RPC
import SPIFFE
import Synchronization
import TestIdentities
import Testing
import ZeroTrust

@testable import CloudIdentity

/// A directory of its own for each test, gone after it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "lapwing-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite(.timeLimit(.minutes(5))) struct TokenFileTests {
    /// An issuer whose clock moves as fast as anybody sleeps.
    final class World: Sendable {
        let issuer: TokenIssuer
        let directory: TemporaryDirectory
        /// Guards the time, what is thrown instead of a token, and when tokens were asked for.
        private let state = Mutex<(now: Date, failure: (any Error)?, asked: [TimeInterval])>(
            (Date(timeIntervalSince1970: 1_800_000_000), nil, [])
        )

        init() throws {
            issuer = try TokenIssuer("cluster.local")
            directory = try TemporaryDirectory()
        }

        var now: Date { state.withLock { $0.now } }
        var asked: [TimeInterval] { state.withLock { $0.asked } }
        func fail(with error: (any Error)?) { state.withLock { $0.failure = error } }

        var file: TokenFile {
            TokenFile(
                path: directory.path + "/aws.token",
                clock: { self.now },
                sleep: { duration in
                    try Task.checkCancellation()
                    self.state.withLock { $0.now += duration / .seconds(1) }
                    await Task.yield()
                },
                fetch: { try self.token() }
            )
        }

        private func token() throws -> JWTSVID {
            let (now, failure) = state.withLock { state in
                state.asked.append(state.now.timeIntervalSince1970 - 1_800_000_000)
                return (state.now, state.failure)
            }
            if let failure { throw failure }
            let time = Int(now.timeIntervalSince1970)
            let text = try issuer.token(
                payload: #"{"sub":"spiffe://cluster.local/a","aud":"x","exp":\#(time + 300),"iat":\#(time)}"#
            )
            return try JWTSVID(text, audiences: ["x"], bundles: [issuer.trustDomain: issuer.bundle], at: now)
        }
    }

    @Test func `the file is ours alone, and holds the token and nothing else`() async throws {
        let world = try World()
        let svid = try await world.file.renew()
        let attributes = try FileManager.default.attributesOfItem(atPath: world.file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try String(contentsOfFile: world.file.path, encoding: .utf8) == svid.token.value)
        #expect(try FileManager.default.contentsOfDirectory(atPath: world.directory.path) == ["aws.token"])
    }

    @Test func `a token is replaced at half of its life, again and again`() async throws {
        let world = try World()
        let first = try await world.file.renew()
        let renewals = Mutex(0)
        let task = Task { [file = world.file] in
            await file.keepFresh(after: first) { event in
                if case .renewed = event { renewals.withLock { $0 += 1 } }
            }
        }
        while renewals.withLock({ $0 }) < 5 { await Task.yield() }
        task.cancel()
        await task.value
        #expect(Array(world.asked.prefix(6)) == [0, 150, 300, 450, 600, 750])
        #expect(try String(contentsOfFile: world.file.path, encoding: .utf8) != first.token.value)
    }

    @Test func `the last token stays while no new one is to be had, and goes with the identity`() async throws {
        struct Away: Error {}
        let world = try World()
        let first = try await world.file.renew()
        world.fail(with: Away())
        let events = Mutex<[String]>([])
        let task = Task { [file = world.file] in
            await file.keepFresh(after: first) { event in
                switch event {
                case .renewed: events.withLock { $0.append("renewed") }
                case .failed(_, let until):
                    if until == first.expiresAt { events.withLock { $0.append("failed") } }
                case .withdrawn: events.withLock { $0.append("withdrawn") }
                }
            }
        }
        while events.withLock({ $0.count }) < 3 { await Task.yield() }
        #expect(try String(contentsOfFile: world.file.path, encoding: .utf8) == first.token.value)
        world.fail(with: RPCStatus(.permissionDenied, ""))
        while !events.withLock({ $0.contains("withdrawn") }) { await Task.yield() }
        #expect(!FileManager.default.fileExists(atPath: world.file.path))
        world.fail(with: nil)
        while !events.withLock({ $0.contains("renewed") }) { await Task.yield() }
        #expect(FileManager.default.fileExists(atPath: world.file.path))
        task.cancel()
        await task.value
    }
}
