import Foundation
import Glibc
import Synchronization

/// Tells a service manager that this process is ready or stopping, by the datagram protocol of `sd_notify(3)`.
///
/// The same protocol joins `lapwing serve` to the processes that it supervises.
enum ServiceNotifier {
    /// Sends a state such as `READY=1`; does nothing where nobody asked for it in `NOTIFY_SOCKET`.
    static func notify(_ state: String) {
        guard let path = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"],
            path.hasPrefix("/") || path.hasPrefix("@"), var address = UnixAddress(path)
        else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let message = Array(state.utf8)
        // Best effort, as the protocol asks: a manager that does not listen must not stop the service.
        _ = unsafe address.withPointer { pointer, length in
            unsafe sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), pointer, length)
        }
    }
}

/// The address of a Unix socket; a leading `@` names one in Linux's abstract namespace.
struct UnixAddress {
    private var address = sockaddr_un()
    private let length: socklen_t

    /// Nil where the path does not fit.
    init?(_ path: String) {
        let bytes = Array(path.utf8)
        var address = sockaddr_un()
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard !bytes.isEmpty, bytes.count < capacity else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        // Sound: the count was checked against the field's size.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        if bytes.first == UInt8(ascii: "@") {
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0[0] = 0 }
        }
        self.address = address
        let headerSize = MemoryLayout<sockaddr_un>.size - capacity
        self.length = socklen_t(headerSize + bytes.count + (bytes.first == UInt8(ascii: "@") ? 0 : 1))
    }

    /// Calls with the address as the system calls want it; the pointer is good during the call only.
    mutating func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        let length = length
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
        }
    }
}

/// The listening end: a socket on which a supervised process says that it is ready.
final class NotificationListener: Sendable {
    let path: String
    private let descriptor: Int32

    // Counts the listeners, so that none takes away the socket of the next when it goes.
    private static let count = Atomic<Int>(0)

    /// Binds a datagram socket at a path that begins so and is this listener's alone, or the user's who may write to it.
    ///
    /// - Throws: ``CommandError`` where the path is too long or cannot be bound.
    init(path prefix: String, for user: SystemUser? = nil) throws {
        let path = "\(prefix).\(Self.count.add(1, ordering: .relaxed).newValue)"
        guard var address = UnixAddress(path) else {
            throw CommandError(
                .usage,
                "the path `\(path)` is too long for a Unix socket; choose a shorter --run directory"
            )
        }
        unsafe unlink(path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let old = umask(0o177)
        let bound = unsafe address.withPointer { pointer, length in unsafe bind(descriptor, pointer, length) }
        umask(old)
        guard descriptor >= 0, bound == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CommandError(.unreachable, "cannot bind `\(path)`: \(reason)")
        }
        self.path = path
        self.descriptor = descriptor
        if geteuid() == 0 { try user?.own(path) }
    }

    deinit {
        close(descriptor)
        unsafe unlink(path)
    }

    /// Waits for `READY=1`; false when the time is over first.
    func waitUntilReady(timeout: Duration) -> Bool {
        let deadline = ContinuousClock.now + timeout
        var buffer = [UInt8](repeating: 0, count: 512)
        while true {
            let left = deadline - .now
            guard left > .zero else { return false }
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&poller, 1, Int32(left / .milliseconds(1)) + 1) > 0 else { continue }
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { continue }
            let lines = buffer.prefix(count).split(separator: UInt8(ascii: "\n"))
            if lines.contains(where: { $0.elementsEqual("READY=1".utf8) }) { return true }
        }
    }
}
