import Dispatch
public import RPC

/// The process at the other end of a connection, held so that no other can take its place.
///
/// The kernel says who connected, and hands over a descriptor of that very process. What is read from `/proc` by number
/// counts only where the process still runs *after* the reading, and still has the start time and user it had at first:
/// a number that was given to another process in between is found out.
public final class WorkloadProcess: Sendable {
    /// What the kernel said when the process connected.
    public let credentials: PeerCredentials

    private let handle: ProcessHandle
    /// When it started, in the kernel's ticks.
    let startTime: UInt64

    /// Takes hold of a caller's process.
    ///
    /// - Throws: ``IdentityError`` with `processGone` where it has ended, or is not provably the one that connected.
    public init(_ credentials: PeerCredentials) throws(IdentityError) {
        guard let handle = credentials.process, handle.isRunning else {
            throw IdentityError(.processGone, "the process \(credentials.pid) has ended")
        }
        let status = try ProcessStatus(pid: credentials.pid)
        guard handle.isRunning else {
            throw IdentityError(.processGone, "the process \(credentials.pid) has ended")
        }
        guard status.uid == credentials.uid else {
            throw IdentityError(
                .processGone,
                "the process \(credentials.pid) runs as uid \(status.uid), and uid \(credentials.uid) connected"
            )
        }
        self.credentials = credentials
        self.handle = handle
        self.startTime = status.startTime
    }

    /// Whether it still runs.
    public var isRunning: Bool { handle.isRunning }

    /// Reads something about the process, and makes sure that it was about this process.
    ///
    /// - Throws: ``IdentityError`` with `processGone` where the process ended or changed its user meanwhile, or what
    ///   `body` throws.
    func read<Result>(_ body: () throws(IdentityError) -> Result) throws(IdentityError) -> Result {
        let result = try body()
        let status = try ProcessStatus(pid: credentials.pid)
        guard handle.isRunning, status.startTime == startTime, status.uid == credentials.uid else {
            throw IdentityError(.processGone, "the process \(credentials.pid) has ended or is no longer the same")
        }
        return result
    }

    /// Calls `body` once when the process ends, until the watch is let go.
    func onExit(_ body: @escaping @Sendable () -> Void) -> ExitWatch {
        ExitWatch(handle, body)
    }
}

/// Waits for the end of a process; letting it go ends the waiting.
final class ExitWatch: Sendable {
    // Sound: a dispatch source may be cancelled from any thread, and nothing else is done with it here.
    nonisolated(unsafe) private let source: any DispatchSourceRead

    private static let queue = DispatchQueue(label: "lapwing.identity.exits")

    init(_ handle: ProcessHandle, _ body: @escaping @Sendable () -> Void) {
        // A pidfd becomes readable when the process ends.
        let source = DispatchSource.makeReadSource(fileDescriptor: handle.descriptor, queue: Self.queue)
        source.setEventHandler {
            source.cancel()
            body()
        }
        // The descriptor stays open until the source has let go of it.
        source.setCancelHandler { [handle] in withExtendedLifetime(handle) {} }
        unsafe self.source = source
        source.activate()
    }

    deinit {
        unsafe source.cancel()
    }
}
