import Glibc

/// Why a server cannot listen on a Unix socket.
public struct RPCBindError: Error, Sendable, CustomStringConvertible {
    /// The path that was asked for.
    public let path: String
    /// What stands in the way.
    public let message: String
    /// The system's error number, or 0.
    public let code: Int32

    init(_ path: String, _ message: String, _ code: Int32 = 0) {
        self.path = path
        self.message = message
        self.code = code
    }

    /// The path, what stands in the way, and the system's words for it.
    public var description: String {
        let system = self.code == 0 ? "" : ": \(unsafe String(cString: strerror(self.code)))"
        return "cannot listen on `\(self.path)`: \(self.message)\(system)"
    }
}
