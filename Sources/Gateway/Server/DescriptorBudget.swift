import Glibc

/// How many client connections this process can hold with the descriptors that it may open.
///
/// Each may need a second one, to an upstream. What is left over is for the log, the listeners, the sockets of the
/// authority and whatever a scrape or a reload opens.
struct DescriptorBudget: Sendable {
    private static let reserve = 64
    private static let least = 8

    /// The connections that are accepted before the listeners wait for some to end.
    let connections: Int

    /// A budget of so many descriptors.
    init(descriptors: Int) {
        connections = max(Self.least, (descriptors - Self.reserve) / 2)
    }

    /// The budget of this process, as its limit stands now.
    static var ofProcess: DescriptorBudget {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return DescriptorBudget(descriptors: 1024)
        }
        return DescriptorBudget(descriptors: Int(clamping: min(limit.rlim_cur, 1 << 24)))
    }
}
