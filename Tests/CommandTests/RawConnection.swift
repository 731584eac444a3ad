import Foundation
import Glibc

/// A connection on loopback that sends and reads just what it is told to.
final class RawConnection {
    private let descriptor: Int32

    /// What could not be done.
    struct Failed: Error { let number: Int32 }

    /// Connects to a port of 127.0.0.1.
    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failed(number: errno) }
        // What a reader that does not read leaves with the other end is little.
        var room: Int32 = 8_192
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        // The address is only read within the call.
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failed(number: errno) }
    }

    deinit { close(descriptor) }

    /// Sends a text.
    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failed(number: errno)
        }
    }

    /// Reads the first bytes that come; whether any did before the connection was closed, or so much time was over.
    func hasAnswer(within seconds: Double = 20) -> Bool {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&wait, 1, Int32(seconds * 1_000)) > 0 else { return false }
        var piece = [UInt8](repeating: 0, count: 1_024)
        return unsafe recv(descriptor, &piece, piece.count, 0) > 0
    }

    /// Reads until the other end closes the connection, or so much time is over.
    ///
    /// - Returns: what came, and whether the other end closed it.
    func readToEnd(within seconds: Double = 10) -> (bytes: [UInt8], isClosed: Bool) {
        let end = ContinuousClock.now + .seconds(seconds)
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let left = end - .now
            guard left > .zero else { return (all, false) }
            let milliseconds = Int32(clamping: Int(left / .milliseconds(1)) + 1)
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&wait, 1, milliseconds) > 0 else { return (all, false) }
            let count = unsafe recv(descriptor, &piece, piece.count, 0)
            guard count > 0 else { return (all, true) }
            all += piece.prefix(count)
        }
    }
}
