/// Policies that allow what was seen and nothing else.
public struct GeneratedPolicies: Sendable {
    /// What one caller may do.
    public struct Rule: Sendable, Hashable {
        /// The caller, as a policy names it.
        public let principal: String
        /// The issuer of whose tokens it sent one each time, or nil where it sent none.
        public let issuer: String?
        /// How many requests of the caller were seen.
        public let count: Int
        /// What the caller did.
        public let operations: [Operation]
    }

    /// Methods on paths; every combination was seen.
    public struct Operation: Sendable, Hashable {
        /// The methods.
        public let methods: [String]
        /// The paths, in order; one that is empty for a CONNECT, which has none.
        public let paths: [Path]
        /// The host, where hosts are told apart, and of a CONNECT in any case.
        public let host: String?
        /// The port, where ports are told apart.
        public let port: UInt16?
        /// How many requests were seen.
        public var count: Int { paths.reduce(0) { $0 + $1.count } }
    }

    /// A path or a template.
    public struct Path: Sendable, Hashable {
        /// The path or template.
        public let value: String
        /// How many requests were seen.
        public let count: Int
        /// How many different paths the value stands for.
        public let distinct: Int
    }

    /// Requests that no rule can be made for.
    public struct Omission: Sendable, Hashable {
        /// Why.
        public enum Reason: String, Sendable, CaseIterable {
            /// Nobody was identified: what anybody may do cannot be told from what this caller may.
            case anonymous = "anonymous_caller"
            /// It is a connection that carries no HTTP: a rule that allows it says nothing of methods and paths, and would
            /// allow every request beside it.
            case connection = "connection"
            /// The path begins or ends with `*`, or holds a brace, which a policy would read as a wildcard.
            case unnameablePath = "unnameable_path"
            /// The method, the host or a token's issuer holds `*`.
            case unnameableValue = "unnameable_value"
        }

        /// Why no rule can be made.
        public let reason: Reason
        /// The request.
        public let request: ObservedRequest
    }

    /// What the policies are called and what they select.
    public let scope: PolicyGenerator.Scope
    /// The rules, in the order of callers.
    public let rules: [Rule]
    /// What is left out, in the order in which it was seen.
    public let omissions: [Omission]

    /// How many requests the rules were made from.
    public var count: Int { rules.reduce(0) { $0 + $1.count } }
}
