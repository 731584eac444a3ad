import Synchronization

/// The memory that tool calls which wait to be complete may take in a process.
public final class ToolCallBudget: Sendable {
    /// The budget that the streams of a process share: 64 MiB.
    public static let process = ToolCallBudget(bytes: 64 << 20)

    private let limit: Int
    private let used = Atomic<Int>(0)

    /// Makes a budget.
    public init(bytes: Int) { limit = bytes }

    /// The bytes that are taken.
    public var taken: Int { used.load(ordering: .relaxed) }

    /// Takes bytes; false when there are not so many left.
    func take(_ bytes: Int) -> Bool {
        let (_, now) = used.add(bytes, ordering: .relaxed)
        guard now > limit else { return true }
        used.subtract(bytes, ordering: .relaxed)
        return false
    }

    func giveBack(_ bytes: Int) { used.subtract(bytes, ordering: .relaxed) }
}

/// What one stream took of a budget; it is given back when the stream is gone, whichever way that goes.
final class ToolCallShare: Sendable {
    private let budget: ToolCallBudget
    private let taken = Atomic<Int>(0)

    init(_ budget: ToolCallBudget) { self.budget = budget }

    func take(_ bytes: Int) -> Bool {
        guard budget.take(bytes) else { return false }
        taken.add(bytes, ordering: .relaxed)
        return true
    }

    func giveBack(_ bytes: Int) {
        budget.giveBack(bytes)
        taken.subtract(bytes, ordering: .relaxed)
    }

    deinit { budget.giveBack(taken.load(ordering: .relaxed)) }
}
