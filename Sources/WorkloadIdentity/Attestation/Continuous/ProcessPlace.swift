import FoundationEssentials

/// Where the numbers of processes mean what they mean to us: one run of the machine, and one process namespace.
enum ProcessPlace {
    /// Ours.
    ///
    /// - Throws: ``IdentityError`` where the kernel does not say.
    static func current() throws(IdentityError) -> String {
        let run = try PrivateFile.readPublic("/proc/sys/kernel/random/boot_id", maximum: 256)
        let namespace: String
        do {
            namespace = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
        } catch {
            throw IdentityError(.unavailable, "cannot tell our own process namespace", cause: error)
        }
        return run.filter { !$0.isWhitespace } + " " + namespace
    }

    /// Whether two places are of different runs of the machine: no process is in both.
    static func areOfDifferentRuns(_ one: String, _ other: String) -> Bool {
        one.prefix { $0 != " " } != other.prefix { $0 != " " }
    }
}
