/// Why a question of reach has no answer.
///
/// A question that has none is never answered "yes" or "no": what is not known is not passed.
public struct ReachError: Error, Hashable, Sendable {
    /// What kind of trouble it is.
    public enum Code: String, Sendable, Codable {
        /// The analysis would take more memory and time than its limits allow.
        case tooLarge = "too_large"
        /// A policy looks at something that is not analysed.
        case unsupported
        /// The analysis and the engine disagree; it is a mistake in Lapwing.
        case disagreement
    }

    /// What kind of trouble it is.
    public let code: Code
    /// What is wrong, in words.
    public let message: String

    static func automatonTooLarge(limit: Int) -> ReachError {
        ReachError(
            code: .tooLarge,
            message: "unknown: an automaton would have more than \(limit) states; raise the limit or ask about less"
        )
    }

    static func dependent(_ field: AuthorizationPolicy.Field) -> ReachError {
        ReachError(
            code: .unsupported,
            message:
                "unknown: `\(field.name)` at \(field.location) looks into the issuer or the subject of a token, which are "
                + "taken for texts"
        )
    }

    static func unsupported(_ field: AuthorizationPolicy.Field) -> ReachError {
        ReachError(
            code: .unsupported,
            message: "unknown: `\(field.name)` at \(field.location) looks at what a filter noted, which is "
                + "not analysed"
        )
    }

    static func tooManyRegions(limit: Int) -> ReachError {
        ReachError(
            code: .tooLarge,
            message: "unknown: the answer would have more than \(limit) regions; raise the limit or ask about less"
        )
    }
}

extension ReachError: CustomStringConvertible {
    /// What is wrong, in words.
    public var description: String { message }
}

/// How much an analysis of reach may use.
public struct ReachLimits: Sendable, Hashable {
    /// The most states of one automaton.
    public var states: Int
    /// The most regions of one answer, those on the way to it included.
    public var regions: Int

    /// Limits.
    public init(states: Int = 50_000, regions: Int = 50_000) {
        self.states = states
        self.regions = regions
    }
}
