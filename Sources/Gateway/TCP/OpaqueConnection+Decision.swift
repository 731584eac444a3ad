import AuditLog
import Authorization
import Logging
import MutualTLS
import NIOCore
import SPIFFE
import ZeroTrust

/// May it? One decision, its record, and the record of the end.
extension OpaqueConnection {
    func decide(_ connection: TCPConnection, of caller: ClientConnection.Caller) {
        let snapshot = worker.current.snapshot
        guard let passage = Passage(from: listener.current, in: snapshot.configuration) else {
            // A reload has taken away what it came for.
            worker.refused("policy_changed", from: context?.remoteAddress)
            return end(.policyChanged)
        }
        self.passage = passage
        attributes = connection
        judge(connection, of: caller, by: snapshot)
    }

    /// Puts a connection to the policies; where a provider has to be asked first, this comes a second time, with its answer.
    func judge(
        _ connection: TCPConnection,
        of caller: ClientConnection.Caller,
        by snapshot: GatewaySnapshot,
        answer: ExternalAnswer? = nil,
        asking: OpaqueAsking? = nil
    ) {
        let before = NIODeadline.now()
        let authorization = snapshot.policy.engine.authorize(caller.peer, connection, answer: answer)
        let latency = before.nanoseconds(until: .now())
        worker.metrics.decisionDuration.observe(latency)
        switch consume authorization {
        case .allow(let permit):
            phase = .recording(.allowed)
            decided(permit.decision, connection, caller, snapshot, latency, asking)
            self.permit = .some(consume permit)
        case .deny(let denial):
            phase = .recording(.refused)
            decided(denial.decision, connection, caller, snapshot, latency, asking)
        case .ask(let question):
            if answer == nil, let provider = provider(of: question, in: snapshot) {
                return ask(OpaqueAsking(provider, question, connection, caller, snapshot))
            }
            // Without one that can be asked it is refused.
            phase = .recording(.refused)
            decided(question.decision, connection, caller, snapshot, latency)
        }
        waitForRecord()
    }

    func decided(
        _ decision: Decision,
        _ connection: TCPConnection,
        _ caller: ClientConnection.Caller,
        _ snapshot: GatewaySnapshot,
        _ latency: UInt64,
        _ asking: OpaqueAsking? = nil
    ) {
        let isAllowed = decision.outcome == .allow
        var entry = DecisionRecord(
            id: connection.id,
            time: .now(),
            node: worker.context.node,
            caller: caller.record,
            source: connection.source,
            tls: caller.tls,
            request: .init(
                method: DecisionRecord.connectionMethod,
                path: "",
                authority: "",
                destination: connection.destination
            ),
            outcome: isAllowed ? .allow : .deny,
            reason: decision.reason.rawValue,
            policy: decision.rule.map(DecisionRecord.Policy.init),
            snapshot: snapshot.policy.digest,
            compatibility: snapshot.configuration.compatibility.rawValue,
            dryRun: decision.dryRun.map {
                $0.deniedBy == nil && (!$0.hasAllowPolicy || $0.allowedBy != nil) ? .allow : .deny
            },
            latency: latency,
            route: listener.current.name
        )
        entry.provider = asking?.recorded
        entry.audited = decision.auditedBy.map(DecisionRecord.Policy.init)
        worker.metrics.countDecision(
            isAllowed: isAllowed,
            policy: decision.rule?.policy ?? "",
            reason: decision.reason.rawValue
        )
        if !isAllowed {
            worker.context.logger.info(
                "connection denied",
                metadata: [
                    "request.id": "\(connection.id)", "spiffe.id": "\(caller.name)",
                    "source": "\(connection.source.address)", "listener": "\(listener.current.name)",
                    "reason": "\(decision.reason.rawValue)", "policy.rule": "\(decision.matchedPolicy)",
                ]
            )
        }
        record.deadline = .now() + terms.timeouts.record
        do throws(AuditLogError) {
            record.stage = .pending(try worker.context.log.append(entry.encoded()))
        } catch {
            notRecorded(error.description)
        }
    }

    private func notRecorded(_ reason: String) {
        record.stage = .failed
        worker.metrics.recordFailures += 1
        worker.context.logger.error(
            "decision not recorded",
            metadata: ["request.id": "\(attributes.map { "\($0.id)" } ?? "")", "reason": "\(reason)"]
        )
    }

    private func waitForRecord() {
        guard case .pending(let index) = record.stage else { return end(.notRecorded) }
        worker.records.add(self, waitingFor: index)
    }

    /// The decision's record is durable, or never will be.
    func recorded(isDurable: Bool) {
        guard case .recording(let verdict) = phase else { return }
        guard isDurable else {
            notRecorded("the audit log did not take it")
            return end(.notRecorded)
        }
        record.stage = .durable
        guard verdict == .allowed, let permit = permit.take() else { return end(.refused) }
        connect(with: permit)
    }

    /// A connection has no second request to be decided on: one that stands is put to each new policy.
    func isAdmitted(by policy: PolicySnapshot) -> Bool {
        guard let attributes else { return true }
        guard policy.admits(caller, to: attributes.destination) else { return false }
        if case .recording(.refused) = phase { return true }
        // The question was another configuration's, and so is the answer to it.
        if case .asking = phase { return false }
        let decision = policy.engine.evaluate(
            Attributes(
                connectionOf: caller?.peer.map { Caller($0) } ?? .anonymous,
                source: attributes.source.address,
                destination: attributes.destination,
                serverName: attributes.serverName
            )
        )
        return decision.outcome == .allow
    }

    /// Its bytes may go on to where they go: the upstream is still there, and still the listener's where that is.
    func isServed(by configuration: GatewayConfiguration) -> Bool {
        guard let passage else { return true }
        if case .recording(.refused) = phase { return true }
        let isThere = configuration.upstreams.contains {
            $0.name == passage.upstream.name && $0.transport == passage.upstream.transport && $0.model == nil
        }
        guard isThere else { return false }
        // The connections of a listener that is gone drain.
        guard let now = configuration.listener(at: BoundListener.Place(listener.current)) else { return true }
        guard case .tcp(let service) = now.service else { return false }
        return service.upstream == passage.upstream.name
    }

    /// Records and counts the end of the connection; called once.
    func complete(_ ending: CompletionRecord.Ending) {
        let total = progress.startedAt.nanoseconds(until: .now())
        worker.metrics.bytesReceived += progress.bytesReceived
        worker.metrics.bytesSent += progress.bytesSent
        let name = caller?.name ?? ""
        if wasForwarded, let upstream = passage?.upstream {
            worker.metrics.countClosed(source: name, upstream: upstream.name)
            worker.context.opaqueConnections.remove(upstream.name)
        }
        guard let attributes else { return }
        worker.context.logger.debug(
            "connection ended",
            metadata: ["request.id": "\(attributes.id)", "ending": "\(ending.rawValue)"]
        )
        let entry = CompletionRecord(
            id: attributes.id,
            time: .now(),
            node: worker.context.node,
            status: nil,
            bytesReceived: progress.bytesReceived,
            bytesSent: progress.bytesSent,
            upstream: wasForwarded ? passage?.upstream.name : nil,
            timings: .init(
                requestReceived: progress.clientEndedAt.map { progress.startedAt.nanoseconds(until: $0) },
                upstreamHead: progress.answeredAt.map { progress.startedAt.nanoseconds(until: $0) },
                total: total
            ),
            ending: ending
        )
        // What could not be added is counted by the log, which tells of it.
        _ = try? worker.context.log.append(entry.encoded())
    }
}

extension OpaqueConnection.Passage {
    /// Where a listener's connections go by a configuration; nil where it has no such listener of the protocol TCP.
    fileprivate init?(from listener: Listener, in configuration: GatewayConfiguration) {
        guard let listener = configuration.listener(at: BoundListener.Place(listener)),
            case .tcp(let service) = listener.service,
            let upstream = configuration.upstreams.first(where: { $0.name == service.upstream }),
            // What nobody here reads is asked for no model; a configuration made in code may want that all the same.
            upstream.model == nil
        else { return nil }
        self.init(service: service, upstream: upstream)
    }
}

extension GatewayConfiguration {
    /// The listener that a socket belongs to.
    fileprivate func listener(at place: BoundListener.Place) -> Listener? {
        listeners.first { BoundListener.Place($0) == place }
    }
}
