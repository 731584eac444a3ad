import NIOCore
import RPC
import Synchronization

/// An `egress` section that is ready to be put in force: nothing that could fail is left to do.
///
/// Its new listeners are bound and accept nobody yet. It is either committed to the server that prepared it or abandoned.
public struct PreparedEgress: Sendable {
    let context: EgressContext
    let snapshot: EgressSnapshot
    let listeners: [BoundEgressListener]
}

/// An egress listener and its socket.
struct BoundEgressListener: Sendable {
    /// What tells one socket from another: listeners that differ in anything else share it.
    enum Place: Hashable, Sendable {
        /// The name stands where the system chooses the port.
        case loopback(address: String, port: Int, name: String?)
        case unixSocket(String)

        init(_ listener: EgressListener) {
            switch listener.place {
            case .loopback(let address, let port, _):
                self = .loopback(address: address, port: port, name: port == 0 ? listener.name : nil)
            case .unixSocket(let path): self = .unixSocket(path)
            }
        }
    }

    /// What the listener is now, for its next connection.
    final class State: Sendable {
        /// Guards whether the kernel redirects connections here.
        private let transparent: Mutex<Bool>

        init(_ listener: EgressListener) {
            transparent = Mutex(listener.isTransparent)
        }

        var isTransparent: Bool { transparent.withLock { $0 } }

        func replace(_ listener: EgressListener) { transparent.withLock { $0 = listener.isTransparent } }
    }

    let listener: EgressListener
    let state: State
    let channel: any Channel
    /// The socket's name in the file system, where it has one.
    let socket: UnixSocketListener?
    /// Whether it was bound for this configuration, and not for one before.
    var isNew: Bool

    var place: Place { Place(listener) }

    /// Accepts nobody any more.
    func close() async {
        socket?.unlinkPath()
        try? await channel.close()
    }
}

extension EgressListener {
    /// Whether the kernel redirects connections here that were going elsewhere.
    var isTransparent: Bool {
        if case .loopback(_, _, let isTransparent) = place { return isTransparent }
        return false
    }
}
