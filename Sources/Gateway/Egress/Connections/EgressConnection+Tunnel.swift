import Logging
import MutualTLS
import NIOCore
import ZeroTrust

/// The bytes of TLS that passes through, in both directions, each as fast as the other side takes them.
extension EgressConnection {
    func startTunnel(_ upstream: EgressUpstream) {
        phase = .tunnel(upstream)
        // The ClientHello that was judged, byte for byte; what follows waits for the server's answer.
        if let hello = inbox.readSlice(length: helloLength) {
            record?.bytesReceived += UInt64(hello.readableBytes)
            upstream.write(hello)
        }
        upstream.flush()
        forward()
        resumeReading()
    }

    /// Passes on what the caller sent.
    func forward() {
        guard case .tunnel(let upstream) = phase else { return }
        if inbox.readableBytes > 0 {
            switch watch?.client(inbox.readableBytesView) ?? .pass {
            case .pass:
                let bytes = inbox
                inbox = ByteBuffer()
                record?.bytesReceived += UInt64(bytes.readableBytes)
                upstream.write(bytes)
                touch()
                if inputEnded { upstream.flush() }
            case .hold: return
            case .refuse: return refuseSecondHello(upstream)
            }
        }
        guard inputEnded else { return }
        if upstream.inputEnded { return finishTunnel() }
        upstream.endOutput()
    }

    /// The first ClientHello was allowed, and the second is not: that is a decision, and has a record, of its own.
    private func refuseSecondHello(_ upstream: EgressUpstream) {
        guard let first = record else { return end(.refused) }
        var second = EgressRecord(id: egress.shared.makeID(), startedAt: .now(), source: source)
        second.method = first.method
        second.authority = first.authority
        second.caller = first.caller
        second.entry = first.entry
        second.destination = first.destination
        upstream.close()
        complete(.refused)
        record = second
        refuse(EgressRefusal.Reason.secondClientHello.rawValue, status: 403, ending: .refused)
    }

    func upstreamRead(_ bytes: ByteBuffer, from upstream: EgressUpstream) {
        switch phase {
        case .tunnel(let current) where current === upstream:
            watch?.server(bytes.readableBytesView)
            record?.bytesSent += UInt64(bytes.readableBytes)
            write(bytes)
            touch()
            // What the caller had sent ahead may go on now.
            if inbox.readableBytes > 0 {
                forward()
                upstream.flush()
                resumeReading()
            }
        case .exchange(let exchange) where exchange.upstream === upstream: exchange.takeResponse(bytes)
        // Bytes that nobody asked for.
        default: drop(upstream)
        }
    }

    /// The other end sends no more.
    func upstreamEnded(_ upstream: EgressUpstream) {
        switch phase {
        case .tunnel(let current) where current === upstream:
            flush()
            if inputEnded { return finishTunnel() }
            context?.close(mode: .output, promise: nil)
        case .exchange(let exchange) where exchange.upstream === upstream: exchange.upstreamEnded(isFailure: false)
        default: drop(upstream)
        }
    }

    func upstreamClosed(_ upstream: EgressUpstream, isFailure: Bool) {
        switch phase {
        case .tunnel(let current) where current === upstream:
            flush()
            end(isFailure ? .upstreamDied : .complete)
        case .exchange(let exchange) where exchange.upstream === upstream: exchange.upstreamEnded(isFailure: isFailure)
        default: drop(upstream)
        }
    }

    private func drop(_ upstream: EgressUpstream) {
        if kept?.upstream === upstream { kept = nil }
        upstream.close()
    }

    private func finishTunnel() {
        flush()
        end(.complete)
    }
}
