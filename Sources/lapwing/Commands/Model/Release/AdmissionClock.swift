import Foundation
import Glibc
import Logging
import WorkloadIdentity

/// The time by which models are admitted on this machine: never one before a time that was seen, so that an index which
/// has expired does not count again because the clock was set back.
enum AdmissionClock {
    /// The time, which is kept for those who ask next.
    ///
    /// - Parameters:
    ///   - state: the folder in which the latest time that was seen is kept.
    ///   - say: is given what a person has to know, where the clock is behind it.
    /// - Returns: the time of the clock, or the latest that was seen here where that is later.
    /// - Throws: ``CommandError`` where the time cannot be read or kept.
    static func now(keptIn state: String, say: (String) -> Void) throws -> Date {
        let path = state + "/clock.floor"
        // Sound: the path lives through the call.
        let lock = unsafe open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
            throw CommandError(.usage, "`\(path).lock` cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
        defer { close(lock) }
        do throws(IdentityError) {
            let shown = Date()
            let floor = try ClockFloor(path: path, logger: Logger(label: path) { _ in SwiftLogNoOpLogHandler() })
            let now = floor.now
            if now.timeIntervalSince(shown) > 5 {
                say(
                    "the clock says \(shown.formatted(.iso8601)), and \(now.formatted(.iso8601)) was seen before, which counts; "
                        + "where the clock is right, remove `\(path)`"
                )
            }
            try floor.keep()
            return now
        } catch { throw CommandError(.refused, error.message) }
    }
}
