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
        let upstreamName = wasForwarded ? route?.upstreamName : nil
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
        if worker.context.tellsRequests {
            worker.context.logger.debug(
                "request ended",
                metadata: ["request.id": "\(idText)", "status": "\(status ?? 0)", "ending": "\(ending.rawValue)"]
            )
        }
        if case .none = record.stage { return }
        let timings = CompletionRecord.Timings(
            requestReceived: progress.bodyEndedAt.map { progress.startedAt.nanoseconds(until: $0) },
            upstreamHead: progress.respondedAt.map { progress.startedAt.nanoseconds(until: $0) },
            upstreamBody: progress.answeredAt.map { progress.startedAt.nanoseconds(until: $0) },
            total: total
        )
        // What could not be added is counted by the log, which tells of it.
        _ = try? worker.context.log.append(completionEntry(ending, timings, upstream: upstreamName, at: now))
        if let kept {
            let isRefused = ending == .refused || isAnswerRefused || passage?.notes.isEmpty == false
            worker.context.bodies?.finish(kept, caller: connection.caller?.peer?.id, isRefused: isRefused)
            self.kept = nil
        }
    }

    /// The record of how the request ended as an entry: by copying the last one, where that said the same.
    private func completionEntry(
        _ ending: CompletionRecord.Ending,
        _ timings: CompletionRecord.Timings,
        upstream: String?,
        at now: NIODeadline
    ) -> RecordEntry {
        let time = progress.time(at: now)
        // Whatever else a record can hold makes it one of its own.
        let isPlain = model == nil && usage == nil && passage == nil && !isAnswerRefused
        if isPlain, let recent = worker.recentCompletion,
            recent.isLike(
                status: status,
                bytesReceived: progress.bytesReceived,
                bytesSent: progress.bytesSent,
                upstream: upstream,
                ending: ending
            ), let entry = recent.template.entry(id: id, time: time, timings: timings)
        {
            worker.recentPause.wasUsed()
            return entry
        }
        var record = CompletionRecord(
            id: id,
            time: time,
            node: worker.context.node,
            status: status,
            bytesReceived: progress.bytesReceived,
            bytesSent: progress.bytesSent,
            upstream: upstream,
            timings: timings,
            ending: ending
        )
        record.model = model
        record.guardrail = answerRefusal ?? answerNote
        record.usage = usage?.usage ?? passage?.tokens?.usage
        let entry = record.entry()
        guard isPlain, worker.recentPause.isOver() else { return entry }
        worker.recentCompletion = CompletionTemplate(record, entry).map { RecentCompletion($0, of: record) }
        return entry
    }
}
