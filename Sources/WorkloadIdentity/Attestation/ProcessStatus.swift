import Glibc

/// What `/proc` says of a process that no two lives of one number share.
struct ProcessStatus: Hashable {
    /// When it started, in clock ticks since boot (proc_pid_stat(5), field 22).
    let startTime: UInt64
    /// Its effective user.
    let uid: UInt32
    /// The process that started it, or that took it over when that one ended (field 4).
    let parent: Int32

    /// Reads `/proc/PID/stat` and `/proc/PID/status`.
    init(pid: Int32) throws(IdentityError) {
        let stat = try Self.read("/proc/\(pid)/stat")
        let status = try Self.read("/proc/\(pid)/status")
        guard let startTime = Self.startTime(stat), let parent = Self.parent(stat),
            let uid = Self.effectiveUser(status)
        else {
            throw IdentityError(.processGone, "the process \(pid) cannot be read")
        }
        self.startTime = startTime
        self.uid = uid
        self.parent = parent
    }

    /// Field 22; the name, field 2, may hold anything, so that counting begins after its last parenthesis.
    static func startTime(_ stat: String) -> UInt64? { field(22, of: stat).flatMap { UInt64($0) } }

    /// Field 4.
    static func parent(_ stat: String) -> Int32? { field(4, of: stat).flatMap { Int32($0) } }

    private static func field(_ number: Int, of stat: String) -> Substring? {
        guard let end = stat.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = stat.utf8[stat.utf8.index(after: end)...].split(separator: UInt8(ascii: " "))
        return fields.count > number - 3 ? Substring(fields[number - 3]) : nil
    }

    /// The second number of the line `Uid:`.
    ///
    /// The name, on an earlier line, has its line ends escaped by the kernel.
    static func effectiveUser(_ status: String) -> UInt32? {
        for line in status.utf8.split(separator: UInt8(ascii: "\n")) where line.starts(with: "Uid:".utf8) {
            let fields = line.split { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
            return fields.count > 2 ? UInt32(Substring(fields[2])) : nil
        }
        return nil
    }

    private static func read(_ path: String) throws(IdentityError) -> String {
        do {
            return try PrivateFile.readPublic(path, maximum: 64 * 1024)
        } catch {
            guard !SystemError.isExhaustion(errno) else { throw IdentityError(.exhausted, error.message) }
            throw IdentityError(.processGone, "the process has ended: \(error.message)")
        }
    }
}
