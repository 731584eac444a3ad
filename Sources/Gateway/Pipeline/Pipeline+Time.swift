import Authorization
import NIOCore
import ZeroTrust

/// How long a request may take, and when there is room again for what it sends or is sent.
extension Pipeline {
    func clientWritabilityChanged() {
        if connection.isWritable { upstream?.resumeReading() }
    }

    func upstreamWritable() {
        progress.measure(from: .now())
        connection.resumeBody()
    }

    private func isBodyTooSlow(_ now: NIODeadline) -> Bool {
        progress.isBodyTooSlow(
            now,
            rate: connection.terms.limits.minimumBodyRate,
            grace: connection.terms.timeouts.body
        )
    }

    /// Ends an answer under way, or a tunnel, that stands on a token which was revoked meanwhile.
    private func endIfTokenRevoked() -> Bool {
        guard let tokenIdentity, case .streaming = answer,
            generation.snapshot.policy.tokens?.isRevoked(tokenIdentity) == true
        else { return false }
        abortUpstream()
        end(.revoked, aborts: true)
        return true
    }

    /// Looks whether something takes too long.
    func check(_ now: NIODeadline) {
        guard !isOver else { return }
        if case .pending(let index) = record.stage, record.deadline <= now {
            return recorded(isDurable: worker.context.log.durable > index)
        }
        if case .local = answer { return }
        if isTunnel, endTunnelIfOutlived(now) { return }
        if endIfTokenRevoked() { return }
        let isBodyWhole = connection.requestBody?.isComplete != false
        switch answer {
        case .streaming:
            let limit =
                connection.isWritable
                ? route.map { TimeAmount($0.route.streamTimeout) } : connection.terms.timeouts.body
            guard let limit, progress.last + limit <= now else { return }
            abortUpstream()
            end(.timedOut, aborts: true)
        case .none where !isBodyWhole && canTakeBody:
            guard progress.last + connection.terms.timeouts.body <= now || isBodyTooSlow(now) else { return }
            keepsAlive = false
            giveUpWaiting(CompletionRecord.Ending.timedOut.rawValue)
            abortUpstream()
            answer(status: 408, ending: .timedOut)
        case .none where isAsking && asking?.isAsked == false:
            // Nothing else measures how long a provider waits for what it is to see.
            guard progress.last + connection.terms.timeouts.body <= now else { return }
            keepsAlive = false
            giveUpWaiting(CompletionRecord.Ending.timedOut.rawValue)
            answer(status: 408, ending: .timedOut)
        case .none where upstream != nil:
            guard let route, progress.last + TimeAmount(route.route.responseTimeout) <= now else { return }
            abortUpstream()
            answer(status: 504, ending: .timedOut)
        default: break
        }
    }
}
