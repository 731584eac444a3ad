import Foundation

/// A sum that grows while something happens more often than it should, and never falls below zero (CUSUM, Page 1954), for
/// events that happen or not.
public struct Cusum: Hashable, Sendable {
    /// The sum, in natural units of evidence.
    public private(set) var sum = 0.0

    /// A sum of zero.
    public init() {}

    /// Takes one trial.
    ///
    /// - Parameters:
    ///   - happened: whether the event happened.
    ///   - usual: how often it does, 0 to 1.
    ///   - suspected: how often it would if the suspicion were right; more than usual.
    /// - Returns: the sum.
    @discardableResult
    public mutating func observe(_ happened: Bool, usual: Double, suspected: Double) -> Double {
        let usual = min(max(usual, 1e-6), 0.98)
        let suspected = min(max(suspected, usual * 1.01), 0.99)
        sum = max(0, sum + (happened ? log(suspected / usual) : log((1 - suspected) / (1 - usual))))
        return sum
    }

    /// Begins anew.
    public mutating func reset() { sum = 0 }

    init(sum: Double) { self.sum = sum }
}
