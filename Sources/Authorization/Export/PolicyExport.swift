import Resources

/// What policies become in the language of another data plane, and what they lose there.
public struct PolicyExport: Sendable, Hashable {
    /// What the other data plane reads, in the order in which it applies it.
    public var values: [ExportValue]
    /// What it cannot express.
    public var losses: [Loss]

    /// Something that a policy says and the other data plane cannot.
    public struct Loss: Sendable, Hashable, Encodable {
        /// Where it stands: `file:line:column`.
        public let location: String
        /// What cannot be expressed, and what happens instead.
        public let message: String
        /// What the difference does to decisions.
        public let effect: Effect

        /// What a difference does to decisions.
        public enum Effect: String, Sendable, Hashable, Encodable {
            /// Fewer requests are allowed than the policy says.
            case stricter
            /// More requests are allowed than the policy says.
            case weaker
            /// No decision changes.
            case none
        }

        init(_ location: SourceLocation, _ message: String, _ effect: Effect) {
            self.location = "\(location)"
            self.message = message
            self.effect = effect
        }
    }
}

extension PolicyExport.Loss: CustomStringConvertible {
    /// `file:line:column: loss (weaker): …`.
    public var description: String { "\(location): loss (\(effect.rawValue)): \(message)" }
}
