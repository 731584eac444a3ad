import Foundation
import Logging
import MutualTLS
import NIOPosix
import SPIFFE
import Synchronization
import ZeroTrust

/// What the inference service knows of customers: it asks the feature store, as itself.
///
/// It keeps its SVID for as long as that lives, as any workload does, and as one would that somebody has taken over: that
/// the SVID was withdrawn shows at the other end.
final class DemoFeatures: Sendable {
    /// Features, or why there are none.
    enum Answer {
        case features(FeatureStoreStandIn.Features)
        case refused(String)
    }

    private let workloadAPI: String
    private let port: Int
    private let logger: Logger
    /// Guards the identity and when it has to be renewed.
    private let held: Mutex<(identity: TLSIdentity, renewal: ContinuousClock.Instant)>

    /// Asks for the service's identity; it has to have one.
    init(workloadAPI: String, port: Int, logger: Logger) async throws {
        self.workloadAPI = workloadAPI
        self.port = port
        self.logger = logger
        let identity = try await DemoIdentity.fetch(workloadAPI: workloadAPI, logger: logger)
        held = Mutex((identity, ContinuousClock.now + Self.interval))
    }

    private static let interval = Duration.seconds(300)

    /// Asks for a customer's features.
    func fetch(_ customer: String) async -> Answer {
        var (identity, renewal) = held.withLock { $0 }
        if renewal < ContinuousClock.now {
            if let fresh = try? await DemoIdentity.fetch(workloadAPI: workloadAPI, logger: logger) { identity = fresh }
            renewal = ContinuousClock.now + Self.interval
            held.withLock { $0 = (identity, renewal) }
        }
        guard let id = try? SPIFFEID(DemoScenario.Workload.featureStore.id) else { return .refused("no such store") }
        let request =
            "GET /v1/features/\(customer) HTTP/1.1\r\nhost: features.ml-features\r\nconnection: close\r\n\r\n"
        let client = RawClient(group: .singletonMultiThreadedEventLoopGroup, host: "127.0.0.1", port: port)
        switch await client.exchange(Array(request.utf8), over: .mutualTLS(identity, expecting: id)) {
        case .answer(200, _, let body, _):
            guard let features = try? JSONDecoder().decode(FeatureStoreStandIn.Features.self, from: Data(body)) else {
                return .refused("the feature store answers something else")
            }
            return .features(features)
        case .answer(let status, _, _, _): return .refused("the feature store answers \(status)")
        case .refused(let reason): return .refused("the feature store refuses this service: \(reason)")
        }
    }
}
