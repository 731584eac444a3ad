import Guardrails
import NIOCore
import ZeroTrust

/// The body of the request, on its way to the upstream.
extension Pipeline {
    /// Whether more of the request's body can be taken.
    var canTakeBody: Bool { upstream.map(\.isWritable) ?? outgoing.hasRoom }

    /// Whether the request's answer is decided, so that the rest of its body is of no use.
    var isAnswered: Bool {
        if case .local = answer { return true }
        return false
    }

    /// Takes a run of the body, as it came.
    func takeBody(_ bytes: ByteBuffer, content: Int, at now: NIODeadline = .now()) {
        progress.bytesReceived += UInt64(content)
        progress.last = now
        kept?.takeRequest(bytes, content: content)
        if let guarding, guarding.isOpen { return bodyGrew(guarding, bytes) }
        outgoing.take(bytes)
        if let asking { bodyGrew(asking) }
    }

    /// The body is whole.
    func endBody(at now: NIODeadline = .now()) {
        progress.bodyEndedAt = now
        guard isAnswered == false else { return }
        if let guarding, guarding.isOpen { return judge(guarding) }
        if let asking { bodyGrew(asking) }
        if upstream != nil { sendPending() }
    }

    /// The body cannot be read, or is too large.
    func breakBody(_ refusal: HTTP1Refusal) {
        keepsAlive = false
        if let guarding, guarding.isOpen {
            abortUpstream()
            return refuse(
                guarding,
                DialectRefusal(status: refusal.status, rule: refusal.code.rawValue, message: "the body cannot be read")
            )
        }
        giveUpWaiting(refusal.code.rawValue)
        abortUpstream()
        if case .streaming = answer { return end(.badRequest, aborts: true) }
        answer(status: refusal.status, ending: .badRequest)
    }

    /// Sends what waits for the upstream, in one go.
    func sendPending() {
        guard let upstream else { return }
        let isWhole = connection.requestBody?.isComplete == true
        if isWhole { upstream.requestEnded() }
        guard !outgoing.isEmpty else { return }
        guarding?.letGo()
        let head = outgoing.head.take()
        if let head { upstream.send(head: head, isWhole: outgoing.further.isEmpty && isWhole) }
        for bytes in outgoing.further { upstream.send(bytes) }
        outgoing.bodySent()
        upstream.flush()
        if let head { worker.spareHeads.give(head) }
    }
}
