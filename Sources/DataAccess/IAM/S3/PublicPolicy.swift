import ZeroTrust

/// Whether S3 calls a bucket's policy public: it allows something to everyone, with nothing that fixes who that is.
public struct PublicPolicy: Hashable, Sendable {
    /// The statements that make it public: their place from 1, and their name.
    public let statements: [(index: Int, sid: String?)]

    /// Classifies a bucket's policy.
    public init(_ policy: PolicyDocument) {
        self.statements = policy.statements.enumerated().filter { Self.isPublic($0.element) }.map {
            (index: $0.offset + 1, sid: $0.element.sid)
        }
    }

    /// Whether the policy is public.
    public var isPublic: Bool { !statements.isEmpty }

    /// Equal where the same statements are public.
    public static func == (left: Self, right: Self) -> Bool {
        left.statements.map(\.index) == right.statements.map(\.index)
    }

    /// Hashes the places.
    public func hash(into hasher: inout Hasher) { hasher.combine(statements.map(\.index)) }

    private static func isPublic(_ statement: PolicyStatement) -> Bool {
        guard statement.effect == .allow, let principals = statement.principals else { return false }
        guard principals.isNegated || principals.elements.contains(where: \.isEveryone) else { return false }
        return !statement.conditions.contains(where: fixes)
    }

    /// How much of a key's value may be open and still fix who asks.
    private enum Openness {
        /// Nothing.
        case exact
        /// All but the account, in an ARN.
        case fixedAccount
        /// A wildcard at the end.
        case prefix
        /// Anything: only AWS's services have the key.
        case anything
        /// Only the value `true`.
        case flag
        /// A block of addresses that is not too large.
        case addresses
    }

    /// The keys that fix who asks (Amazon S3 User Guide, "The meaning of public").
    private static let fixing: [String: Openness] = [
        "aws:sourcearn": .exact, "aws:sourcevpc": .exact, "aws:sourcevpce": .exact, "aws:sourcevpcarn": .exact,
        "aws:sourceaccount": .exact, "aws:sourceowner": .exact, "aws:sourceorgid": .exact,
        "aws:sourceorgpaths": .prefix, "aws:principalorgid": .exact, "aws:principalorgpaths": .prefix,
        "aws:principalaccount": .exact, "aws:principalarn": .fixedAccount, "aws:vpceorgid": .exact,
        "aws:vpceaccount": .exact, "aws:vpceorgpaths": .prefix, "aws:userid": .exact,
        "s3:dataaccesspointaccount": .exact, "s3:dataaccesspointarn": .fixedAccount,
        "s3:x-amz-server-side-encryption-aws-kms-key-id": .exact, "aws:principalisawsservice": .flag,
        "aws:principalservicename": .anything, "aws:principalservicenameslist": .anything, "aws:sourceip": .addresses,
    ]

    private static func fixes(_ condition: PolicyCondition) -> Bool {
        guard let op = condition.op, !op.isNegated, !op.ifExists, op.quantifier != .all, !condition.values.isEmpty,
            let openness = fixing[condition.key.lowercased()]
        else { return false }
        let hasWildcards: Bool
        switch op.comparison {
        case .string, .stringIgnoringCase: hasWildcards = false
        case .like, .arn: hasWildcards = true
        case .bool: return openness == .flag && condition.values.allSatisfy { $0.source.lowercased() == "true" }
        case .address: return openness == .addresses && condition.values.allSatisfy { isNarrow($0.source) }
        default: return false
        }
        return condition.values.allSatisfy { value in
            guard !value.source.contains("${") else { return false }
            return isFixed(value.source, openness, hasWildcards: hasWildcards)
        }
    }

    private static func isFixed(_ value: String, _ openness: Openness, hasWildcards: Bool) -> Bool {
        let isOpen = { (text: Substring) in hasWildcards && (text.contains("*") || text.contains("?")) }
        switch openness {
        case .exact: return !isOpen(value[...])
        case .prefix:
            let end = value.firstIndex { $0 == "*" || $0 == "?" } ?? value.endIndex
            // The organisation at least has to be fixed.
            return !hasWildcards || end == value.endIndex
                || value[..<end].contains("/") && value[end...].allSatisfy { $0 == "*" }
        case .fixedAccount:
            let parts = value.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6 else { return !isOpen(value[...]) }
            return !parts[4].isEmpty && !isOpen(parts[4])
        case .anything: return true
        case .flag: return value.lowercased() == "true"
        case .addresses: return false
        }
    }

    /// At least /8 of IPv4, or /32 of IPv6.
    private static func isNarrow(_ text: String) -> Bool {
        guard let block = AddressBlock(text) else { return false }
        return block.prefixLength >= (block.network.family == .v4 ? 8 : 32)
    }
}
