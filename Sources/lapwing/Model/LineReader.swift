import Foundation
import Glibc

/// Lines from a pipe, waited for so long and no longer.
struct LineReader {
    enum Next {
        case line(Data)
        /// A line that is longer than any report.
        case long
        case late
        case end
    }

    /// The longest line: a report of a thousand findings.
    static let longest = 8 << 20

    let descriptor: Int32
    private var buffer = Data()
    /// How many bytes of the buffer hold no line's end.
    private var searched = 0

    init(descriptor: Int32) { self.descriptor = descriptor }

    mutating func next(within seconds: Double) -> Next {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0a) {
                defer {
                    buffer = Data(buffer[(end + 1)...])
                    searched = 0
                }
                return .line(Data(buffer[..<end]))
            }
            searched = buffer.count
            guard buffer.count < Self.longest else { return .long }
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return .late }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&entry, 1, Int32(min(left / .milliseconds(1) + 1, 60_000)))
            if ready <= 0 { continue }
            // Sound: read writes at most as many bytes as there is room for.
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 1 << 16) { room, filled in
                filled = unsafe max(read(descriptor, room.baseAddress, room.count), 0)
            }
            if bytes.isEmpty { return .end }
            buffer.append(contentsOf: bytes)
        }
    }
}
