/// How a call ended: a gRPC status code and a message for the caller to read.
///
/// A handler refuses a call by throwing one; a client's call throws one for every end but ``Code/ok``. The message
/// reaches the peer as it stands, so that it must hold nothing secret.
///
/// ```swift
/// guard let entry = entries[request.name] else {
///     throw RPCStatus(.notFound, "no entry is named `\(request.name)`")
/// }
/// ```
public struct RPCStatus: Error, Hashable, Sendable {
    /// What kind of end it was.
    public var code: Code
    /// What happened, in words; may be empty.
    public var message: String
    /// Trailing metadata that travels beside the status.
    public var metadata: RPCMetadata

    /// Makes a status.
    public init(_ code: Code, _ message: String = "", metadata: RPCMetadata = RPCMetadata()) {
        self.code = code
        self.message = message
        self.metadata = metadata
    }

    /// The status of a call that did what was asked.
    public static let ok = RPCStatus(.ok)
}

extension RPCStatus {
    /// The status codes of gRPC, with their numbers on the wire.
    public enum Code: Int, Hashable, Sendable, CaseIterable {
        /// The call did what was asked.
        case ok = 0
        /// The caller withdrew the call.
        case cancelled = 1
        /// An error that says nothing about itself.
        case unknown = 2
        /// The request is wrong whatever the state of the server.
        case invalidArgument = 3
        /// The deadline passed before the call was done.
        case deadlineExceeded = 4
        /// What was asked for does not exist.
        case notFound = 5
        /// What was to be made exists.
        case alreadyExists = 6
        /// The caller may not do this.
        case permissionDenied = 7
        /// A quota or a limit is used up.
        case resourceExhausted = 8
        /// The state of the server does not allow the request.
        case failedPrecondition = 9
        /// Another call came in between.
        case aborted = 10
        /// Past the end of what there is.
        case outOfRange = 11
        /// The server does not serve this call.
        case unimplemented = 12
        /// The protocol, or an invariant of the server, is broken.
        case internalError = 13
        /// The server cannot be reached or does not serve at the moment.
        case unavailable = 14
        /// Data is lost or damaged.
        case dataLoss = 15
        /// The caller has not said who it is.
        case unauthenticated = 16
    }
}

extension RPCStatus: CustomStringConvertible {
    /// The code's name, and the message.
    public var description: String {
        self.message.isEmpty ? "\(self.code)" : "\(self.code): \(self.message)"
    }
}

extension RPCStatus {
    /// What the peer is told of an error that a handler threw.
    ///
    /// The words of an error that is not a status stay here: they may speak of what the caller must not know.
    init(describing error: any Error) {
        switch error {
        case let status as RPCStatus: self = status
        case is CancellationError: self.init(.cancelled, "the call was cancelled")
        default: self.init(.unknown, "the call failed")
        }
    }
}
