import Synchronization

/// A part of a budget of bytes, taken piece by piece and given back whole: at the latest when nobody holds this any more.
///
/// Whoever keeps the bytes keeps this with them, so that what waits counts for as long as it waits.
final class HeldRoom: Sendable {
    private let budget: GuardBudget
    private let held = Atomic<Int>(0)

    init(_ budget: GuardBudget) {
        self.budget = budget
    }

    deinit { giveBack() }

    /// Takes room for so many bytes more, or none.
    func take(_ count: Int, of limit: Int) -> Bool {
        guard budget.take(count, of: limit) else { return false }
        held.wrappingAdd(count, ordering: .relaxed)
        return true
    }

    /// Gives back all that was taken.
    func giveBack() {
        budget.giveBack(held.exchange(0, ordering: .relaxed))
    }
}
