import Foundation
import Testing

@testable import DataAccess

@Suite("What else has to hold of AWS")
struct AWSGuardsTests {
    /// What comes of one question about the example whose files are changed.
    private static func outcome(
        _ id: String,
        _ layer: String = "s3",
        _ change: (inout [String: [UInt8]]) -> Void
    ) throws -> InvariantProof.Outcome? {
        try PrincipalProbesTests.proof { change(&$0) }.results.first { $0.id == id && $0.layer == layer }?.outcome
    }

    private static func witness(_ outcome: InvariantProof.Outcome?) -> Witness? {
        if case .refuted(_, let witness) = outcome { witness } else { nil }
    }

    private static func allow(_ action: String, _ resource: String) -> [UInt8] {
        PrincipalProbesTests.policy(#"{"Effect":"Allow","Action":"\#(action)","Resource":"\#(resource)"}"#)
    }

    @Test(
        "a role is allowed nothing of S3 beside objects and buckets, and nothing that is yet to come",
        arguments: [
            "s3:GetDataAccess", "s3:CreateJob", "s3:PutAccountPublicAccessBlock", "s3:CreateAccessPoint",
            "s3:ListAllMyBuckets", "s3:WhatIsYetToCome", "s3:GetObject*", "s3:GetObjec?", "s3express:CreateSession",
        ]
    )
    func strays(_ action: String) throws {
        for resource in ["*", "arn:aws:s3:::shop-ml/weights/*"] {
            let outcome = try Self.outcome("nothing else") { files in
                files["roles/scorer/policy-9.json"] = Self.allow(action, resource)
            }
            // A request that it takes in, where there is one that is more than the role's own, or the pattern itself.
            let shown = Self.witness(outcome)?.action.lowercased() ?? ""
            #expect(Glob(action.lowercased()).matches(shown), "\(resource): \(String(describing: outcome))")
        }
        // A known action where the role has it anyway adds nothing.
        let same = try Self.outcome("nothing else") { files in
            files["roles/scorer/policy-9.json"] = Self.allow("s3:GetObjectVersion", "arn:aws:s3:::shop-ml/weights/*")
        }
        #expect(same == .proved)
    }

    @Test("TLS and what lies beside are asked about for every action")
    func everyAction() throws {
        func narrowed(_ sid: String, _ action: String) throws -> [String: [UInt8]] {
            let path = "buckets/shop-ml/policy.json"
            let files = try AWSProofTests.files(EstateExample.load())
            let text = String(decoding: files[path] ?? [], as: UTF8.self)
            let parts = text.split(separator: "\"\(sid)\"", maxSplits: 1).map(String.init)
            let rest = try #require(parts.last)
            let found = try #require(rest.range(of: #""s3:*""#))
            return [path: Array((parts[0] + "\"\(sid)\"" + rest.replacingCharacters(in: found, with: action)).utf8)]
        }
        for (id, sid) in [("tls", "OverTLSOnly"), ("beside", "NothingBeside")] {
            let change = try narrowed(sid, #"["s3:GetObject*", "s3:PutObject*"]"#)
            let outcome = try Self.outcome(id) { $0.merge(change) { $1 } }
            let action = Self.witness(outcome)?.action
            #expect(action != nil, "\(id): \(String(describing: outcome))")
            #expect(action?.hasPrefix("s3:getobject") == false && action?.hasPrefix("s3:putobject") == false)
        }
        let multipart = try Self.outcome("excess", "s3 buckets") { files in
            let path = "buckets/shop-ml/policy.json"
            let text = String(decoding: files[path] ?? [], as: UTF8.self)
            files[path] = Array(text.replacing("s3:ListBucketMultipartUploads", with: "s3:ListBucketVersions").utf8)
        }
        #expect(Self.witness(multipart)?.action == "s3:listbucketmultipartuploads")
    }

    @Test(
        "an endpoint that leads elsewhere is found, whoever it lets through and whatever for",
        arguments: [
            #""Principal":{"AWS":"arn:aws:iam::123456789012:role/trainer"},"Action":"s3:GetObject","Resource":"*""#,
            #""Principal":{"AWS":"arn:aws:iam::123456789012:role/intake"},"Action":"s3:PutObject","Resource":"*""#,
            #""Principal":{"AWS":"arn:aws:iam::123456789012:user/eve"},"Action":"s3:DeleteObject","Resource":"*""#,
            #""Principal":{"AWS":"111111111111"},"Action":"s3:ListBucket","Resource":"*""#,
            #""Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":"#
                + #"{"aws:ResourceAccount":["123456789012","555555555555"]}}"#,
            #""Principal":"*","Action":"s3:GetBucketAcl","Resource":"*","Condition":{"ArnLike":"#
                + #"{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/scorer"}}"#,
        ]
    )
    func endpoints(_ statement: String) throws {
        let outcome = try Self.outcome("endpoint") { files in
            files["endpoints/s3.json"] = PrincipalProbesTests.policy(#"{"Effect":"Allow",\#(statement)}"#)
        }
        #expect(Self.witness(outcome) != nil, "\(String(describing: outcome))")
    }

    @Test("an endpoint that cannot be decided hides no other, and is never proved")
    func endpointsInDoubt() throws {
        let accessPoint = PrincipalProbesTests.policy(
            #"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:*:555555555555:accesspoint/*"}"#
        )
        let pattern = PrincipalProbesTests.policy(
            #"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","#
                + #""Condition":{"StringLike":{"aws:ResourceAccount":"5555*"}}}"#
        )
        for doubtful in [accessPoint, pattern] {
            let alone = try Self.outcome("endpoint") { $0["endpoints/a.json"] = doubtful }
            guard case .unknown = alone else {
                Issue.record("\(String(describing: alone))")
                continue
            }
            let both = try Self.outcome("endpoint") { files in
                files["endpoints/a.json"] = doubtful
                files["endpoints/b.json"] = PrincipalProbesTests.policy(
                    #"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#
                )
            }
            #expect(Self.witness(both) != nil, "\(String(describing: both))")
        }
    }

    @Test("a role that may assume others whose trust policy is not there is never proved")
    func unknownTrust() throws {
        for role in ["helper", "elsewhere", "*"] {
            let proof = try PrincipalProbesTests.proof { files in
                files["roles/trainer/policy-9.json"] = Self.allow(
                    "sts:AssumeRole",
                    "arn:aws:iam::123456789012:role/\(role)"
                )
                files["roles/helper/policy-1.json"] = Self.allow("s3:GetObject", "arn:aws:s3:::shop-orders/*")
            }
            #expect(PrincipalProbesTests.unknowns(proof).contains("A in s3"), "\(role)")
        }
        // A trust policy that names a role of its account is enough: the role's own policies need not allow it.
        let named = try PrincipalProbesTests.proof { files in
            files["roles/helper/policy-1.json"] = Self.allow("s3:GetObject", "arn:aws:s3:::shop-orders/*")
        }
        #expect(PrincipalProbesTests.unknowns(named).contains("A in s3"))
        // One whose trust policy is there, and lets nobody of the kind in.
        let known = try Self.outcome("A") { files in
            files["roles/trainer/policy-9.json"] = Self.allow(
                "sts:AssumeRole",
                "arn:aws:iam::123456789012:role/scorer"
            )
        }
        #expect(known == .proved, "\(String(describing: known))")
    }

    @Test("what is allowed on anything may lead to access points, unless that is denied")
    func accessPoints() throws {
        let own = #"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","#
        let wide = own + #""Condition":{"StringEquals":{"aws:ResourceAccount":"123456789012"}}}"#
        let closed = try Self.outcome("endpoint") { $0["endpoints/s3.json"] = PrincipalProbesTests.policy(wide) }
        #expect(closed == .proved, "\(String(describing: closed))")
        // Whatever lies in buckets is denied, and access points are not.
        let open = try Self.outcome("endpoint") { files in
            files["endpoints/s3.json"] = PrincipalProbesTests.policy(
                #"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"},"#
                    + #"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::*"}"#
            )
        }
        guard case .unknown = open else {
            Issue.record("\(String(describing: open))")
            return
        }
    }

    @Test("a role that is allowed objects by any name may get at them by access points, unless those are denied, too")
    func accessPointsOfRoles() throws {
        func outcome(denying resource: String) throws -> InvariantProof.Outcome? {
            try Self.outcome("A") { files in
                files["roles/trainer/policy-9.json"] = PrincipalProbesTests.policy(
                    #"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},"#
                        + #"{"Effect":"Deny","Action":"s3:GetObject","Resource":"\#(resource)"}"#
                )
            }
        }
        let buckets = try outcome(denying: "arn:aws:s3:::*")
        guard case .unknown = buckets else {
            Issue.record("\(String(describing: buckets))")
            return
        }
        // What is left to the role are objects of its own, whatever their keys look like.
        let everything = try outcome(denying: "*")
        #expect(everything == .proved, "\(String(describing: everything))")
        let observation = try AWSObservation(
            EstateExample.load(),
            AWSArtifacts(files: AWSProofTests.files(EstateExample.load()), estate: EstateExample.load())
        )
        for (arn, isAccessPoint) in [
            ("arn:aws:s3:eu-west-1:123456789012:accesspoint/a/object/k", true),
            ("arn:aws:s3::123456789012:accesspoint/m.mrap/object/k", true),
            ("arn:aws:s3:::shop-ml/weights/:x:accesspoint/a", false), ("arn:aws:s3:::accesspoint/a", false),
        ] {
            #expect(observation.accessPoints.matches(arn) == isAccessPoint, "\(arn)")
        }
    }

    @Test("whoever changes what any role may do can do anything")
    func otherRoles() throws {
        for action in ["iam:PutRolePolicy", "iam:AttachRolePolicy"] {
            for role in ["scorer", "trainer", "elsewhere"] {
                let outcome = try Self.outcome("A") { files in
                    files["roles/trainer/policy-9.json"] = Self.allow(action, "arn:aws:iam::123456789012:role/\(role)")
                }
                #expect(Self.witness(outcome)?.action == action.lowercased(), "\(role): \(String(describing: outcome))")
            }
        }
        // By way of a role that can be given more, and of one that nobody exported.
        let chained = try Self.outcome("A") { files in
            files["roles/trainer/policy-9.json"] = Self.allow(
                "iam:UpdateAssumeRolePolicy",
                "arn:aws:iam::123456789012:role/helper"
            )
            files["roles/helper/policy-1.json"] = Self.allow(
                "iam:PutRolePolicy",
                "arn:aws:iam::123456789012:role/scorer"
            )
        }
        #expect(Self.witness(chained)?.path.isEmpty == false, "\(String(describing: chained))")
        let stranger = try PrincipalProbesTests.proof { files in
            files["roles/trainer/policy-9.json"] = Self.allow(
                "iam:UpdateAssumeRolePolicy",
                "arn:aws:iam::123456789012:role/elsewhere"
            )
        }
        #expect(PrincipalProbesTests.unknowns(stranger).contains("A in s3"))
        let harmless = try Self.outcome("A") { files in
            files["roles/trainer/policy-9.json"] = Self.allow(
                "iam:UpdateAssumeRolePolicy",
                "arn:aws:iam::123456789012:role/scorer"
            )
        }
        #expect(harmless == .proved)
    }
}
