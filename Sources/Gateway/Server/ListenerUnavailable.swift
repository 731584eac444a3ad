import Glibc
import NIOCore

/// Why a listener cannot be bound.
public struct ListenerUnavailable: Error, Hashable, Sendable, CustomStringConvertible {
    /// The listener's name.
    public let listener: String
    /// Where it should listen.
    public let place: String
    /// What the system said.
    public let reason: String

    init(_ listener: String, at place: String, because error: any Error) {
        self.listener = listener
        self.place = place
        // Sound: the text is copied before anything else can ask for one.
        self.reason = (error as? IOError).map { unsafe String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }

    /// Which listener, where, and what the system said.
    public var description: String { "the listener `\(listener)` cannot be bound to \(place): \(reason)" }
}
