import AuditLog
import Authorization
import Logging
import NIOCore
import Resources
import SPIFFE
import ZeroTrust

/// The record of the decision, and what waits for it.
extension Pipeline {
    /// Adds the record of a decision to the log, and counts it; called once.
    func decided(
        _ decision: Decision?,
        _ exchange: Exchange,
        _ policy: PolicySnapshot,
        latency: UInt64,
        trace: String?,
        refusedFor refusal: String? = nil,
        at now: NIODeadline = .now()
    ) {
        guard let caller = connection.caller else { return }
        let isAllowed = refusal == nil && decision?.outcome == .allow
        let reason = refusal ?? decision?.reason.rawValue ?? "bad_request"
        let entry = decisionEntry(caller, decision, exchange, policy, latency, trace, refusal, progress.time(at: now))
        worker.metrics.countDecision(isAllowed: isAllowed, policy: decision?.rule?.policy ?? "", reason: reason)
        if !isAllowed {
            worker.context.logger.info(
                "request denied",
                metadata: [
                    "request.id": "\(idText)", "spiffe.id": "\(caller.name)", "source": "\(exchange.source.address)",
                    "method": "\(exchange.method)",
                    "path": "\(exchange.path.prefix { $0 != "?" })", "reason": "\(reason)",
                    "policy.rule": "\(decision?.matchedPolicy ?? "none")",
                ]
            )
        }
        record.deadline = now + connection.terms.timeouts.record
        do throws(AuditLogError) {
            record.stage = .pending(try worker.context.log.append(entry))
        } catch {
            notRecorded(error.description)
        }
        if isAwaited { waitForRecord() }
    }

    /// The record of a decision as an entry: by copying one of the caller's last, where that said the same.
    private func decisionEntry(
        _ caller: ClientConnection.Caller,
        _ decision: Decision?,
        _ exchange: Exchange,
        _ policy: PolicySnapshot,
        _ latency: UInt64,
        _ trace: String?,
        _ refusal: String?,
        _ time: Timestamp
    ) -> RecordEntry {
        // Whatever else a record can hold makes it one of its own.
        let isPlain = asking == nil && guarding == nil && tokenIdentity == nil && trace == nil
        if isPlain,
            let template = caller.recent.template(generation.snapshot, exchange, decision, refusedFor: refusal, route)
        {
            return template.entry(id: id, time: time, latency: latency, port: exchange.source.port)
        }
        var record = DecisionRecord(
            id: id,
            time: time,
            node: worker.context.node,
            caller: caller.record,
            source: exchange.source,
            tls: caller.tls,
            request: .init(
                method: exchange.method,
                path: exchange.path,
                authority: exchange.authority,
                headers: exchange.headers,
                destination: exchange.destination
            ),
            outcome: refusal == nil && decision?.outcome == .allow ? .allow : .deny,
            reason: refusal ?? decision?.reason.rawValue ?? "bad_request",
            policy: (decision?.rule).map(DecisionRecord.Policy.init),
            snapshot: policy.digest,
            compatibility: generation.snapshot.configuration.compatibility.rawValue,
            dryRun: decision?.dryRun.map {
                $0.deniedBy == nil && (!$0.hasAllowPolicy || $0.allowedBy != nil) ? .allow : .deny
            },
            latency: latency,
            route: route?.route.name,
            traceparent: trace
        )
        record.audited = decision?.auditedBy.map(DecisionRecord.Policy.init)
        record.provider = asking?.recorded
        record.guardrail = guarding?.recorded
        record.model = guarding?.model
        record.prompt = guarding?.prompt
        record.token = token?.recorded(consulted: policy.engine.consultedClaims)
        let entry = record.entry(with: caller.fragments)
        guard isPlain, caller.recent.wantsAnother(), let template = DecisionTemplate(record, entry) else {
            return entry
        }
        caller.recent.add(
            RecentDecision(template, generation.snapshot, exchange, decision, refusedFor: refusal, route)
        )
        return entry
    }

    /// There will be no record.
    func notRecorded(_ reason: String) {
        record.stage = .failed
        worker.metrics.recordFailures += 1
        worker.context.logger.error(
            "decision not recorded",
            metadata: ["request.id": "\(idText)", "reason": "\(reason)"]
        )
    }

    /// Asks to be called once the record is durable or never will be.
    func waitForRecord() {
        guard case .pending(let index) = record.stage, !record.isWaitedFor else { return }
        record.isWaitedFor = true
        worker.records.add(self, waitingFor: index)
    }

    /// Looks whether the record has become durable, and asks to be called where it has not.
    func lookForRecord() {
        guard case .pending(let index) = record.stage else { return }
        if worker.context.log.durable > index {
            record.stage = .durable
        } else {
            waitForRecord()
        }
    }
}
