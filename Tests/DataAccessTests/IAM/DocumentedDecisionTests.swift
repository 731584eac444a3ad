import Testing

@testable import DataAccess

/// What AWS's documentation says of decisions, case by case: above all, what has to be refused.
@Suite("A decision, as AWS documents it") struct DocumentedDecisionTests {
    /// One case: who asks for what, with which keys, under which policies.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var principal = "arn:aws:sts::111111111111:assumed-role/r/s"
        var action = "s3:GetObject"
        var resource = "arn:aws:s3:::b/k"
        var account = "111111111111"
        var context: [String: RequestContext.Value] = [:]
        var version = "2012-10-17"
        var identity: [String] = [#"{"Effect":"Allow","Action":"*","Resource":"*"}"#]
        var onResource: [String]?
        var boundary: [String]?
        var session: [String]?
        let isAllowed: Bool

        /// A Deny of everything on a condition, beside an Allow of everything.
        static func deny(
            _ name: String,
            _ condition: String,
            _ context: [String: RequestContext.Value],
            isAllowed: Bool
        ) -> Case {
            var test = Case(testDescription: "a Deny: " + name, context: context, isAllowed: isAllowed)
            test.identity.append(#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":"# + condition + "}")
            return test
        }

        /// An Allow of everything on a condition.
        static func allow(
            _ name: String,
            _ condition: String,
            _ context: [String: RequestContext.Value],
            isAllowed: Bool
        ) -> Case {
            Case(
                testDescription: "an Allow: " + name,
                context: context,
                identity: [#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":"# + condition + "}"],
                isAllowed: isAllowed
            )
        }
    }

    // IAM User Guide: "Condition operators", "Single-valued vs. multivalued context keys".
    static let conditions: [Case] = [
        .deny(
            "a negated operator holds where its key is absent",
            #"{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}"#,
            [:],
            isAllowed: false
        ),
        .deny("with IfExists too", #"{"StringNotEqualsIfExists":{"aws:SourceVpc":"vpc-1"}}"#, [:], isAllowed: false),
        .deny(
            "Bool does not where its key is absent",
            #"{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#,
            [:],
            isAllowed: true
        ),
        .deny("BoolIfExists does", #"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}"#, [:], isAllowed: false),
        .deny(
            "NotIpAddress holds where its key is absent",
            #"{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#,
            [:],
            isAllowed: false
        ),
        .deny(
            "NumericLessThanIfExists holds where its key is absent",
            #"{"NumericLessThanIfExists":{"s3:TlsVersion":"1.2"}}"#,
            [:],
            isAllowed: false
        ),
        .deny("Null asks whether a key is absent", #"{"Null":{"aws:TokenIssueTime":"true"}}"#, [:], isAllowed: false),
        .deny(
            "Null with false asks whether it is there",
            #"{"Null":{"aws:TokenIssueTime":"false"}}"#,
            ["aws:tokenissuetime": .single("2026-01-01T00:00:00Z")],
            isAllowed: false
        ),
        .deny(
            "several operators have to hold together",
            #"{"StringEquals":{"a:b":"c"},"Bool":{"d:e":"true"}}"#,
            ["a:b": .single("c"), "d:e": .single("false")],
            isAllowed: true
        ),
        .deny(
            "names of keys are the same in any case",
            #"{"StringEquals":{"AWS:sourceVPC":"vpc-1"}}"#,
            ["aws:SourceVpc": .single("vpc-1")],
            isAllowed: false
        ),
        .deny(
            "values are not",
            #"{"StringEquals":{"aws:SourceVpc":"VPC-1"}}"#,
            ["aws:SourceVpc": .single("vpc-1")],
            isAllowed: true
        ),
        .deny(
            "IgnoreCase says otherwise",
            #"{"StringEqualsIgnoreCase":{"aws:SourceVpc":"VPC-1"}}"#,
            ["aws:SourceVpc": .single("vpc-1")],
            isAllowed: false
        ),
        .deny(
            "an operator that there is not gets nobody out",
            #"{"StringMatches":{"aws:SourceVpc":"vpc-1"}}"#,
            ["aws:SourceVpc": .single("vpc-1")],
            isAllowed: false
        ),
        .deny(
            "ForAnyValue holds for one of several",
            #"{"ForAnyValue:StringEquals":{"aws:TagKeys":["secret"]}}"#,
            ["aws:TagKeys": .list(["open", "secret"])],
            isAllowed: false
        ),
        .deny(
            "ForAnyValue does not hold for none",
            #"{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["open"]}}"#,
            [:],
            isAllowed: true
        ),
        .deny(
            "ForAnyValue of a negated operator holds for one that is another",
            #"{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["open"]}}"#,
            ["aws:TagKeys": .list(["open", "secret"])],
            isAllowed: false
        ),
        .deny(
            "ForAllValues of a negated operator holds where none is meant",
            #"{"ForAllValues:StringNotEquals":{"aws:TagKeys":["open"]}}"#,
            ["aws:TagKeys": .list(["secret"])],
            isAllowed: false
        ),
        .deny(
            "ForAllValues holds for none",
            #"{"ForAllValues:StringEquals":{"aws:TagKeys":["open"]}}"#,
            [:],
            isAllowed: false
        ),
        .deny(
            "ForAllValues holds for an empty list",
            #"{"ForAllValues:StringEquals":{"aws:TagKeys":["open"]}}"#,
            ["aws:TagKeys": .list([])],
            isAllowed: false
        ),
        .allow(
            "IfExists lets through where its key is absent",
            #"{"StringEqualsIfExists":{"aws:SourceVpc":"vpc-1"}}"#,
            [:],
            isAllowed: true
        ),
        .allow(
            "and not where it is another",
            #"{"StringEqualsIfExists":{"aws:SourceVpc":"vpc-1"}}"#,
            ["aws:SourceVpc": .single("vpc-2")],
            isAllowed: false
        ),
        .allow(
            "StringEquals knows no wildcards",
            #"{"StringEquals":{"aws:PrincipalTag/team":"*"}}"#,
            ["aws:PrincipalTag/team": .single("red")],
            isAllowed: false
        ),
        .allow(
            "ArnEquals does",
            #"{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:*:111111111111:t-?"}}"#,
            ["aws:SourceArn": .single("arn:aws:sns:eu-west-1:111111111111:t-1")],
            isAllowed: true
        ),
        .allow(
            "a wildcard in an ARN goes over no colon",
            #"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:t"}}"#,
            ["aws:SourceArn": .single("arn:aws:sns:eu-west-1:111111111111:t")],
            isAllowed: false
        ),
        .allow(
            "an address of IPv6 is in its block",
            #"{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}"#,
            ["aws:SourceIp": .single("2001:DB8:1::1")],
            isAllowed: true
        ),
        .allow(
            "and in none of IPv4's",
            #"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#,
            ["aws:SourceIp": .single("2001:db8::1")],
            isAllowed: false
        ),
        .allow(
            "a block begins at its prefix, whatever its address",
            #"{"IpAddress":{"aws:SourceIp":"10.1.2.3/8"}}"#,
            ["aws:SourceIp": .single("10.200.0.1")],
            isAllowed: true
        ),
        .allow(
            "times have zones",
            #"{"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00+02:00"}}"#,
            ["aws:CurrentTime": .single("2025-12-31T22:30:00Z")],
            isAllowed: false
        ),
        .allow(
            "and epochs",
            #"{"DateGreaterThan":{"aws:EpochTime":"2026-01-01T00:00:00Z"}}"#,
            ["aws:EpochTime": .single("1767225601")],
            isAllowed: true
        ),
        .allow(
            "what is no time is neither before nor after",
            #"{"DateNotEquals":{"aws:CurrentTime":"soon"}}"#,
            ["aws:CurrentTime": .single("2026-01-01T00:00:00Z")],
            isAllowed: false
        ),
        .allow(
            "a number is no text",
            #"{"NumericEquals":{"s3:max-keys":"10"}}"#,
            ["s3:max-keys": .single("10.0")],
            isAllowed: true
        ),
        .allow(
            "a value has a default where its key is absent",
            #"{"StringEquals":{"a:b":"${aws:PrincipalTag/team, 'none'}"}}"#,
            ["a:b": .single("none")],
            isAllowed: true
        ),
        .allow(
            "and is nothing without one",
            #"{"StringNotEquals":{"a:b":"${aws:PrincipalTag/team}"}}"#,
            ["a:b": .single("none")],
            isAllowed: false
        ),
        .allow(
            "a wildcard of a value means itself",
            #"{"StringLike":{"a:b":"x-${aws:PrincipalTag/team}"}}"#,
            ["a:b": .single("x-red"), "aws:PrincipalTag/team": .single("*")],
            isAllowed: false
        ),
        .allow(
            "a wildcard may be written as itself",
            #"{"StringLike":{"a:b":"x-${*}"}}"#,
            ["a:b": .single("x-red")],
            isAllowed: false
        ),
    ]

    // IAM User Guide: "Policy evaluation logic", "Principal", "NotPrincipal", "NotAction", "NotResource", "Variables".
    static let policies: [Case] = [
        Case(
            testDescription: "a Deny of *:* denies",
            identity: [
                #"{"Effect":"Allow","Action":"*","Resource":"*"}"#, #"{"Effect":"Deny","Action":"*:*","Resource":"*"}"#,
            ],
            isAllowed: false
        ),
        Case(
            testDescription: "actions are the same in any case",
            identity: [
                #"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
                #"{"Effect":"Deny","Action":"S3:getobject","Resource":"*"}"#,
            ],
            isAllowed: false
        ),
        Case(
            testDescription: "keys of objects are not",
            identity: [#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/K"}"#],
            isAllowed: false
        ),
        Case(
            testDescription: "an Allow with NotAction allows everything else",
            identity: [#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#],
            isAllowed: true
        ),
        Case(
            testDescription: "a Deny with NotResource denies everything else",
            identity: [
                #"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
                #"{"Effect":"Deny","Action":"s3:*","NotResource":["arn:aws:s3:::b","arn:aws:s3:::other/*"]}"#,
            ],
            isAllowed: false
        ),
        Case(
            testDescription: "a bucket's ARN is not its objects'",
            identity: [#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b"}"#],
            isAllowed: false
        ),
        Case(
            testDescription: "variables are text in policies of 2008",
            context: ["aws:username": .single("k")],
            version: "2008-10-17",
            identity: [#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}"}"#],
            isAllowed: false
        ),
        Case(
            testDescription: "a Deny of a role denies its sessions",
            onResource: [
                #"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111111111111:role/r"},"Action":"s3:*","Resource":"*"}"#
            ],
            isAllowed: false
        ),
        Case(
            testDescription: "a Deny of an account denies everybody in it",
            onResource: [#"{"Effect":"Deny","Principal":{"AWS":"111111111111"},"Action":"s3:*","Resource":"*"}"#],
            isAllowed: false
        ),
        Case(
            testDescription: "another account's word for a session is not enough",
            account: "222222222222",
            identity: [],
            onResource: [
                #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111111111111:assumed-role/r/s"},"Action":"s3:*","Resource":"*"}"#
            ],
            isAllowed: false
        ),
        Case(
            testDescription: "nor is it for everybody",
            account: "222222222222",
            identity: [],
            onResource: [#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#],
            isAllowed: false
        ),
        Case(
            testDescription: "with both sides it is",
            account: "222222222222",
            onResource: [
                #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"s3:*","Resource":"*"}"#
            ],
            isAllowed: true
        ),
        Case(
            testDescription: "a boundary limits across accounts, too",
            account: "222222222222",
            onResource: [
                #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"s3:*","Resource":"*"}"#
            ],
            boundary: [#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#],
            isAllowed: false
        ),
        Case(
            testDescription: "a session's policy limits its role",
            session: [#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}"#],
            isAllowed: false
        ),
        Case(
            testDescription: "and what a resource gives to the role",
            identity: [],
            onResource: [
                #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/r"},"Action":"s3:*","Resource":"*"}"#
            ],
            session: [#"{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}"#],
            isAllowed: false
        ),
        Case(
            testDescription: "a boundary gives nothing",
            identity: [],
            boundary: [#"{"Effect":"Allow","Action":"*","Resource":"*"}"#],
            isAllowed: false
        ),
        Case(
            testDescription: "a user by another path is another",
            principal: "arn:aws:iam::111111111111:user/ann",
            identity: [],
            onResource: [
                #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/team/ann"},"Action":"s3:*","Resource":"*"}"#
            ],
            isAllowed: false
        ),
        Case(
            testDescription: "a principal has no wildcards",
            identity: [],
            onResource: [
                #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/*"},"Action":"s3:*","Resource":"*"}"#
            ],
            isAllowed: false
        ),
        Case(
            testDescription: "a trust policy that names another leaves a role alone",
            action: "sts:AssumeRole",
            resource: "arn:aws:iam::111111111111:role/other",
            onResource: [#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#],
            isAllowed: false
        ),
        Case(
            testDescription: "a key is used by its policy alone",
            action: "kms:Decrypt",
            resource: "arn:aws:kms:eu-west-1:111111111111:key/k",
            isAllowed: false
        ),
    ]

    @Test("holds", arguments: conditions + policies)
    func decides(_ test: Case) throws {
        func document(_ statements: [String]) throws -> PolicyDocument {
            let text = #"{"Version":""# + test.version + #"","Statement":["# + statements.joined(separator: ",") + "]}"
            return try PolicyDocument(json: text.utf8)
        }
        var policies = IAMPolicies()
        policies.identity = [try document(test.identity)]
        policies.resource = try test.onResource.map(document)
        policies.boundary = try test.boundary.map { [try document($0)] }
        policies.session = try test.session.map { [try document($0)] }
        let request = IAMRequest(
            principal: RequestPrincipal(test.principal),
            action: test.action,
            resource: .exact(test.resource),
            resourceAccount: test.account,
            context: RequestContext(test.context)
        )
        let decision = IAMEvaluator.decide(request, policies)
        #expect(decision.isAllowed == test.isAllowed, "\(decision.verdict)")
    }
}
