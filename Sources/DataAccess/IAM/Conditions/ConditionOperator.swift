/// A condition operator: `ForAllValues:StringNotEqualsIfExists`.
public struct ConditionOperator: Hashable, Sendable {
    /// How a key of several values is read.
    public enum Quantifier: String, Hashable, Sendable {
        /// Every value of the request has to fit; true for none.
        case all = "ForAllValues"
        /// Some value of the request has to fit; false for none.
        case any = "ForAnyValue"
    }

    /// What is compared.
    public enum Comparison: Hashable, Sendable {
        /// Text as it is.
        case string
        /// Text in any case.
        case stringIgnoringCase
        /// Text with wildcards.
        case like
        /// Numbers.
        case numeric(Order)
        /// Times.
        case date(Order)
        /// `true` and `false`.
        case bool
        /// Bytes in base64.
        case binary
        /// Addresses in blocks.
        case address
        /// ARNs with wildcards, part by part.
        case arn
        /// Whether the key is there.
        case null
    }

    /// How two values stand to each other.
    public enum Order: Hashable, Sendable {
        /// The same.
        case equal
        /// Less than the policy's.
        case less
        /// At most the policy's.
        case lessOrEqual
        /// More than the policy's.
        case greater
        /// At least the policy's.
        case greaterOrEqual
    }

    /// How a key of several values is read; nil where it has one.
    public let quantifier: Quantifier?
    /// What is compared.
    public let comparison: Comparison
    /// Whether none of the policy's values may fit.
    public let isNegated: Bool
    /// Whether a key that is not there is as good as one that fits.
    public let ifExists: Bool

    private static let comparisons: [String: (Comparison, isNegated: Bool)] = [
        "stringequals": (.string, false), "stringnotequals": (.string, true),
        "stringequalsignorecase": (.stringIgnoringCase, false),
        "stringnotequalsignorecase": (.stringIgnoringCase, true),
        "stringlike": (.like, false), "stringnotlike": (.like, true),
        "numericequals": (.numeric(.equal), false), "numericnotequals": (.numeric(.equal), true),
        "numericlessthan": (.numeric(.less), false), "numericlessthanequals": (.numeric(.lessOrEqual), false),
        "numericgreaterthan": (.numeric(.greater), false),
        "numericgreaterthanequals": (.numeric(.greaterOrEqual), false),
        "dateequals": (.date(.equal), false), "datenotequals": (.date(.equal), true),
        "datelessthan": (.date(.less), false), "datelessthanequals": (.date(.lessOrEqual), false),
        "dategreaterthan": (.date(.greater), false), "dategreaterthanequals": (.date(.greaterOrEqual), false),
        "bool": (.bool, false), "binaryequals": (.binary, false), "binarynotequals": (.binary, true),
        "ipaddress": (.address, false), "notipaddress": (.address, true),
        "arnequals": (.arn, false), "arnlike": (.arn, false), "arnnotequals": (.arn, true), "arnnotlike": (.arn, true),
        "null": (.null, false),
    ]

    /// Reads an operator; nil for one that IAM does not have.
    public init?(_ text: String) {
        var rest = text.lowercased()
        var quantifier: Quantifier?
        if let colon = rest.firstIndex(of: ":") {
            switch rest[..<colon] {
            case "forallvalues": quantifier = .all
            case "foranyvalue": quantifier = .any
            default: return nil
            }
            rest = String(rest[rest.index(after: colon)...])
        }
        let ifExists = rest.hasSuffix("ifexists")
        if ifExists { rest.removeLast("ifexists".count) }
        guard let (comparison, isNegated) = Self.comparisons[rest], comparison != .null || !ifExists else { return nil }
        self.quantifier = quantifier
        self.comparison = comparison
        self.isNegated = isNegated
        self.ifExists = ifExists
    }
}
