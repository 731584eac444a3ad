/// Pairs of policies that look random, of which one often allows a little more than the other.
struct RandomPolicies {
    private var random: Seeded

    init(seed: UInt64) { random = Seeded(seed) }

    /// The actions that are asked about.
    static let actions = [
        "s3:getobject", "s3:getobjecttagging", "s3:getobjectacl", "s3:putobject", "s3:putobjecttagging",
        "s3:deleteobject", "s3:listbucket",
    ]

    /// A statement, part by part, as JSON.
    private struct Statement {
        var effect: String
        var action: (isNegated: Bool, patterns: [String])
        var resource: (isNegated: Bool, patterns: [String])
        var conditions: [(operation: String, key: String, values: [String])]

        var json: String {
            func list(_ texts: [String]) -> String { "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
            var parts = [
                #""Effect":"\#(effect)""#, #""\#(action.isNegated ? "Not" : "")Action":\#(list(action.patterns))"#,
                #""\#(resource.isNegated ? "Not" : "")Resource":\#(list(resource.patterns))"#,
            ]
            let blocks = conditions.map { #""\#($0.operation)":{"\#($0.key)":\#(list($0.values))}"# }
            if !blocks.isEmpty { parts.append(#""Condition":{\#(blocks.joined(separator: ","))}"#) }
            return "{" + parts.joined(separator: ",") + "}"
        }
    }

    /// Two policies as JSON.
    mutating func pair() -> (new: String, old: String) {
        let old = (0..<1 + random.below(3)).map { _ in statement() }
        var new = random.below(3) == 0 ? (0..<1 + random.below(3)).map { _ in statement() } : old
        // A little less, a little more, or elsewhere.
        for _ in 0..<random.below(3) {
            let index = random.below(new.count)
            switch random.below(6) {
            case 0: new[index].resource.patterns = [resource()]
            case 1: new[index].action.patterns = [action()]
            case 2: new[index].conditions = conditions()
            case 3: new.append(statement())
            case 4: new[index].conditions = []
            default: if new.count > 1 { new.remove(at: index) }
            }
        }
        return (Self.policy(new), Self.policy(old))
    }

    private static func policy(_ statements: [Statement]) -> String {
        #"{"Version":"2012-10-17","Statement":[\#(statements.map(\.json).joined(separator: ","))]}"#
    }

    private mutating func statement() -> Statement {
        Statement(
            effect: random.below(4) == 0 ? "Deny" : "Allow",
            action: (random.below(10) == 0, (0..<1 + random.below(2)).map { _ in action() }),
            resource: (random.below(10) == 0, (0..<1 + random.below(2)).map { _ in resource() }),
            conditions: conditions()
        )
    }

    private mutating func action() -> String {
        random.pick([
            "s3:GetObject", "s3:Get*", "s3:*Object", "s3:PutObject", "s3:*", "s3:?etObject", "s3:GetObject*",
            "s3:DeleteObject", "*", "s3:*Tagging", "s3:getobjectACL", "s3:ListBucket",
        ])
    }

    private mutating func resource() -> String {
        let whole = [
            "*", "arn:aws:s3:::*", "arn:aws:s3:*:*:a/*", "arn:*:s3:::ab/x", "arn:aws:s3:::a", "arn:aws:s3:::a*",
        ]
        if random.below(4) == 0 { return random.pick(whole) }
        var key = ""
        for _ in 0..<random.below(4) { key += random.pick(["x", "y", "*", "?", "x/", "*/y", ":", "xy"]) }
        return "arn:aws:s3:::" + random.pick(["a", "ab", "b*", "a?", "*b"]) + "/" + key
    }

    private mutating func conditions() -> [(operation: String, key: String, values: [String])] {
        var result: [(operation: String, key: String, values: [String])] = []
        for _ in 0..<random.below(3) {
            let condition = condition()
            // A block has an operator once.
            if !result.contains(where: { $0.operation == condition.operation }) { result.append(condition) }
        }
        return result
    }

    private mutating func condition() -> (operation: String, key: String, values: [String]) {
        let suffix = random.below(5) == 0 ? "IfExists" : ""
        switch random.below(7) {
        case 0, 1:
            let operation = random.pick(["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"])
            return (operation + suffix, "aws:SourceVpc", some(["vpc-a", "vpc-b", "vpc-*", "v?c-a", "*", "*-a"]))
        case 2:
            let operation = random.pick(["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"])
            return (operation + suffix, "s3:prefix", some(["", "a/", "a/*", "*b", "a?", "*a*b*"]))
        case 3: return ("Bool" + suffix, "aws:SecureTransport", [random.pick(["true", "false"])])
        case 4:
            let key = random.pick(["aws:SourceVpc", "s3:prefix", "aws:SecureTransport", "aws:SourceIp", "s3:max-keys"])
            return ("Null", key, [random.pick(["true", "false"])])
        case 5:
            let operation = random.pick(["NumericLessThanEquals", "NumericGreaterThan"])
            return (operation + suffix, "s3:max-keys", [random.pick(["1", "5", "10", "100"])])
        default:
            let blocks = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "192.168.1.0/24", "0.0.0.0/0"]
            return (random.pick(["IpAddress", "NotIpAddress"]) + suffix, "aws:SourceIp", some(blocks))
        }
    }

    private mutating func some(_ values: [String]) -> [String] {
        let first = random.pick(values)
        let second = random.pick(values)
        return random.below(2) == 0 || first == second ? [first] : [first, second]
    }
}
