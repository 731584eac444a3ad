import Testing

@testable import DataAccess

@Suite("Somebody whom a policy lets in")
struct PrincipalProbesTests {
    /// The example's files, each changed where it is named.
    static func proof(
        _ yaml: String = EstateExample.yaml,
        _ change: (inout [String: [UInt8]]) -> Void
    ) throws -> EstateProof {
        let estate = try EstateExample.load(yaml)
        var files = try AWSProofTests.files(estate)
        change(&files)
        return EstateProof(estate, aws: try AWSArtifacts(files: files, estate: estate))
    }

    static func policy(_ statements: String) -> [UInt8] {
        Array(#"{"Version":"2012-10-17","Statement":[\#(statements)]}"#.utf8)
    }

    static func unknowns(_ proof: EstateProof) -> Set<String> {
        Set(
            proof.results.compactMap { result in
                if case .unknown = result.outcome { "\(result.id) in \(result.layer)" } else { nil }
            }
        )
    }

    /// A bucket's policy that allows one thing and denies whoever is not said here.
    private static func allow(_ principal: String, _ condition: String = "") -> [UInt8] {
        policy(
            #"{"Effect":"Allow","Principal":\#(principal),"Action":"s3:GetObject","#
                + #""Resource":"arn:aws:s3:::shop-orders/*"\#(condition.isEmpty ? "" : #","Condition":{\#(condition)}"#)}"#
        )
    }

    @Test(
        "of a bucket is found, whoever it is",
        arguments: [
            (#"{"AWS":"arn:aws:iam::222222222222:root"}"#, ""), (#"{"AWS":"222222222222"}"#, ""),
            (#"{"AWS":"arn:aws:iam::222222222222:user/team/eve"}"#, ""),
            (#"{"AWS":"arn:aws:iam::222222222222:role/eve"}"#, ""),
            (#"{"AWS":"arn:aws:sts::222222222222:assumed-role/eve/monday"}"#, ""),
            (#"{"AWS":"arn:aws:iam::123456789012:user/bob"}"#, ""),
            (#"{"AWS":"arn:aws:iam::123456789012:role/not-exported"}"#, ""),
            (#"{"Service":"logging.s3.amazonaws.com"}"#, ""),
            (#"{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}"#, ""),
            (#""*""#, #""StringEquals":{"aws:PrincipalAccount":"222222222222"}"#),
            (#""*""#, #""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222222222222:role/x*"}"#),
            (#""*""#, #""StringEquals":{"aws:PrincipalArn":"arn:aws:iam::222222222222:user/eve"}"#),
            (#""*""#, #""StringEquals":{"aws:PrincipalType":"User","aws:PrincipalAccount":"222222222222"}"#),
            (#""*""#, #""StringEquals":{"aws:PrincipalServiceName":"delivery.logs.amazonaws.com"}"#),
            (#"{"AWS":"arn:aws:sts::123456789012:assumed-role/trainer/night"}"#, ""),
        ]
    )
    func findsForeigners(_ principal: String, _ condition: String) throws {
        let observed = try Self.observed(Self.allow(principal, condition))
        let isFound = observed.components.contains { name in
            guard name != "intake", name != "cleaner", case .possible = observed.finding(name, .read, "orders") else {
                return false
            }
            return true
        }
        #expect(isFound)
    }

    @Test("is undecided where the account is a pattern")
    func patternOfAccounts() throws {
        let observed = try Self.observed(
            Self.allow(#""*""#, #""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::2222*:role/x"}"#),
            isRestricted: false
        )
        guard case .undecided = observed.finding(AWSObservation.anotherAccount, .read, "orders") else {
            Issue.record("somebody of such an account was ruled out")
            return
        }
    }

    private static func observed(_ bucketPolicy: [UInt8], isRestricted: Bool = true) throws -> ObservedAccess {
        let estate = try EstateExample.load()
        var files = try AWSProofTests.files(estate)
        files["buckets/shop-orders/policy.json"] = bucketPolicy
        if !isRestricted { files["buckets/shop-orders/public-access-block.json"] = nil }
        return AWSObservation(estate, try AWSArtifacts(files: files, estate: estate)).observe()
    }

    private static let irsa = EstateExample.yaml.replacing(
        "region: eu-west-1}",
        with: "region: eu-west-1, oidcProvider: oidc.example/id/1}"
    )

    @Test("of a role is found, whoever it is")
    func findsStrangers() throws {
        let subject = #""StringEquals":{"oidc.example/id/1:sub":"system:serviceaccount:ml:trainer"}"#
        func statement(_ principal: String, _ action: String, _ condition: String = "") -> String {
            #"{"Effect":"Allow","Principal":{\#(principal)},"Action":"\#(action)","Condition":{\#(condition)}}"#
        }
        let cases: [String] = [
            statement(#""AWS":"arn:aws:iam::222222222222:root""#, "sts:AssumeRole"),
            statement(#""AWS":"arn:aws:iam::222222222222:role/trainer""#, "sts:AssumeRole"),
            statement(#""AWS":"arn:aws:iam::123456789012:user/eve""#, "sts:AssumeRole"),
            statement(#""AWS":"arn:aws:sts::222222222222:assumed-role/trainer/s""#, "sts:AssumeRole"),
            statement(#""AWS":"*""#, "sts:AssumeRole", #""StringEquals":{"aws:PrincipalAccount":"222222222222"}"#),
            statement(
                #""Federated":"arn:aws:iam::222222222222:oidc-provider/oidc.example/id/1""#,
                "sts:AssumeRoleWithWebIdentity",
                subject
            ),
            statement(
                #""Federated":"arn:aws:iam::123456789012:oidc-provider/other.example""#,
                "sts:AssumeRoleWithWebIdentity",
                #""StringEquals":{"other.example:sub":"system:serviceaccount:ml:trainer"}"#
            ),
            statement(#""Federated":"arn:aws:iam::123456789012:saml-provider/idp""#, "sts:AssumeRoleWithSAML"),
            statement(#""Service":"ec2.amazonaws.com""#, "sts:AssumeRole"),
        ]
        let estate = try EstateExample.load(Self.irsa)
        let trainer = try #require(estate.component("trainer"))
        var files = try AWSProofTests.files(estate)
        let base = TrustProof(estate: estate, artifacts: try AWSArtifacts(files: files, estate: estate))
        #expect(base.finding(trainer) == .proved)
        for trust in cases {
            files["roles/trainer/trust.json"] = Self.policy(trust)
            let proof = TrustProof(estate: estate, artifacts: try AWSArtifacts(files: files, estate: estate))
            guard case .refuted(_, .some) = proof.finding(trainer) else {
                Issue.record("\(trust): \(proof.finding(trainer))")
                continue
            }
        }
    }

    @Test("by one session is found though another is denied")
    func tellsSessionsApart() throws {
        let deny =
            #"{"Effect":"Deny","Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/trainer/session"},"#
            + #""Action":"s3:*","Resource":"arn:aws:s3:::shop-orders/*"}"#
        let denyOthers =
            #"{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:sts::123456789012:assumed-role/trainer/night"]},"#
            + #""Action":"s3:*","Resource":"arn:aws:s3:::shop-orders/*"}"#
        for statement in [deny, denyOthers] {
            let proof = try Self.proof { files in
                files["roles/trainer/policy-9.json"] = Self.policy(
                    #"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop-orders/*"}"#
                )
                files["buckets/shop-orders/policy.json"] = Self.policy(statement)
            }
            let isFound = proof.results.contains { result in
                guard result.id == "A", result.layer == "s3", case .refuted(_, .some) = result.outcome else {
                    return false
                }
                return true
            }
            #expect(isFound, "\(statement)")
        }
    }

    @Test("is not ruled out where something was not exported")
    func undecidedWithoutExport() throws {
        let withoutRole = try Self.proof { files in
            for path in files.keys where path.hasPrefix("roles/trainer/") { files[path] = nil }
        }
        #expect(Self.unknowns(withoutRole).isSuperset(of: ["trust trainer in s3", "A in s3", "nothing else in s3"]))
        let withoutBucket = try Self.proof { files in
            for path in files.keys where path.hasPrefix("buckets/shop-orders/") { files[path] = nil }
        }
        #expect(Self.unknowns(withoutBucket).isSuperset(of: ["A in s3", "F in s3", "tls in s3"]))
        let accessPoint = try Self.proof { files in
            files["roles/trainer/policy-9.json"] = Self.policy(
                #"{"Effect":"Allow","Action":"s3:GetObject","#
                    + #""Resource":"arn:aws:s3:eu-west-1:123456789012:accesspoint/ap/object/*"}"#
            )
        }
        #expect(Self.unknowns(accessPoint).isSuperset(of: ["A in s3", "nothing else in s3"]))
        let withoutEndpoint = try Self.proof { $0["endpoints/s3.json"] = nil }
        #expect(Self.unknowns(withoutEndpoint) == ["endpoint in s3"])
    }
}
