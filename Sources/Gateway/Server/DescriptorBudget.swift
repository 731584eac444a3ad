import Glibc
import Synchronization

/// How many client connections this process can hold with the descriptors that it may open, and how many it holds.
///
/// Each may need a second one, to an upstream. What is left over is for the log, the listeners, the sockets of the
/// authority and whatever a scrape or a reload opens. All gateways and egress listeners of a process share one account,
/// since they share its descriptors.
struct DescriptorBudget: Sendable {
    private static let reserve = 64
    private static let least = 8

    /// The connections that are open.
    final class Account: Sendable {
        fileprivate let open = Atomic<Int>(0)
    }

    private static let process = Account()

    /// The connections that are accepted before the listeners wait for some to end.
    let connections: Int
    private let account: Account

    /// A budget of so many descriptors, with an account of its own unless another is given.
    init(descriptors: Int, account: Account = Account()) {
        connections = max(Self.least, (descriptors - Self.reserve) / 2)
        self.account = account
    }

    /// Whether another connection may be accepted.
    var hasRoom: Bool { account.open.load(ordering: .relaxed) < connections }

    /// Says that a connection was opened.
    func take() { account.open.add(1, ordering: .relaxed) }

    /// Says that a connection that was taken has ended.
    func give() { account.open.subtract(1, ordering: .relaxed) }

    /// The budget of this process, as its limit stands now, with the account of all that it has open.
    static var ofProcess: DescriptorBudget {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return DescriptorBudget(descriptors: 1024, account: process)
        }
        return DescriptorBudget(descriptors: Int(clamping: min(limit.rlim_cur, 1 << 24)), account: process)
    }
}
