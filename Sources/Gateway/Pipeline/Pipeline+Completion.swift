import AuditLog
import Guardrails
import Logging
import NIOCore
import SPIFFE
import ZeroTrust

/// The record of how a request ended, and what is counted of it.
extension Pipeline {
    /// Records and counts the end of the request; called once.
    func complete(_ ending: CompletionRecord.Ending, at now: NIODeadline) {
        guarding?.end()
        progress.endedAt = now
        let total = progress.startedAt.nanoseconds(until: now)
        let upstreamName =
            wasForwarded ? route.map { generation.snapshot.configuration.upstreams[$0.upstream].name } : nil
        worker.metrics.requestDuration.observe(total)
        worker.metrics.bytesReceived += progress.bytesReceived
        worker.metrics.bytesSent += progress.bytesSent
        if let caller = connection.caller {
            worker.metrics.countRequest(
                source: caller.name,
                upstream: upstreamName ?? "",
                status: status ?? 0
            )
            worker.metrics.countDuration(source: caller.name, status: status ?? 0, total)
        }
        worker.context.logger.debug(
            "request ended",
            metadata: ["request.id": "\(idText)", "status": "\(status ?? 0)", "ending": "\(ending.rawValue)"]
        )
        if case .none = record.stage { return }
        var entry = CompletionRecord(
            id: id,
            time: progress.time(at: now),
            node: worker.context.node,
            status: status,
            bytesReceived: progress.bytesReceived,
            bytesSent: progress.bytesSent,
            upstream: upstreamName,
            timings: .init(
                requestReceived: progress.bodyEndedAt.map { progress.startedAt.nanoseconds(until: $0) },
                upstreamHead: progress.respondedAt.map { progress.startedAt.nanoseconds(until: $0) },
                upstreamBody: progress.answeredAt.map { progress.startedAt.nanoseconds(until: $0) },
                total: total
            ),
            ending: ending
        )
        entry.model = model
        entry.guardrail = answerRefusal ?? answerNote
        entry.usage = usage?.usage ?? passage?.tokens?.usage
        // What could not be added is counted by the log, which tells of it.
        _ = try? worker.context.log.append(written(entry))
        if let kept {
            let isRefused = ending == .refused || entry.guardrail != nil
            worker.context.bodies?.finish(kept, caller: connection.caller?.peer?.id, isRefused: isRefused)
            self.kept = nil
        }
    }

    /// A completion record as an entry: by copying the last one, where that said the same.
    private func written(_ record: CompletionRecord) -> RecordEntry {
        if let recent = worker.recentCompletion, recent.isLike(record),
            let entry = recent.template.entry(id: record.id, time: record.time, timings: record.timings)
        {
            worker.recentPause.wasUsed()
            return entry
        }
        let entry = record.entry()
        guard RecentCompletion.isPlain(record), worker.recentPause.isOver() else { return entry }
        worker.recentCompletion = CompletionTemplate(record, entry).map { RecentCompletion($0, of: record) }
        return entry
    }
}
