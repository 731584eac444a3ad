import Federation
import Logging
import RPC
import SPIFFE
import Synchronization
import WorkloadIdentity
import ZeroTrust

/// What endpoints for strangers show of themselves: SVIDs as the Workload API gives them, or certificates in files.
final class ShownIdentities: Sendable {
    private typealias Shown = (profile: BundleEndpoint.Profile, endpoint: HTTPSEndpoint, name: String)

    /// How long to wait before the Workload API is asked again.
    private let pause: Duration

    private let socket: String
    private let logger: Logger
    /// Guards the endpoints.
    private let endpoints = Mutex<[Shown]>([])

    init(socket: String, pause: Duration = .seconds(5), logger: Logger) {
        self.pause = pause
        self.socket = socket
        self.logger = logger
    }

    /// Shows on an endpoint what its profile says, as soon as there is something.
    func add(_ profile: BundleEndpoint.Profile, on endpoint: HTTPSEndpoint, named name: String) {
        endpoints.withLock { $0.append((profile, endpoint, name)) }
        showFiles()
    }

    /// Follows what is to be shown until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.followIdentity() }
            group.addTask {
                // Certificates of the web are renewed in place.
                while (try? await Task.sleep(for: .seconds(30))) != nil { self.showFiles() }
            }
        }
    }

    private func followIdentity() async {
        let wanted = endpoints.withLock { $0 }.compactMap { shown -> (SPIFFEID, HTTPSEndpoint)? in
            guard case .spiffe(let id) = shown.profile else { return nil }
            return (id, shown.endpoint)
        }
        guard !wanted.isEmpty else { return }
        let place: WorkloadEndpoint
        do { place = try WorkloadEndpoint("unix://" + socket) } catch { return tell("\(error)") }
        let client = WorkloadAPIClient(endpoint: place, logger: logger)
        // What ends the stream once must not end the renewal of what is shown.
        while !Task.isCancelled {
            do {
                for try await event in client.events() { show(event, on: wanted) }
            } catch {
                logger.error("workload api ended; it is asked again", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
        }
    }

    private func show(_ event: WorkloadAPIClient.Event, on wanted: [(SPIFFEID, HTTPSEndpoint)]) {
        switch event {
        case .context(let context):
            for (id, endpoint) in wanted {
                guard let svid = context.svids.first(where: { $0.id == id }) else {
                    endpoint.hide()
                    tell("no entry gives this process `\(id)`")
                    continue
                }
                do { try endpoint.show(svid) } catch {
                    logger.error(
                        "identity of an endpoint not shown; the one before stays",
                        metadata: ["spiffe.id": "\(id)", "error": "\(error)"]
                    )
                }
            }
        case .denied(let status):
            for (_, endpoint) in wanted { endpoint.hide() }
            tell(status.message)
        case .interrupted(let error):
            logger.debug("workload api interrupted", metadata: ["error": "\(error)"])
        }
    }

    private func tell(_ problem: String) {
        logger.error(
            "endpoint has no identity",
            metadata: ["error": "\(problem)", "mend": "add a WorkloadEntry that fits this process"]
        )
    }

    private func showFiles() {
        for shown in endpoints.withLock({ $0 }) {
            guard case .web(let certificateFile, let keyFile) = shown.profile else { continue }
            do { try shown.endpoint.show(certificateFile: certificateFile, keyFile: keyFile) } catch {
                logger.error(
                    shown.endpoint.isShown
                        ? "certificate of an endpoint not read; the one before stays"
                        : "certificate of an endpoint not read; every connection is closed until it is",
                    metadata: ["endpoint": "\(shown.name)", "error": "\(error)"]
                )
            }
        }
    }
}
