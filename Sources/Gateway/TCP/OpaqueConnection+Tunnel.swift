import Authorization
import Logging
import MutualTLS
import NIOCore
import SPIFFE
import ZeroTrust

/// The upstream, and the bytes in both directions, each as fast as the other side takes them.
extension OpaqueConnection {
    /// The permit is used up, and the upstream called.
    func connect(with permit: consuming Permit) {
        permit.redeem()
        guard let context, let goal = passage?.upstream else { return end(.clientLeft) }
        guard worker.context.opaqueConnections.add(goal.name, limit: goal.maximumConnections) else {
            unreachable("it has as many connections as it may")
            return end(.upstreamUnreachable)
        }
        wasForwarded = true
        worker.metrics.countOpened(source: caller?.name ?? "", upstream: goal.name)
        lastMove = .now()
        let upstream = OpaqueUpstream(client: self, isVerified: !goal.isMutualTLS)
        phase = .connecting(upstream)
        upstream.connect(to: goal, as: worker.context.identity, on: context.eventLoop)
    }

    private func unreachable(_ reason: String) {
        worker.metrics.upstreamFailures += 1
        worker.context.logger.warning(
            "upstream unreachable",
            metadata: ["upstream": "\(passage?.upstream.name ?? "")", "reason": "\(reason)"]
        )
    }

    // MARK: What the upstream tells

    /// Its other end is reached, and is who it has to be.
    func upstreamReady(_ upstream: OpaqueUpstream) {
        guard case .connecting(let current) = phase, current === upstream else { return upstream.close() }
        worker.metrics.upstreamConnects += 1
        phase = .tunnel(upstream)
        lastMove = .now()
        let bytes = inbox
        inbox = ByteBuffer()
        if bytes.readableBytes > 0 { forward(bytes, to: upstream) }
        upstream.flush()
        if inputEnded { upstream.endOutput() }
        resumeReading()
    }

    func upstreamRead(_ bytes: ByteBuffer, from upstream: OpaqueUpstream) {
        guard case .tunnel(let current) = phase, current === upstream else { return }
        lastMove = .now()
        if progress.answeredAt == nil { progress.answeredAt = lastMove }
        progress.bytesSent += UInt64(bytes.readableBytes)
        write(bytes)
    }

    /// It sends no more.
    func upstreamEnded(_ upstream: OpaqueUpstream) {
        guard case .tunnel(let current) = phase, current === upstream else { return }
        lastMove = .now()
        if inputEnded { return finish() }
        endOutput()
    }

    func upstreamClosed(_ upstream: OpaqueUpstream, because reason: String?) {
        switch phase {
        case .connecting(let current) where current === upstream:
            unreachable(reason ?? "the connection was closed")
            end(.upstreamUnreachable)
        case .tunnel(let current) where current === upstream:
            flush()
            if reason == nil { return finish() }
            worker.metrics.upstreamFailures += 1
            end(.upstreamDied)
        default: return
        }
    }

    /// Who is at the other end of the upstream's connection, where that had to be proved.
    var upstreamPeer: Peer? {
        if case .tunnel(let upstream) = phase { upstream.peer } else { nil }
    }

    // MARK: What the client sends

    func forward(_ bytes: ByteBuffer, to upstream: OpaqueUpstream) {
        lastMove = .now()
        progress.bytesReceived += UInt64(bytes.readableBytes)
        upstream.write(bytes)
    }

    /// The client sends no more; the upstream may.
    func clientEnded() {
        guard !inputEnded else { return }
        inputEnded = true
        progress.clientEndedAt = .now()
        guard case .tunnel(let upstream) = phase else { return }
        lastMove = .now()
        if upstream.inputEnded { return finish() }
        upstream.endOutput()
    }

    /// Both have said everything: what is written leaves before the connections close.
    func finish() {
        guard case .tunnel(let upstream) = phase, !isFinishing else { return }
        isFinishing = true
        let bound = NIOLoopBound(self, eventLoop: worker.eventLoop)
        EventLoopFuture.andAllComplete(
            [upstream.endOutput(), endOutput()].compactMap { $0 },
            on: worker.eventLoop
        ).whenComplete { _ in bound.value.end(.complete) }
    }
}
