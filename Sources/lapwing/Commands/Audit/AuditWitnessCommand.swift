import ArgumentParser
import AuditLog
import Foundation
import NIOHTTP1
import ZeroTrust

extension AuditCommand {
    /// `lapwing audit witness`.
    struct WitnessServer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "witness",
            abstract:
                "Cosign the checkpoints of other nodes' logs, as long as each continues what was cosigned before.",
            discussion: """
                Run it on another machine than the logs, by other people where you can. A log whose checkpoints it \
                cosigns can show no second history to anybody, even where its node and its key were taken over.

                It speaks C2SP tlog-witness: POST /add-checkpoint, and GET /HASH/checkpoint. It listens on loopback or \
                on a Unix socket; put TLS in front of it, for example a route of a Lapwing gateway.
                """
        )

        @Option(help: "The name of the witness, such as witness.example/w1; it is part of its key.")
        var name: String

        @Option(
            help: ArgumentHelp(
                "The verifier key of a log to cosign, or a file that holds it; can be repeated.",
                discussion: "A node's is `log.vkey` in its state directory.",
                valueName: "key"
            ),
            completion: .file()
        )
        var log: [String]

        @Option(
            help: "Where the witness's key and what it cosigned last lie; made where it is missing.",
            completion: .directory
        )
        var directory: String

        @Option(help: "An address of this machine's loopback to listen on; port 0 is one that is free.")
        var listen = "127.0.0.1:8402"

        @Option(help: "A Unix socket to listen on instead.", completion: .file())
        var socket: String?

        @Flag(help: "Print the witness's line for a policy file, make its key where there is none, and stop.")
        var printKey = false

        func validate() throws {
            if log.isEmpty, !printKey { throw ValidationError("name the logs to cosign with --log") }
        }

        func run() async throws {
            let logs = try log.map { try VerifierKey.read($0) }
            let witness: Witness
            do {
                witness = try Witness(directory: directory, name: name, logs: logs) {
                    UInt64(max(0, Date().timeIntervalSince1970))
                }
            } catch let error as AuditLogError {
                throw CommandError(error.code == .malformed ? .usage : .unreachable, "\(error)")
            }
            let short = name.split(separator: "/").last.map(String.init) ?? name
            if printKey {
                StandardOutput.write("witness \(short) \(witness.verifier)")
                return
            }
            let (server, url) = try await start(witness)
            StandardOutput.write("witness \(short) \(witness.verifier) \(url)")
            StandardError.write("cosigning \(counted(logs.count, "log")); end with ^C")
            for await request in await ProcessLife.requests() where request == .stop { break }
            try await server.stop()
        }

        private func start(_ witness: Witness) async throws -> (LocalHTTPServer, url: String) {
            let answer: @Sendable (LocalHTTPServer.Request) async -> LocalHTTPServer.Response = { request in
                WitnessRoutes.answer(request, witness)
            }
            if let socket {
                return (try await LocalHTTPServer.start(unixSocket: socket, answer: answer), "unix:\(socket)")
            }
            guard let colon = listen.lastIndex(of: ":"), let port = UInt16(listen[listen.index(after: colon)...]),
                ["127.0.0.1", "[::1]", "localhost"].contains(listen[..<colon])
            else {
                throw CommandError(
                    .usage,
                    "`\(listen)` is no address on loopback; expected one such as 127.0.0.1:8402, and TLS in front of it"
                )
            }
            let host = listen[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
            do {
                let server = try await LocalHTTPServer.start(host: host, port: Int(port), answer: answer)
                return (server, "http://\(listen[..<colon]):\(server.port ?? 0)")
            } catch {
                throw CommandError(.unreachable, "cannot listen on `\(listen)`: \(error)")
            }
        }
    }
}

/// Which request is answered by what (C2SP tlog-witness).
private enum WitnessRoutes {
    static func answer(_ request: LocalHTTPServer.Request, _ witness: Witness) -> LocalHTTPServer.Response {
        switch (request.method, request.path) {
        case ("POST", "/add-checkpoint"):
            let answer = witness.addCheckpoint(request.body)
            return .init(
                status: .init(statusCode: answer.status),
                contentType: answer.contentType,
                body: .whole(answer.body)
            )
        case (_, "/add-checkpoint"):
            return text(.methodNotAllowed, "expected POST")
        case ("GET", "/healthz"):
            return text(.ok, "ok")
        case ("GET", let path):
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].isEmpty, parts[2] == "checkpoint",
                let note = witness.checkpoint(originHash: String(parts[1]))
            else { return text(.notFound, "there is no such checkpoint") }
            return .init(status: .ok, contentType: "text/plain; charset=utf-8", body: .whole(note))
        default:
            return text(.notFound, "expected POST /add-checkpoint or GET /HASH/checkpoint")
        }
    }

    private static func text(_ status: HTTPResponseStatus, _ text: String) -> LocalHTTPServer.Response {
        .init(status: status, contentType: "text/plain; charset=utf-8", body: .whole(Array((text + "\n").utf8)))
    }
}
