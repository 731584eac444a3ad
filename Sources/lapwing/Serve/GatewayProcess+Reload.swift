import AuditLog
import Gateway
import IssuerKeys
import Kubernetes
import Logging
import Resources
import Synchronization
import ZeroTrust

/// Another configuration, put in force under load: whole or not at all.
extension GatewayProcess {
    /// What is ready to be put in force, gateway by gateway.
    private struct Prepared {
        var kept: [(server: GatewayServer, part: PreparedConfiguration)] = []
        var added: [(name: String, server: GatewayServer, part: PreparedConfiguration)] = []
        var outbound: [PreparedEgressServer] = []
    }

    /// Reads the configuration again; returns how it went, or nil where a file changed and its content did not.
    @discardableResult
    func reload(_ request: ReloadRequest) async -> ConfigurationAttempt? {
        let before = running.withLock { $0.configuration }
        var attempt = ConfigurationAttempt(
            id: RequestID(milliseconds: Timestamp.now().milliseconds, random: .random(in: 0 ... .max)),
            time: .now(),
            trigger: request.trigger,
            actor: request.actor,
            outcome: .applied,
            old: before.digest,
            new: nil
        )
        do {
            let sources = try ResourceLoader.sources(path: settings.config.value)
            let digest = Configuration.digest(of: sources)
            attempt.new = digest
            if request.trigger == .file, digest == before.digest, history.status.isSettled { return nil }
            try await apply(try Configuration(settings: settings, sources: sources), after: before)
        } catch {
            attempt.outcome = .refused
            attempt.reason = Self.reason(of: error)
            attempt.problem = Self.words(for: error)
        }
        attempt.time = .now()
        conclude(attempt)
        return attempt
    }

    private func conclude(_ attempt: ConfigurationAttempt) {
        history.add(attempt)
        var metadata: Logger.Metadata = [
            "record.id": "\(attempt.id)", "trigger": "\(attempt.trigger.rawValue)", "old": "\(attempt.old)",
            "digest": "\(attempt.new ?? "")",
        ]
        if let actor = attempt.actor { metadata["admin.caller"] = "\(actor)" }
        if let problem = attempt.problem {
            metadata["reason"] = "\(attempt.reason ?? "")"
            metadata["error"] = "\(problem)"
            logger.error("configuration refused; the one in force stays", metadata: metadata)
        } else {
            logger.notice("configuration reloaded", metadata: metadata)
        }
        do { _ = try log.append(attempt.record(of: settings.config.value, node: settings.node.value).encoded()) } catch
        {
            logger.error("configuration change not recorded", metadata: ["error": "\(error)"])
        }
    }

    private static func reason(of error: any Error) -> String {
        switch error {
        case is ListenerUnavailable: "listener"
        case is NotLive: "not_live"
        case let error as CommandError where error.status == .unreachable: "identity"
        default: "invalid"
        }
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case let error as ResourceError: error.diagnostics.map(\.description).joined(separator: "\n")
        case let error as CommandError: error.message
        default: "\(error)"
        }
    }

    // MARK: From one to the next

    private func apply(_ next: Configuration, after before: Configuration) async throws {
        try before.settings.resource.requireUnchanged(in: try SettingsResource(next.documents))
        try before.federation.requireLive(in: next.federation)
        guard before.kubernetes == next.kubernetes else {
            throw NotLive(["the `KubernetesAttestation` cannot change while Lapwing runs"])
        }
        guard before.auditPolicy.fullDisk == next.auditPolicy.fullDisk else {
            throw NotLive(["`fullDisk` of the `AuditPolicy` cannot change while Lapwing runs"])
        }
        guard !next.gateways.isEmpty else { throw NotLive(["the last `Gateway` cannot go while Lapwing runs"]) }
        let servers = running.withLock { $0.servers }
        for gateway in next.gateways {
            guard let old = before.gateways.first(where: { $0.name == gateway.name }) else { continue }
            let ids = try [old, gateway].map { try $0.identity(in: settings.trustDomain.value) }
            guard ids[0] == ids[1] else {
                throw NotLive(["the gateway `\(gateway.name)` cannot become `\(ids[1])`: it answers as `\(ids[0])`"])
            }
        }
        try await identities.require(next.gateways)
        var prepared = Prepared()
        do {
            try await prepare(next, servers, &prepared)
        } catch {
            for (server, part) in prepared.kept { await server.abandon(part) }
            for (_, server, part) in prepared.added {
                await server.abandon(part)
                await server.drain(within: .zero)
            }
            await egress.abandon(prepared.outbound)
            try identities.retain(before.gateways)
            throw error
        }
        await commit(prepared, next, servers)
    }

    /// Does everything that can fail, and changes nothing for anybody.
    private func prepare(
        _ next: Configuration,
        _ servers: [String: GatewayServer],
        _ prepared: inout Prepared
    ) async throws {
        for gateway in next.gateways {
            if let server = servers[gateway.name] {
                let policy = try snapshot(for: gateway, of: next)
                prepared.kept.append((server, try await server.prepare(configuration: gateway, policy: policy)))
            } else {
                let server = try makeServer(for: gateway, of: next)
                prepared.added.append((gateway.name, server, try await server.prepareStart()))
            }
        }
        for gateway in next.gateways where gateway.egress != nil {
            let identity = try identities.identity(of: gateway)
            prepared.outbound.append(try await egress.prepare(gateway, of: next, identity: identity))
        }
    }

    private func commit(_ prepared: Prepared, _ next: Configuration, _ servers: [String: GatewayServer]) async {
        let gone = servers.filter { name, _ in !next.gateways.contains { $0.name == name } }
        running.withLock { running in
            running.configuration = next
            running.servers = running.servers.filter { gone[$0.key] == nil }
            // Their connections can be revisited from their first listener on.
            for (name, server, _) in prepared.added { running.servers[name] = server }
        }
        bodies.policy = next.auditPolicy.bodies
        for (server, part) in prepared.kept { await server.commit(part) }
        for (_, server, part) in prepared.added { await server.commit(part) }
        // The configuration could not have been read with sources that are none.
        do { issuerKeys.follow(try next.keySources()) } catch {
            logger.error("the keys of token issuers go on as before", metadata: ["error": "\(error)"])
        }
        let outbound = await egress.commit(prepared.outbound)
        for warning in next.warnings { logger.warning("configuration", metadata: ["warning": "\(warning)"]) }
        await withTaskGroup(of: Void.self) { group in
            for server in gone.values { group.addTask { await server.drain(within: .seconds(20)) } }
            for server in outbound { group.addTask { await server.drain(within: .seconds(5)) } }
        }
        // Their last requests are over.
        do { try identities.retain(next.gateways) } catch {
            logger.error("TLS goes on as before", metadata: ["error": "\(error)"])
        }
    }
}
