import Console
import Foundation
import Glibc
import MutualTLS
import NIOCore
import NIOPosix
import SPIFFE
import Synchronization
import TestIdentities
import Testing
import ZeroTrust

@testable import lapwing

/// What the console's server takes of a connection, whoever is at its other end.
@Suite(.timeLimit(.minutes(1))) struct ConsoleServerTests {
    private static func start(
        port: Int = 0,
        bounds: ConsoleServer.Bounds = .init(),
        length: Int = 4
    ) async throws -> ConsoleServer {
        try await ConsoleServer.start(port: port, bounds: bounds) { request in
            guard request.path == "/live" else {
                return .whole(
                    ConsoleResponse(contentType: "text/plain", text: String(repeating: "here", count: length / 4))
                )
            }
            return .events(next: { String(repeating: "event", count: 100_000) }, done: {})
        }
    }

    private static func listener(on host: String, _ port: Int) async throws -> any Channel {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: host, port: port)
            .get()
    }

    /// Whether the machine has ::1.
    private static let hasIPv6: Bool = {
        let addresses = try? String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8)
        return addresses?.contains(String(repeating: "0", count: 31) + "1 ") == true
    }()

    /// The addresses of loopback that this machine has.
    private static let loopback = hasIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]

    // MARK: - The port

    @Test(arguments: loopback) func `nobody else can listen on its port`(_ host: String) async throws {
        let server = try await Self.start()
        let error = await #expect(throws: IOError.self) { _ = try await Self.listener(on: host, server.port) }
        #expect(error?.errnoCode == EADDRINUSE)
        await server.stop()
    }

    @Test(arguments: loopback)
    func `it does not begin on a port that somebody has on either address`(_ host: String) async throws {
        let other = try await Self.listener(on: host, 0)
        let port = try #require(other.localAddress?.port)
        let error = await #expect(throws: ConsoleServer.ListenError.self) { _ = try await Self.start(port: port) }
        #expect((error?.cause as? IOError)?.errnoCode == EADDRINUSE)
        #expect(error?.description.contains("port \(port) of \(host) cannot be used") == true, "\(error as Any)")
        try await other.close()
    }

    @Test func `whoever is connected is let go of when it stops, and nobody comes in any more`() async throws {
        let server = try await Self.start()
        let open = try RawConnection(port: server.port)
        try open.send("GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await server.stop()
        #expect(open.readToEnd().isClosed)
        #expect(throws: RawConnection.Failed.self) { try RawConnection(port: server.port) }
    }

    // MARK: - Time and room

    @Test(arguments: ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nX: y\r\n"])
    func `a head that does not come in time ends the connection`(_ head: String) async throws {
        let server = try await Self.start(bounds: .init(headPatience: .milliseconds(200)))
        let client = try RawConnection(port: server.port)
        try client.send(head)
        let began = ContinuousClock.now
        let end = client.readToEnd()
        #expect(end.isClosed && end.bytes.isEmpty && .now - began > .milliseconds(100))
        await server.stop()
    }

    @Test func `a body that does not come in time ends the connection, and so does one that trickles`() async throws {
        let server = try await Self.start(bounds: .init(bodyPatience: .milliseconds(300)))
        let head = "POST /leave HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
        let silent = try RawConnection(port: server.port)
        try silent.send(head + "form=")
        let slow = try RawConnection(port: server.port)
        try slow.send(head)
        for _ in 0..<10 {
            try await Task.sleep(for: .milliseconds(50))
            // It may be closed by now.
            try? slow.send("x")
        }
        for client in [silent, slow] {
            let end = client.readToEnd()
            #expect(end.isClosed && end.bytes.isEmpty)
        }
        let whole = try RawConnection(port: server.port)
        try whole.send(head + String(repeating: "x", count: 100))
        #expect(String(decoding: whole.readToEnd().bytes, as: UTF8.self).hasPrefix("HTTP/1.1 200"))
        await server.stop()
    }

    @Test(arguments: ["/", "/live"])
    func `a reader that does not read is let go of, and one that does has all of it`(_ path: String) async throws {
        let length = 32 << 20
        let server = try await Self.start(bounds: .init(writePatience: .milliseconds(300)), length: length)
        let idle = try RawConnection(port: server.port)
        try idle.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try await Task.sleep(for: .seconds(2))
        let rest = idle.readToEnd()
        #expect(rest.isClosed && rest.bytes.count < length, "\(rest.bytes.count)")
        await server.stop()
        // One that reads is given time, however busy the machine.
        let patient = try await Self.start(length: length)
        let reader = try RawConnection(port: patient.port)
        try reader.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let whole = reader.readToEnd(within: path == "/" ? 40 : 1)
        // Events have no end.
        #expect(whole.isClosed == (path == "/"))
        #expect(path == "/live" || whole.bytes.count > length)
        await patient.stop()
    }

    @Test func `there are so many connections and no more, and fewer from one address`() async throws {
        for bounds in [ConsoleServer.Bounds(connections: 2), .init(perAddress: 2)] {
            let server = try await Self.start(bounds: bounds)
            let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
            var open = try (0..<2).map { _ in try RawConnection(port: server.port) }
            // They are taken in before the one that finds no room.
            for connection in open {
                try connection.send("GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(connection.hasAnswer())
            }
            let more = try RawConnection(port: server.port)
            try? more.send(request)
            #expect(more.readToEnd() == ([], true))
            open.removeLast()
            var answer: [UInt8] = []
            for _ in 0..<400 where answer.isEmpty {
                let next = try RawConnection(port: server.port)
                try? next.send(request)
                answer = next.readToEnd().bytes
                if answer.isEmpty { try await Task.sleep(for: .milliseconds(50)) }
            }
            #expect(!answer.isEmpty, "a place that is free again is taken")
            await server.stop()
        }
    }

    // MARK: - Mutual TLS

    /// What was refused, by its code.
    private final class Refused: Sendable {
        private let codes = Mutex<[String]>([])
        func add(_ code: String) { codes.withLock { $0.append(code) } }
        var all: [String] { codes.withLock { $0 } }
    }

    /// A certificate that a client shows.
    enum Shown: String, CaseIterable {
        case good, expired, foreign, none
    }

    @Test(arguments: Shown.allCases)
    func `over mutual TLS only a caller whose SVID verifies is heard, as whom it says`(_ shown: Shown) async throws {
        let authority = try TestAuthority.root()
        let foreign = try TestAuthority.root()
        let identity = try TLSIdentity(
            svid: try authority.svid("/ns/ml-inference/sa/gateway"),
            bundles: [authority.trustDomain: authority.bundle]
        )
        let refused = Refused()
        let server = try await ConsoleServer.start(
            overTLSOn: IPAddress(v4: 0x7f00_0001),
            port: 0,
            identity: { identity },
            onRefusal: { refused.add($0.refusal.code) },
            answer: { request, peer in
                let place = request.localAddress.map { "\($0)" } ?? "nowhere"
                return .whole(ConsoleResponse(contentType: "text/plain", text: "\(peer.id) at \(place)"))
            }
        )
        let path = "/ns/ops/sa/console"
        let svid: X509SVID? =
            switch shown {
            case .good: try authority.svid(path)
            case .expired:
                try authority.svid(path) {
                    $0.notBefore = authority.now - 600
                    $0.notAfter = authority.now - 60
                }
            case .foreign: try foreign.svid(path)
            case .none: nil
            }
        let directory = try TemporaryDirectory()
        var arguments = ["-sk", "-m", "10", "https://127.0.0.1:\(server.port)/"]
        if let svid {
            let chain = svid.certificatesDER.map { Self.pem("CERTIFICATE", $0) }.joined()
            arguments += ["--cert", try directory.write(chain, to: "cert.pem")]
            arguments += ["--key", try directory.write(Self.pem("PRIVATE KEY", svid.keyPKCS8.value), to: "key.pem")]
        }
        let result = try Program.run(arguments, program: "/usr/bin/curl")
        if shown == .good {
            #expect(result.output == "spiffe://cluster.local\(path) at 127.0.0.1", "\(result)")
            #expect(refused.all.isEmpty)
        } else {
            #expect(result.status != 0 && result.output.isEmpty, "\(result)")
            // The client may know of it before the server has said so.
            for _ in 0..<500 where refused.all.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            #expect(refused.all.count == 1, "\(refused.all)")
        }
        // In plaintext nothing is heard.
        let plain = try RawConnection(port: server.port)
        try plain.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        let end = plain.readToEnd()
        #expect(end.isClosed && !String(decoding: end.bytes, as: UTF8.self).contains("HTTP"))
        await server.stop()
    }

    private static func pem(_ label: String, _ bytes: [UInt8]) -> String {
        let text = Data(bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(text)\n-----END \(label)-----\n"
    }
}
