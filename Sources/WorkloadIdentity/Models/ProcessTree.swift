/// Which process started which, by what `/proc` says of parents.
enum ProcessTree {
    /// The most generations that are looked through.
    static let maximumDepth = 64

    /// One process by its number and its start, which no two lives of one number share.
    struct Member: Hashable, Sendable {
        let pid: Int32
        let startTime: UInt64
    }

    /// Whether a process is another one, or was started by it or by one that it started, and every parent in between
    /// still runs.
    ///
    /// The line of parents is read twice. A parent's number that was given to another process between the two readings of
    /// its child is found out: the kernel gives the child another parent as soon as its own has ended. A line that does
    /// not hold still for two readings in a few attempts proves nothing.
    ///
    /// - Throws: ``IdentityError`` with `exhausted` where the system cannot tell now.
    static func holds(_ pid: Int32, below root: Member) throws(IdentityError) -> Bool {
        for _ in 0..<4 {
            do {
                guard let line = try line(from: pid, to: root) else { return false }
                var isSame = true
                for (member, status) in line where try ProcessStatus(pid: member) != status { isSame = false }
                if isSame { return true }
            } catch {
                guard error.code == .processGone else { throw error }
            }
        }
        return false
    }

    /// The processes from one up to the root; nil where the root is not above it.
    private static func line(
        from pid: Int32,
        to root: Member
    ) throws(IdentityError) -> [(pid: Int32, status: ProcessStatus)]? {
        var line: [(pid: Int32, status: ProcessStatus)] = []
        var next = pid
        while line.count < maximumDepth, next > 1 {
            let status = try ProcessStatus(pid: next)
            line.append((next, status))
            if next == root.pid { return status.startTime == root.startTime ? line : nil }
            next = status.parent
        }
        return nil
    }
}
