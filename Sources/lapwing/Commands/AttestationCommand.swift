import ArgumentParser
import Federation
import Foundation
import Glibc
import Logging
import RPC
import Resources
import SPIFFE
import SwiftProtobuf
import WireProtos
import WorkloadIdentity
import ZeroTrust

/// `lapwing attestation`: the process to which workloads of other machines show what they are.
struct AttestationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attestation",
        abstract: "Run the attestation endpoint alone: what workloads of other machines ask for an identity.",
        discussion: """
            `lapwing serve` runs it where the configuration has an AttestationEndpoint. It holds no key but its own \
            SVID's, and hands what it is shown to the authority.
            """
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let documents = try ResourceLoader.load(path: try Settings(options).config.value).documents
        let settings = try Settings(options, documents: documents)
        let logger = settings.logger("lapwing.attestation")
        // What strangers send is read by the endpoints' user, to whom alone the authority answers.
        if let user = try settings.endpointsToBecome() { try user.restart() }
        guard let rules = try Configuration(settings: settings).attestation else {
            throw CommandError(.usage, "there is no AttestationEndpoint in `\(settings.config.value)`")
        }
        let requests = await ProcessLife.requests()
        let front = AttestationFront(socket: settings.adminSocket)
        let endpoint: HTTPSEndpoint
        do {
            endpoint = try await HTTPSEndpoint.start(address: rules.address, port: rules.port) {
                await front.answer($0)
            }
        } catch {
            throw CommandError(.unreachable, SystemReason.cannotListen(on: "\(rules.address)", port: rules.port, error))
        }
        let shown = ShownIdentities(socket: settings.workloadSocket, logger: logger)
        shown.add(rules.profile, on: endpoint, named: rules.name)
        ServiceNotifier.notify("READY=1\nSTATUS=attesting on port \(endpoint.port)")
        logger.info("attestation endpoint", metadata: ["port": "\(endpoint.port)", "profile": "\(rules.profile.name)"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await shown.run() }
            // What it looks at is the authority's to know; nothing here changes with a reload.
            for await request in requests where request != .reload { break }
            group.cancelAll()
        }
        ServiceNotifier.notify("STOPPING=1")
        await endpoint.stop()
    }
}

/// Takes requests apart, and hands them to the authority.
struct AttestationFront: Sendable {
    let socket: String

    /// Answers a request.
    func answer(_ request: HTTPSEndpoint.Request) async -> HTTPSEndpoint.Answer {
        let path = request.target.prefix { $0 != "?" }
        guard path == "/v1/challenge" || path == "/v1/svid" else { return .init(problem: 404) }
        guard request.method == "POST" else { return .init(problem: 405) }
        do {
            return path == "/v1/challenge" ? try await challenge() : try await certify(request)
        } catch let status as RPCStatus {
            switch status.code {
            case .invalidArgument: return Self.problem(400, status.message)
            case .permissionDenied: return .init(problem: 403)
            case .resourceExhausted: return .init(problem: 429)
            default: return .init(problem: 503)
            }
        } catch {
            return .init(problem: 503)
        }
    }

    private static func problem(_ status: Int, _ message: String) -> HTTPSEndpoint.Answer {
        .init(status, Array(StrictJSON.object(["error": .string(message)]).text.utf8))
    }

    private func challenge() async throws -> HTTPSEndpoint.Answer {
        let response: Remote_ChallengeResponse = try await call("Challenge", Remote_ChallengeRequest())
        let text = response.challenge.base64EncodedString()
        return .init(200, Array(StrictJSON.object(["challenge": .string(text)]).text.utf8))
    }

    private func certify(_ request: HTTPSEndpoint.Request) async throws -> HTTPSEndpoint.Answer {
        guard let json = try? StrictJSON(request.body), let kind = json["kind"]?.string,
            let evidence = json["evidence"]?.string,
            let challenge = json["challenge"]?.string.flatMap({ Data(base64Encoded: $0) }),
            let key = json["publicKey"]?.string.flatMap({ Data(base64Encoded: $0) }),
            let proof = json["proof"]?.string.flatMap({ Data(base64Encoded: $0) })
        else {
            return Self.problem(400, "expected `kind`, `evidence`, `challenge`, `publicKey` and `proof`")
        }
        var message = Remote_CertifyRequest()
        message.kind = kind
        message.document = Data(evidence.utf8)
        message.challenge = challenge
        message.publicKey = key
        message.proof = proof
        message.remoteAddress = request.remoteAddress
        let response: Remote_CertifyResponse = try await call("Certify", message)
        let svids = response.svids.map { svid -> StrictJSON in
            .object([
                "spiffeID": .string(svid.spiffeID), "hint": .string(svid.hint), "expires": .integer(svid.notAfter),
                "certificates": .array(svid.chain.map { .string($0.base64EncodedString()) }),
            ])
        }
        let bundles = response.bundles.mapValues { StrictJSON.string($0.base64EncodedString()) }
        let answer = StrictJSON.object(["svids": .array(svids), "bundles": .object(bundles)])
        return .init(200, Array(answer.text.utf8))
    }

    private func call<Response: Message>(_ method: String, _ request: some Message) async throws -> Response {
        let client = try await RPCClient.connect(unixSocket: socket, timeout: .seconds(3))
        do {
            let response: Response = try await client.unary(
                "/\(ServiceName.remoteAttestation)/\(method)",
                request,
                timeout: .seconds(10)
            )
            await client.close()
            return response
        } catch {
            await client.close()
            throw error
        }
    }
}
