import Federation
import Foundation
import Logging
import RPC
import SPIFFE
import Synchronization
import WireProtos
import WorkloadIdentity
import ZeroTrust

/// The parts of federation, joined: endpoints that serve our bundle, a poller that follows those of others, and endpoints
/// at which clouds find the keys of our tokens.
final class FederationProcess: Sendable {
    private struct State {
        var rules = FederationRules()
        var servers: [(endpoint: BundleEndpoint, server: BundleEndpointServer)] = []
        var issuerServers: [OIDCEndpointServer] = []
        var own: SPIFFEBundle?
        var refreshes: UInt64 = 0
    }

    private let settings: Settings
    private let logger: Logger
    private let poller: BundlePoller
    private let shown: ShownIdentities
    /// Guards the rules in force, the servers and what they serve.
    private let state = Mutex(State())
    /// Speaks once the authority's bundles were heard.
    private let heard: AsyncStream<Void>
    private let hear: AsyncStream<Void>.Continuation

    init(settings: Settings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        let socket = settings.adminSocket
        self.poller = BundlePoller(
            report: { try await Self.report($0, $1, to: socket) },
            logger: logger
        )
        self.shown = ShownIdentities(socket: settings.workloadSocket, logger: logger)
        (self.heard, self.hear) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Listens and follows.
    ///
    /// - Throws: ``CommandError`` where an address cannot be listened on.
    func start(_ rules: FederationRules) async throws {
        for endpoint in rules.endpoints {
            let server: BundleEndpointServer
            do {
                server = try await BundleEndpointServer.start(address: endpoint.address, port: endpoint.port)
            } catch {
                throw CommandError(
                    .unreachable,
                    SystemReason.cannotListen(on: "\(endpoint.address)", port: endpoint.port, error)
                )
            }
            state.withLock { $0.servers.append((endpoint, server)) }
            shown.add(endpoint.profile, on: server.endpoint, named: endpoint.name)
            logger.info(
                "bundle endpoint",
                metadata: [
                    "endpoint": "\(endpoint.name)", "port": "\(server.port)", "profile": "\(endpoint.profile.name)",
                ]
            )
        }
        for endpoint in rules.issuerEndpoints { try await serveIssuer(at: endpoint) }
        state.withLock { $0.rules = rules }
        poller.follow(rules.trustDomains)
    }

    private func serveIssuer(at endpoint: OIDCEndpoint) async throws {
        guard let issuer = settings.authority.tokens.issuer else {
            throw CommandError(.usage, "an OIDCEndpoint needs the issuer's URL, `authority.jwtIssuer` of the Settings")
        }
        let server: OIDCEndpointServer
        do {
            server = try await OIDCEndpointServer.start(issuer, address: endpoint.address, port: endpoint.port)
        } catch {
            throw CommandError(
                .unreachable,
                SystemReason.cannotListen(on: "\(endpoint.address)", port: endpoint.port, error)
            )
        }
        state.withLock { $0.issuerServers.append(server) }
        shown.add(
            .web(certificateFile: endpoint.certificateFile, keyFile: endpoint.keyFile),
            on: server.endpoint,
            named: endpoint.name
        )
        logger.info(
            "issuer endpoint",
            metadata: ["endpoint": "\(endpoint.name)", "port": "\(server.port)", "issuer": "\(issuer.url)"]
        )
    }

    func run(until requests: AsyncStream<ProcessLife.Request>, watching watcher: ConfigurationWatcher) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.followBundles() }
            group.addTask { await self.shown.run() }
            group.addTask {
                // Endpoints are told by the latest bundles (SPIFFE Federation §5.2.2.4), which the authority keeps.
                for await _ in self.heard { break }
                await self.poller.run()
            }
            group.addTask {
                var watcher = watcher
                while (try? await watcher.change()) != nil { self.reload() }
            }
            for await request in requests {
                guard request == .reload else { break }
                reload()
            }
            group.cancelAll()
        }
    }

    func stop() async {
        for (_, server) in state.withLock({ $0.servers }) { await server.stop() }
        for server in state.withLock({ $0.issuerServers }) { await server.stop() }
    }

    private func reload() {
        do {
            let rules = try Configuration(settings: settings).federation
            try state.withLock { $0.rules }.requireLive(in: rules)
            state.withLock { $0.rules = rules }
            poller.follow(rules.trustDomains)
            logger.info("federation reloaded", metadata: ["trust_domains": "\(rules.trustDomains.count)"])
        } catch {
            logger.error("configuration refused; the rules in force stay", metadata: ["error": "\(error)"])
        }
    }

    // MARK: What is served

    /// Takes each bundle of the authority's as it comes.
    private func followBundles() async {
        while !Task.isCancelled {
            do { try await watch() } catch is CancellationError { return } catch {
                logger.warning("the authority is not heard; what was heard last stays", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// The authority's bundles are more than a call has otherwise.
    private static let limits = {
        var limits = RPCLimits()
        limits.maximumMessageSize = 256 * 1024 * 1024
        return limits
    }()

    private func watch() async throws {
        let client = try await RPCClient.connect(
            unixSocket: settings.adminSocket,
            limits: Self.limits,
            timeout: .seconds(3)
        )
        do {
            let states: RPCMessages<Federation_State> = try await client.serverStreaming(
                "/\(ServiceName.federation)/Watch",
                Federation_WatchRequest()
            )
            for try await message in states { try take(message) }
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    private func take(_ message: Federation_State) throws {
        var bundles: X509BundleSet = [:]
        for foreign in message.foreign {
            let domain = try TrustDomain(foreign.trustDomain)
            bundles[domain] = try SPIFFEBundle(trustDomain: domain, document: Array(foreign.document)).x509Bundle
        }
        if message.hasOwn {
            let domain = try TrustDomain(message.own.trustDomain)
            let own = try SPIFFEBundle(trustDomain: domain, document: Array(message.own.document))
            bundles[domain] = own.x509Bundle
            state.withLock { $0.own = own }
            serve(own)
        }
        poller.update(bundles)
        hear.yield()
        let isAsked = state.withLock { state in
            defer { state.refreshes = message.refreshes }
            return state.refreshes < message.refreshes
        }
        if isAsked { poller.hurry() }
    }

    /// Serves the bundle at every endpoint, each with how often it asks others to come back.
    private func serve(_ own: SPIFFEBundle) {
        for (endpoint, server) in state.withLock({ $0.servers }) {
            var bundle = own
            bundle.refreshHint = endpoint.refreshHint
            server.serve(Array(bundle.document.utf8))
        }
        let issuerServers = state.withLock { $0.issuerServers }
        guard !issuerServers.isEmpty, let issuer = settings.authority.tokens.issuer else { return }
        do {
            let documents = try OIDCDocuments(issuer: issuer, bundle: JWTBundle(own))
            for server in issuerServers { server.serve(documents) }
        } catch {
            // What no cloud would take is not served in part.
            logger.error("the issuer's documents are not served", metadata: ["error": "\(error)"])
            for server in issuerServers { server.serve(nil) }
        }
    }

    // MARK: What is fetched

    /// Hands over what an endpoint answered.
    private static func report(
        _ relationship: FederatedTrustDomain,
        _ outcome: BundlePoller.Outcome,
        to socket: String
    ) async throws {
        var request = Federation_ReportRequest()
        request.trustDomain = relationship.trustDomain.name
        request.relationship = relationship.relationship
        switch outcome {
        case .document(let bytes): request.document = Data(bytes)
        case .failure(let problem): request.failure = String(problem.prefix(500))
        }
        let client = try await RPCClient.connect(unixSocket: socket, timeout: .seconds(3))
        do {
            let _: Federation_ReportResponse = try await client.unary(
                "/\(ServiceName.federation)/Report",
                request,
                timeout: .seconds(10)
            )
        } catch let status as RPCStatus where status.code == .invalidArgument {
            await client.close()
            throw BundlePoller.Refusal(status.message)
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }
}
