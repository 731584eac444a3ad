import CLinux
import Glibc

/// A process that stays the one meant, although its number may be given to another after it ends.
///
/// It owns a pidfd and closes it when the last reference goes.
public final class ProcessHandle: Sendable {
    /// Where a handle comes from.
    public enum Origin: Sendable {
        /// The kernel recorded the process when it connected (SO_PEERPIDFD, Linux 6.5).
        case socket
        /// Opened by number afterwards, so that the number may have changed hands between the two.
        case number
    }

    /// The pidfd, valid as long as this object lives.
    public let descriptor: Int32
    /// How the handle was come by.
    public let origin: Origin

    init(adopting descriptor: Int32, origin: Origin) {
        self.descriptor = descriptor
        self.origin = origin
    }

    /// Opens whatever process has this number now; nil where there is none.
    public convenience init?(pid: Int32) {
        let descriptor = lapwing_pidfd_open(pid)
        guard descriptor >= 0 else { return nil }
        self.init(adopting: descriptor, origin: .number)
    }

    deinit {
        _ = close(self.descriptor)
    }

    /// Whether the process still runs.
    ///
    /// A process that has ended is not running, whether or not its parent has collected it. Where the kernel
    /// cannot say, the answer is no.
    public var isRunning: Bool {
        lapwing_pidfd_is_running(self.descriptor) == 1
    }
}
