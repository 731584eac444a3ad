public import Resources

/// An edit of the policies that turns one decision round, and was tried before it was proposed.
public struct ProposedEdit: Sendable, Hashable {
    /// One change at one place.
    public struct Step: Sendable, Hashable {
        /// What to do, with the place: "add `GET` to to[0].operation.methods at policy.yaml:14:18".
        public let text: String
        /// Where to do it; nil for a new policy.
        public let location: SourceLocation?
    }

    /// The changes, which belong together.
    public let steps: [Step]
    /// The outcome of the same request after them.
    public let outcome: Decision.Outcome
    /// The reason of that outcome.
    public let reason: Decision.Reason
    /// What else the edit would let in that it had better not, or nil.
    public let caution: String?
    /// The changes themselves.
    let edits: [PolicyEdit]
}

extension ProposedEdit: CustomStringConvertible {
    /// The steps on one line.
    public var description: String { steps.map(\.text).joined(separator: "; and ") }
}
