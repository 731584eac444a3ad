import Foundation
import Glibc
import Synchronization

/// A bar on standard error for bytes, fed by several threads; nothing where that is no terminal.
final class ByteBar: Sendable {
    private let label: String
    private let start = ContinuousClock.now
    private let isShown = isatty(STDERR_FILENO) == 1
    /// Guards when the bar was last drawn.
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    init(label: String) { self.label = label }

    func show(_ done: UInt64, of total: UInt64) {
        guard isShown, total > 0 else { return }
        let now = ContinuousClock.now
        last.withLock { last in
            if let last, now - last < .milliseconds(100) { return }
            last = now
            let seconds = (now - start) / .seconds(1)
            let rate = seconds > 0 ? Double(done) / seconds : 0
            let left = rate > 0 ? Int(Double(total - min(done, total)) / rate) : 0
            let filled = Int(30 * Double(min(done, total)) / Double(total))
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
            let text =
                "\r\(label) \(bar) \(Self.text(Double(done)))/\(Self.text(Double(total))), "
                + "\(Self.text(rate))/s, \(left) s left \u{1b}[K"
            FileHandle.standardError.write(Data(text.utf8))
        }
    }

    func finish() {
        guard isShown, last.withLock({ $0 }) != nil else { return }
        FileHandle.standardError.write(Data("\r\u{1b}[K".utf8))
    }

    private static func text(_ bytes: Double) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var (value, unit) = (bytes, 0)
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(Int(value)) B" : "\((value * 10).rounded() / 10) \(units[unit])"
    }
}
