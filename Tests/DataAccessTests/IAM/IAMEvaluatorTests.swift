import Testing

@testable import DataAccess

@Suite("A decision")
struct IAMEvaluatorTests {
    private static func policy(_ statements: String) throws -> PolicyDocument {
        try PolicyDocument(json: Array(#"{"Version":"2012-10-17","Statement":[\#(statements)]}"#.utf8))
    }

    private static func request(
        _ principal: String = "arn:aws:iam::111111111111:role/r",
        action: String = "s3:GetObject",
        on resource: String = "arn:aws:s3:::b/k",
        account: String = "111111111111",
        _ context: [String: RequestContext.Value] = [:]
    ) -> IAMRequest {
        IAMRequest(
            principal: principal == "anonymous" ? .anonymous : RequestPrincipal(principal),
            action: action,
            resource: .exact(resource),
            resourceAccount: account,
            context: RequestContext(context)
        )
    }

    private static let allow = #"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#

    @Test("is Deny where nothing allows")
    func denies() {
        #expect(IAMEvaluator.decide(Self.request(), IAMPolicies()).verdict == .implicitDeny)
    }

    @Test("is Deny where anything denies, whatever allows")
    func denyWins() throws {
        var policies = IAMPolicies()
        policies.identity = [try Self.policy(Self.allow)]
        #expect(IAMEvaluator.decide(Self.request(), policies).isAllowed)
        policies.resource = try Self.policy(
            #"{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#
        )
        let decision = IAMEvaluator.decide(Self.request(), policies)
        #expect(decision.verdict == .explicitDeny && decision.blockedBy == [.resource])
    }

    @Test("denies by an ARN whose type is a wildcard")
    func wildcardTypes() throws {
        var policies = IAMPolicies()
        policies.identity = [
            try Self.policy(
                Self.allow + #",{"Effect":"Deny","Action":"*","Resource":"*","#
                    + #""Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111111111111:*/blocked"}}}"#
            )
        ]
        let role = "arn:aws:iam::111111111111:role/"
        let blocked = Self.request(account: "111111111111", ["aws:PrincipalArn": .single(role + "blocked")])
        #expect(IAMEvaluator.decide(blocked, policies).verdict == .explicitDeny)
        #expect(
            IAMEvaluator.decide(
                Self.request(account: "111111111111", ["aws:PrincipalArn": .single(role + "r")]),
                policies
            ).isAllowed
        )
    }

    @Test("tells texts apart that only look the same")
    func comparesBytes() throws {
        var policies = IAMPolicies()
        policies.identity = [
            try Self.policy(
                #"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"s3:prefix":"\u00e9"}}}"#
            )
        ]
        #expect(
            IAMEvaluator.decide(Self.request(account: "111111111111", ["s3:prefix": .single("\u{E9}")]), policies)
                .isAllowed
        )
        #expect(
            !IAMEvaluator.decide(Self.request(account: "111111111111", ["s3:prefix": .single("e\u{301}")]), policies)
                .isAllowed
        )
    }

    @Test("is Deny where a key is there twice, in upper and in lower case")
    func ambiguousKeys() throws {
        var policies = IAMPolicies()
        policies.identity = [try Self.policy(Self.allow)]
        let twice: [String: RequestContext.Value] = ["s3:prefix": .single("a"), "S3:Prefix": .single("b")]
        #expect(!IAMEvaluator.decide(Self.request(account: "111111111111", twice), policies).isAllowed)
    }

    @Test("tells nobody who they are that did not sign")
    func unsignedIdentity() {
        let identity = "sts:GetCallerIdentity"
        #expect(IAMEvaluator.decide(Self.request(action: identity), IAMPolicies()).isAllowed)
        #expect(!IAMEvaluator.decide(Self.request("anonymous", action: identity), IAMPolicies()).isAllowed)
    }

    @Test("about another account needs both sides")
    func crossAccount() throws {
        var policies = IAMPolicies()
        policies.identity = [try Self.policy(Self.allow)]
        let request = Self.request(account: "222222222222")
        #expect(!IAMEvaluator.decide(request, policies).isAllowed)
        policies.resource = try Self.policy(
            #"{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:*","Resource":"*"}"#
        )
        #expect(IAMEvaluator.decide(request, policies).isAllowed)
        policies.identity = []
        #expect(!IAMEvaluator.decide(request, policies).isAllowed)
    }

    @Test("asks every level of an organisation")
    func levels() throws {
        var policies = IAMPolicies()
        policies.identity = [try Self.policy(Self.allow)]
        policies.serviceControl = [[try Self.policy(Self.allow)], []]
        #expect(IAMEvaluator.decide(Self.request(), policies).blockedBy == [.serviceControl])
    }

    @Test("leaves out of a Deny only who is named in full")
    func notPrincipal() throws {
        var policies = IAMPolicies()
        policies.identity = [try Self.policy(Self.allow)]
        policies.resource = try Self.policy(
            #"{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111111111111:role/r"},"Action":"s3:*","Resource":"*"}"#
        )
        #expect(IAMEvaluator.decide(Self.request(), policies).isAllowed)
        let session = Self.request("arn:aws:sts::111111111111:assumed-role/r/s")
        #expect(IAMEvaluator.decide(session, policies).verdict == .explicitDeny)
        policies.boundary = [try Self.policy(Self.allow)]
        #expect(IAMEvaluator.decide(Self.request(), policies).verdict == .explicitDeny)
    }

    @Test("takes a value of the request for itself, wildcards and all")
    func variables() throws {
        var policies = IAMPolicies()
        policies.identity = [
            try Self.policy(#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*"}"#)
        ]
        let own = Self.request(on: "arn:aws:s3:::b/ann/k", ["aws:username": .single("ann")])
        #expect(IAMEvaluator.decide(own, policies).isAllowed)
        let star = Self.request(on: "arn:aws:s3:::b/ann/k", ["aws:username": .single("*")])
        #expect(!IAMEvaluator.decide(star, policies).isAllowed)
        #expect(!IAMEvaluator.decide(Self.request(on: "arn:aws:s3:::b//k"), policies).isAllowed)
    }

    @Test("closes a public bucket to all but its account where that is asked for")
    func publicAccessBlock() throws {
        var policies = IAMPolicies()
        policies.resource = try Self.policy(
            #"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#
        )
        #expect(IAMEvaluator.decide(Self.request("anonymous"), policies).isAllowed)
        policies.restrictsPublicBuckets = true
        #expect(IAMEvaluator.decide(Self.request("anonymous"), policies).blockedBy == [.publicAccessBlock])
        #expect(IAMEvaluator.decide(Self.request(), policies).isAllowed)
    }

    @Test("names what a call to S3 needs")
    func operations() {
        var details = S3Operation.Details()
        details.copySource = ("arn:aws:s3:::a/k", hasVersion: true)
        details.setsTags = true
        let needs = S3Operation.needs(of: "CopyObject", bucket: "b", key: "k", details: details)
        #expect(needs?.map(\.action) == ["s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectTagging"])
        #expect(S3Operation.needs(of: "HeadBucket", bucket: "b")?.map(\.action) == ["s3:ListBucket"])
        #expect(S3Operation.needs(of: "MakeCoffee", bucket: "b") == nil)
    }
}
