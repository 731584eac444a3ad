import ArgumentParser
import Crypto
import Foundation
import Logging
import MutualTLS
import NIOPosix
import SPIFFE
import WorkloadIdentity
import ZeroTrust

/// `lapwing demo-workload`: one program of the demo; not for people.
struct DemoWorkloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "demo-workload", shouldDisplay: false)

    @Argument(help: "Which program this is.")
    var workload: String

    @Option(help: "The Unix socket to serve on.")
    var socket: String

    @Option(help: "The Unix socket of the Workload API.")
    var workloadAPI: String

    @Option(help: "The port of the gateway in front of the model registry.")
    var registryPort = 0

    @Option(help: "The SHA-256 of the model to load, in hexadecimal.")
    var model = ""

    func run() async throws {
        let logger = Logger(label: "demo.\(workload)")
        let server: LocalHTTPServer
        switch DemoScenario.Workload(rawValue: workload) {
        case .inferenceService:
            let file = try await fetchModel(logger: logger)
            let service = InferenceService(
                model: try TicketModel(file),
                callerHeader: "x-lapwing-spiffe-id"
            )
            server = try await LocalHTTPServer.start(unixSocket: socket, answer: service.answer)
        case .registry:
            let file = PackageResources.model_safetensors
            let digest = SHA256.hash(data: file).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
                .joined()
            let service = RegistryStandIn(digest: digest, file: file)
            server = try await LocalHTTPServer.start(unixSocket: socket, answer: service.answer)
        case .featureStore:
            server = try await LocalHTTPServer.start(unixSocket: socket, answer: FeatureStoreStandIn().answer)
        default: throw CommandError(.usage, "there is no demo workload `\(workload)`")
        }
        ServiceNotifier.notify("READY=1")
        await ProcessLife.untilStopped()
        try await server.stop()
    }

    /// Fetches the model from the registry as this workload, and believes it by its digest alone.
    private func fetchModel(logger: Logger) async throws -> [UInt8] {
        let identity = try await DemoIdentity.fetch(workloadAPI: workloadAPI, logger: logger)
        let request = "GET /models/sha256/\(model) HTTP/1.1\r\nhost: registry.ml-registry\r\nconnection: close\r\n\r\n"
        let registry = try SPIFFEID(DemoScenario.Workload.registry.id)
        let outcome = await RawClient(
            group: .singletonMultiThreadedEventLoopGroup,
            host: "127.0.0.1",
            port: registryPort
        )
        .exchange(Array(request.utf8), over: .mutualTLS(identity, expecting: registry))
        guard case .answer(200, _, let body, _) = outcome else {
            throw CommandError(.unreachable, "the registry did not give the model: \(outcome)")
        }
        let digest = SHA256.hash(data: body).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        guard digest == model else {
            throw CommandError(.unverified, "the registry gave a model with the digest \(digest); expected \(model)")
        }
        return body
    }
}

/// `lapwing demo-call`: sends the bytes on standard input as one workload of the demo; not for people.
struct DemoCallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "demo-call", shouldDisplay: false)

    @Option(help: "The Unix socket of the Workload API.")
    var workloadAPI: String

    @Option(help: "The port to call.")
    var port: Int

    @Option(help: "The SPIFFE ID that the other end must prove.")
    var expecting: String

    /// What the caller of this command reads.
    struct Answer: Codable {
        let status: Int?
        let head: String
        let body: String
        let arrivals: Int
        let refusal: String?
    }

    func run() async throws {
        let logger = Logger(label: "demo.call")
        let identity = try await DemoIdentity.fetch(workloadAPI: workloadAPI, logger: logger)
        let request = (try? FileHandle.standardInput.readToEnd()) ?? Data()
        let outcome = await RawClient(group: .singletonMultiThreadedEventLoopGroup, host: "127.0.0.1", port: port)
            .exchange(Array(request), over: .mutualTLS(identity, expecting: try SPIFFEID(expecting)))
        try StandardOutput.write(json: Answer(outcome))
    }
}

extension DemoCallCommand.Answer {
    init(_ outcome: RawClient.Outcome) {
        switch outcome {
        case .answer(let status, let head, let body, let arrivals):
            self.init(
                status: status,
                head: head,
                body: String(decoding: body, as: UTF8.self),
                arrivals: arrivals,
                refusal: nil
            )
        case .refused(let reason): self.init(status: nil, head: "", body: "", arrivals: 0, refusal: reason)
        }
    }
}

/// This process's own identity, asked of the Workload API once.
enum DemoIdentity {
    static func fetch(workloadAPI: String, logger: Logger) async throws -> TLSIdentity {
        let client = WorkloadAPIClient(endpoint: try WorkloadEndpoint("unix://" + workloadAPI), logger: logger)
        let context = try await client.fetchX509Context()
        return try TLSIdentity(svid: context.defaultSVID, bundles: context.bundles)
    }
}
