/// Who calls whom, and how.
public struct Edge: Hashable, Sendable {
    /// The caller.
    public var caller: String
    /// The callee.
    public var callee: String
    /// The kind of verb.
    public var verbClass: VerbClass

    /// An edge.
    public init(caller: String, callee: String, verbClass: VerbClass) {
        self.caller = caller
        self.callee = callee
        self.verbClass = verbClass
    }

    /// The edge of an observation.
    public init(_ observation: Observation) {
        self.init(caller: observation.caller, callee: observation.callee, verbClass: observation.verbClass)
    }
}

extension Edge: CustomStringConvertible {
    /// `caller → callee (read)`.
    public var description: String { "\(caller) → \(callee) (\(verbClass.name))" }
}
