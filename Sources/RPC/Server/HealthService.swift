import SwiftProtobuf
import Synchronization
public import WireProtos

/// The gRPC health check: what is served, and whether it is in order.
///
/// ```swift
/// let health = HealthService()
/// let server = RPCServer(services: [workloadAPI, health.service])
/// health.set(.serving, for: ServiceName.workloadAPI)
/// ```
public final class HealthService: Sendable {
    /// How a service is.
    public typealias Status = Health_HealthCheckResponse.ServingStatus

    private struct State {
        /// By the service's name; the empty one is the whole server.
        var statuses: [String: Status] = ["": .serving]
        var nextWatcher: UInt64 = 0
        var watchers: [UInt64: (service: String, continuation: AsyncStream<Status>.Continuation)] = [:]
    }

    /// Guards the statuses and those who watch them.
    private let state = Mutex(State())

    /// Makes a health check that says that the whole server serves.
    public init() {}

    /// Says how a service is; the empty name is the whole server.
    public func set(_ status: Status, for service: String = "") {
        self.state.withLock { state in
            state.statuses[service] = status
            for watcher in state.watchers.values where watcher.service == service {
                watcher.continuation.yield(status)
            }
        }
    }

    /// The service to hand to a server.
    public var service: RPCService {
        RPCService(
            ServiceName.health,
            methods: [
                .unaryInline("Check") { (request: Health_HealthCheckRequest, _) in
                    guard let status = self.state.withLock({ $0.statuses[request.service] }) else {
                        throw RPCStatus(.notFound, "the service `\(request.service)` is not known")
                    }
                    return Health_HealthCheckResponse.with { $0.status = status }
                },
                .serverStreaming("Watch") {
                    (request: Health_HealthCheckRequest, _, writer: RPCWriter<Health_HealthCheckResponse>) in
                    var last: Status?
                    for await status in self.watch(request.service) where status != last {
                        last = status
                        try await writer.write(.with { $0.status = status })
                    }
                },
            ]
        )
    }

    private func watch(_ service: String) -> AsyncStream<Status> {
        // Only the newest matters to somebody who is behind.
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let id = self.state.withLock { state in
                state.nextWatcher += 1
                state.watchers[state.nextWatcher] = (service, continuation)
                continuation.yield(state.statuses[service] ?? .serviceUnknown)
                return state.nextWatcher
            }
            continuation.onTermination = { [weak self] _ in
                self?.state.withLock { $0.watchers[id] = nil }
            }
        }
    }
}
