import ArgumentParser
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

    @Option(help: "The port of the gateway in front of the feature store.")
    var featurePort = 0

    func run() async throws {
        let logger = Logger(label: "demo.\(workload)")
        let server: LocalHTTPServer
        switch DemoScenario.Workload(rawValue: workload) {
        case .inferenceService:
            let service = InferenceService(
                model: try TicketModel(try Self.model()),
                callerHeader: "x-lapwing-spiffe-id"
            )
            let features = try await DemoFeatures(workloadAPI: workloadAPI, port: featurePort, logger: logger)
            server = try await LocalHTTPServer.start(unixSocket: socket) { await service.answer($0, with: features) }
        case .featureStore:
            server = try await LocalHTTPServer.start(unixSocket: socket, answer: FeatureStoreStandIn().answer)
        default: throw CommandError(.usage, "there is no demo workload `\(workload)`")
        }
        ServiceNotifier.notify("READY=1")
        await ProcessLife.untilStopped()
        try await server.stop()
    }

    /// The model's file, where the loader says that its verified bytes are.
    private static func model() throws -> [UInt8] {
        guard let folder = ProcessInfo.processInfo.environment["LAPWING_MODEL_PATH"] else {
            throw CommandError(.usage, "the inference service is started by `lapwing model run`")
        }
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/model.safetensors")))
        } catch {
            throw CommandError(.unverified, "the model cannot be read: \(SystemReason.of(error))")
        }
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
