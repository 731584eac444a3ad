import Synchronization

/// The bytes of bodies that are held to be judged, over all event loops.
///
/// A body for which there is no room is refused, so that many at once cannot use up the memory.
final class GuardBudget: Sendable {
    private let held = Atomic<Int>(0)

    /// Takes room for so many bytes, or nothing.
    func take(_ count: Int, of limit: Int) -> Bool {
        guard held.wrappingAdd(count, ordering: .relaxed).newValue > limit else { return true }
        held.wrappingSubtract(count, ordering: .relaxed)
        return false
    }

    /// Gives room back.
    func giveBack(_ count: Int) {
        held.wrappingSubtract(count, ordering: .relaxed)
    }

    /// The bytes that are held.
    var bytes: Int { held.load(ordering: .relaxed) }
}
