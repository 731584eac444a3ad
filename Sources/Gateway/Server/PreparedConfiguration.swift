import NIOCore

/// A configuration that is ready to be put in force: nothing that could fail is left to do.
///
/// Its new listeners are bound and accept nobody yet. It is either committed to the server that prepared it or abandoned.
public struct PreparedConfiguration: Sendable {
    let snapshot: GatewaySnapshot
    /// Every listener of the configuration, in its order.
    let listeners: [BoundListener]
    let admin: BoundAdmin?
}

/// A listener and its socket.
struct BoundListener: Sendable {
    /// What tells one socket from another: listeners that differ in anything else share it.
    struct Place: Hashable, Sendable {
        let address: String
        let port: Int
        /// The listener's name, where the system chooses the port.
        let name: String?

        init(_ listener: Listener) {
            address = listener.address
            port = listener.port
            name = listener.port == 0 ? listener.name : nil
        }
    }

    let listener: Listener
    let state: ListenerState
    let channel: any Channel
    /// Whether it was bound for this configuration, and not for one before.
    let isNew: Bool

    var place: Place { Place(listener) }
}

/// The admin listener and its socket.
struct BoundAdmin: Sendable {
    let address: GatewayConfiguration.AdminAddress
    let channel: any Channel
    let isNew: Bool
}
