import Foundation
import Testing

@testable import DataAccess

@Suite("A search for a request that is allowed")
struct RequestSearchTests {
    private static let actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    private static let resources = [
        "*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/x*", "arn:aws:s3:::b/x/y", "arn:aws:s3:::*/y", "arn:aws:s3:::c/*",
        "arn:aws:s3:::b/?", "arn:aws:s3:::b/*y",
    ]
    private static let conditions = [
        "", "", #""Bool":{"aws:SecureTransport":"true"}"#, #""Bool":{"aws:SecureTransport":"false"}"#,
        #""StringEquals":{"aws:SourceVpce":"v1"}"#, #""StringNotEquals":{"aws:SourceVpce":["v1","v2"]}"#,
        #""StringLike":{"s3:prefix":"a*"}"#, #""StringNotLike":{"s3:prefix":"a*"}"#,
        #""IpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#, #""NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#,
        #""Null":{"aws:SourceVpce":"true"}"#, #""NumericLessThan":{"s3:max-keys":"10"}"#,
        #""StringEqualsIfExists":{"aws:SourceVpce":"v2"}"#, #""ForAnyValue:StringEquals":{"aws:TagKeys":["k"]}"#,
        #""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/r*"}"#,
        #""ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/r"}"#,
    ]
    private static let keys = ["b", "b/", "b/x", "b/x/y", "b/xa", "b/y", "b/zy", "c/y", "c/x", "d/y", "d/z"]
    private static let contexts: [(String, [RequestContext.Value?])] = [
        ("aws:securetransport", [nil, .single("true"), .single("false")]),
        ("aws:sourcevpce", [nil, .single("v1"), .single("v2"), .single("v3")]),
        ("s3:prefix", [nil, .single("ab"), .single("b")]),
        ("aws:sourceip", [nil, .single("10.1.2.3"), .single("192.0.2.1")]),
        ("s3:max-keys", [nil, .single("5"), .single("10")]), ("aws:tagkeys", [nil, .list(["k"]), .list(["m"])]),
    ]

    private static func statement(_ random: inout Seeded, isResource: Bool) -> String {
        let effect = random.below(5) < 3 ? "Allow" : "Deny"
        let action = random.below(6) == 0 ? "s3:*" : random.pick(actions)
        let element = random.below(6) == 0 ? "NotResource" : "Resource"
        let count = 1 + random.below(2)
        let conditions = (0..<count).map { _ in random.pick(Self.conditions) }.filter { !$0.isEmpty }
        let names = Set(conditions.map { $0.prefix { $0 != "{" } })
        let block = names.count == conditions.count ? conditions.joined(separator: ",") : conditions[0]
        let principal =
            isResource
            ? #","Principal":"#
                + random.pick(["\"*\"", #"{"AWS":"111111111111"}"#, #"{"AWS":"arn:aws:iam::111111111111:role/r"}"#])
            : ""
        return #"{"Effect":"\#(effect)","Action":"\#(action)","\#(element)":"\#(random.pick(resources))"\#(principal)"#
            + (block.isEmpty ? "}" : #","Condition":{\#(block)}}"#)
    }

    private static func policy(_ random: inout Seeded, isResource: Bool) throws -> PolicyDocument {
        let statements = (0...random.below(4)).map { _ in statement(&random, isResource: isResource) }
        let text = #"{"Version":"2012-10-17","Statement":[\#(statements.joined(separator: ","))]}"#
        return try PolicyDocument(json: Array(text.utf8))
    }

    /// Whether one of many requests is allowed, tried one by one.
    private static func tryAll(_ action: String, _ policies: IAMPolicies, fixed: [String: RequestContext.Value?])
        -> IAMRequest?
    {
        var contexts: [[String: RequestContext.Value]] = [fixed.compactMapValues { $0 }]
        for (key, values) in Self.contexts {
            contexts = contexts.flatMap { context in
                values.map { value in
                    var next = context
                    next[key] = value
                    return next
                }
            }
        }
        for context in contexts {
            for key in keys {
                let request = IAMRequest(
                    principal: RequestPrincipal("arn:aws:sts::111111111111:assumed-role/r/s"),
                    action: action,
                    resource: .exact("arn:aws:s3:::" + key),
                    resourceAccount: "111111111111",
                    context: RequestContext(context)
                )
                if IAMEvaluator.decide(request, policies).isAllowed { return request }
            }
        }
        return nil
    }

    @Test("agrees with trying every request, on random pairs of policies")
    func agrees() throws {
        var random = Seeded(2026)
        let fixed: [String: RequestContext.Value?] = [
            "aws:principalarn": .single("arn:aws:iam::111111111111:role/r"),
            "aws:principalaccount": .single("111111111111"),
        ]
        var (found, none, unknown) = (0, 0, 0)
        let scale = ProcessInfo.processInfo.environment["LAPWING_SCALE"].flatMap(Int.init) ?? 1
        for _ in 0..<60 * max(1, scale) {
            var policies = IAMPolicies()
            policies.identity = [try Self.policy(&random, isResource: false)]
            if random.below(3) > 0 { policies.resource = try Self.policy(&random, isResource: true) }
            if random.below(4) == 0 { policies.boundary = [try Self.policy(&random, isResource: false)] }
            let action = random.pick(Self.actions)
            let search = RequestSearch(
                principal: RequestPrincipal("arn:aws:sts::111111111111:assumed-role/r/s"),
                account: "111111111111",
                fixed: fixed,
                policies: policies
            )
            let area = Glob(tokens: Glob.tokens("arn:aws:s3:::", isLiteral: true) + [Glob.star])
            switch search.find(action, in: area) {
            case .found(let request):
                found += 1
                #expect(IAMEvaluator.decide(request, policies).isAllowed)
            case .none:
                none += 1
                let counterexample = Self.tryAll(action, policies, fixed: fixed)
                #expect(counterexample == nil, "\(action): \(policies)")
            case .unknown: unknown += 1
            }
        }
        print("request search: \(found) found, \(none) proved impossible, \(unknown) not decided")
        #expect(found > 10 && none > 10)
        #expect(unknown * 50 <= found + none)
    }
}
