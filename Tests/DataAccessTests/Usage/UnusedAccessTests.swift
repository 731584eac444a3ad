import Testing

@testable import DataAccess

@Suite("Access that nobody uses")
struct UnusedAccessTests {
    private static func evidence(_ change: (inout [String: [UInt8]]) -> Void = { _ in }) throws -> BlastEvidence {
        let estate = try EstateExample.load()
        var evidence = try BlastEvidence(generatedFor: estate)
        var files = try AWSProofTests.files(estate)
        change(&files)
        evidence.aws = try AWSArtifacts(files: files, estate: estate)
        return evidence
    }

    private static func s3(_ role: String, _ call: String, _ bucket: String, _ key: String = "") -> UsageRecord {
        let account = role == "intake" ? "210987654321" : "123456789012"
        return UsageRecord(
            who: "arn:aws:sts::\(account):assumed-role/\(role)/pod",
            what: .s3(call: call, bucket: bucket, key: key)
        )
    }

    private static func unused(_ records: [UsageRecord], _ evidence: BlastEvidence, namesRelations: Bool = false) throws
        -> UnusedAccess
    {
        try UnusedAccess(
            try EstateExample.load(),
            evidence,
            records: records,
            namesRelations: namesRelations,
            looksAtCalls: false
        )
    }

    @Test("in AWS is listed, and left out of policies that are proved to do")
    func roles() throws {
        var evidence = try Self.evidence { files in
            files["roles/scorer/policy-9.json"] = PrincipalProbesTests.policy(
                #"{"Sid":"Wide","Effect":"Allow","Action":["s3:Get*","sts:TagSession"],"Resource":["arn:aws:s3:::shop-ml/*","arn:aws:s3:::shop-orders/*"]}"#
            )
        }
        evidence.postgres = [:]
        let records = [
            Self.s3("scorer", "GetObject", "shop-ml", "weights/ranker/1"),
            Self.s3("trainer", "PUT", "shop-ml", "weights/x"),
            // CloudTrail tells of this bucket, and of settings.
            Self.s3("intake", "GetObject", "shop-orders", "raw/1"), Self.s3("trainer", "GetBucketLocation", ""),
        ]
        let unused = try Self.unused(records, evidence)
        #expect(unused.doubts.isEmpty, "\(unused.doubts)")
        let wide = unused.grants.filter { $0.who == "scorer" && $0.rule == "roles/scorer/policy-9.json:1 (Wide)" }
        #expect(wide.contains { $0.grant == "s3:getobject on arn:aws:s3:::shop-orders/*" })
        #expect(wide.contains { $0.grant == "s3:getobjecttagging on arn:aws:s3:::shop-ml/*" })
        #expect(!wide.contains { $0.grant == "s3:getobject on arn:aws:s3:::shop-ml/*" })
        #expect(unused.narrowings.map(\.place).contains("roles/scorer"))
        let scorer = try #require(unused.narrowings.first { $0.place == "roles/scorer" })
        let text = scorer.files.values.joined()
        #expect(
            text.contains("s3:getobject\"") && !text.contains("s3:Get*"),
            "\(text)"
        )
        #expect(text.contains("sts:TagSession"))
        let orders = try PolicyDocument(
            json: Array((scorer.files["roles/scorer/policy-9.json"] ?? "").utf8)
        )
        .statements.filter { $0.resources?.elements.contains { $0.source.contains("shop-orders") } == true }
        #expect(orders.map { $0.actions?.elements.map(\.source) } == [["sts:TagSession"]])
        #expect(scorer.requests == 1)
        // Who did nothing keeps nothing of S3, and has files that say so in the place of those that were read.
        let cleaner = try #require(unused.narrowings.first { $0.place == "roles/cleaner" })
        let read = try #require(evidence.aws?.roles["cleaner"]).policies.compactMap(\.file)
        #expect(!read.isEmpty && cleaner.files.keys.sorted() == read.sorted(), "\(cleaner)")
        for text in cleaner.files.values {
            #expect(try PolicyDocument(json: text.utf8).statements.isEmpty, "\(text)")
        }
        // Narrower twice is narrower once.
        var again = evidence
        var artifacts = try #require(evidence.aws)
        for narrowing in unused.narrowings {
            let role = String(narrowing.place.dropFirst("roles/".count))
            artifacts.roles[role]?.policies = try narrowing.files.sorted { $0.key < $1.key }.map {
                try PolicyDocument(json: $1.utf8, file: $0)
            }
        }
        again.aws = artifacts
        let rest = try Self.unused(records, again)
        #expect(rest.narrowings.isEmpty && rest.grants.isEmpty, "\(rest.grants)")
    }

    @Test("in AWS is judged only where records would tell of it")
    func untold() throws {
        func unused(_ resource: String, _ records: [UsageRecord]) throws -> UnusedAccess {
            var evidence = try Self.evidence { files in
                files["roles/scorer/policy-9.json"] = PrincipalProbesTests.policy(
                    #"{"Sid":"Wide","Effect":"Allow","Action":["s3:GetObject","s3:GetBucketPolicy"],"Resource":"\#(resource)"}"#
                )
            }
            evidence.postgres = [:]
            return try Self.unused(records, evidence)
        }
        func wide(_ unused: UnusedAccess) -> [String] {
            unused.grants.filter { $0.rule == "roles/scorer/policy-9.json:1 (Wide)" }.map(\.grant)
        }
        let trail = [Self.s3("trainer", "PutObject", "shop-ml", "weights/1")]
        // An access point does not say which bucket it is of, and of other buckets the trail may tell nothing.
        for resource in [
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/shop-ml/object/*", "arn:aws:s3:::shop-orders/*", "*",
            "arn:aws:s3:::*",
        ] {
            let found = try unused(resource, trail)
            #expect(wide(found).isEmpty, "\(resource)")
            #expect(found.doubts.contains { $0.contains("`\(resource)` is kept") }, "\(found.doubts)")
        }
        // Settings are in management events and in access logs.
        let data = try unused("arn:aws:s3:::shop-ml*", trail)
        #expect(wide(data).isEmpty)
        let objects = try unused("arn:aws:s3:::shop-ml/*", trail)
        #expect(wide(objects) == ["s3:GetObject on arn:aws:s3:::shop-ml/*"], "\(wide(objects))")
        #expect(objects.doubts.contains { $0.contains("settings of buckets is kept") }, "\(objects.doubts)")
        for more in [
            Self.s3("trainer", "GetBucketLocation", ""), Self.s3("trainer", "GET", "shop-ml", "weights/1"),
        ] {
            #expect(try wide(unused("arn:aws:s3:::shop-ml/*", trail + [more])).count == 2)
        }
    }

    @Test("of a list is used where a read told that a key is not there")
    func missingKeys() {
        func needed(_ call: String, _ key: String, _ status: Int?) -> UsageRecord? {
            Self.s3("trainer", call, "shop-ml", key).needed(for: status)
        }
        #expect(needed("GET", "a", 404) == Self.s3("trainer", "GET", "shop-ml"))
        #expect(needed("HEAD", "a", 404) == Self.s3("trainer", "GET", "shop-ml"))
        #expect(needed("GetObject", "a", 404) == Self.s3("trainer", "ListObjects", "shop-ml"))
        #expect(needed("GetObject", "a", 200) == nil && needed("GetObject", "a", nil) == nil)
        #expect(needed("PUT", "a", 404) == nil && needed("GET", "", 404) == nil)
        let actions = S3Usage.actions("ListObjects", onObject: false)
        #expect(actions?.contains("s3:listbucket") == true && actions == S3Usage.actions("GET", onObject: false))
    }

    @Test("is used where a log does not tell what was done")
    func vague() throws {
        var evidence = try Self.evidence { files in
            files["roles/scorer/policy-9.json"] = PrincipalProbesTests.policy(
                #"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::shop-ml/*"}"#
            )
        }
        evidence.postgres = [:]
        let unused = try Self.unused([Self.s3("scorer", "WhatIsThis", "shop-ml", "weights/1")], evidence)
        #expect(!unused.grants.contains { $0.who == "scorer" && $0.grant.contains("shop-ml/") }, "\(unused.grants)")
        #expect(unused.doubts.contains { $0.contains("a call that is not known") }, "\(unused.doubts)")
        // Several that were deleted at once: which is not said.
        let batch = try Self.unused([Self.s3("trainer", "DeleteObjects", "shop-ml")], try Self.evidence())
        let trainer = batch.grants.filter { $0.who == "trainer" }.map { $0.grant.lowercased() }
        #expect(!trainer.contains { $0.hasPrefix("s3:deleteobject on") }, "\(trainer)")
        #expect(trainer.contains { $0.hasPrefix("s3:putobject on") }, "\(trainer)")
        let all = try Self.evidence { files in
            files["roles/scorer/policy-9.json"] = PrincipalProbesTests.policy(
                #"{"Effect":"Allow","Action":"*","Resource":"*"}"#
            )
        }
        let other = [Self.s3("trainer", "GetObject", "shop-ml", "weights/1")]
        #expect(try Self.unused(other, all).doubts.contains { $0.contains("`*` is kept") })
        // Everything but some is left alone.
        let negated = try Self.evidence { files in
            files["roles/scorer/policy-9.json"] = PrincipalProbesTests.policy(
                #"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#
            )
        }
        let kept = try Self.unused(other, negated)
        #expect(kept.doubts.contains { $0.contains("everything but some") })
    }

    @Test("is told by keys that a log has encoded")
    func encodedKeys() {
        func keys(_ text: String) -> [String] { (S3Usage.keys(text) ?? []).sorted() }
        #expect(keys("a/b") == ["a/b"])
        #expect(keys("a%2Fb+c") == ["a%2Fb+c", "a/b c"])
        #expect(keys("a%252Bb") == ["a%252Bb", "a%2Bb", "a+b"])
        #expect(S3Usage.keys("100%") == nil)
        #expect(S3Usage.keys("%FF") == nil)
        #expect(S3Usage.actions("CopyObject", onObject: true)?.contains("s3:getobjecttagging") == true)
    }

    @Test("in PostgreSQL is revoked, and what was done stays")
    func grants() throws {
        var evidence = try Self.evidence()
        evidence.aws = nil
        func record(_ role: String, _ command: String, _ table: String?) -> UsageRecord {
            UsageRecord(who: role, what: .table(database: "shop", command: command, table: table))
        }
        let records = [
            record("c_intake", "INSERT", "raw.orders"), record("c_scorer", "INSERT", "out.scores"),
            record("c_cleaner", "SELECT", "raw.orders"), record("stranger", "SELECT", "raw.orders"),
        ]
        let unused = try Self.unused(records, evidence)
        #expect(
            unused.grants.map(\.grant) == [
                "DELETE on table raw.orders for c_intake", "UPDATE on table raw.orders for c_intake",
            ],
            "\(unused.grants.map(\.grant))"
        )
        let script = unused.narrowings.first?.files["postgres/shop/revoke.sql"] ?? ""
        #expect(script.contains(#"REVOKE DELETE ON TABLE "raw"."orders" FROM "c_intake";"#), "\(script)")
        #expect(!script.contains("CASCADE"))
        // What was done by who was not read counts for every role.
        #expect((unused.narrowings.first?.requests ?? 0) > 3)
        #expect(unused.doubts.contains { $0.contains("`stranger` was not read") }, "\(unused.doubts)")
        // What is logged without its table may have been any.
        let vague = try Self.unused(records + [record("c_intake", "SELECT", nil)], evidence)
        #expect(vague.grants.isEmpty && vague.doubts.contains { $0.contains("log_relation") })
        let named = try Self.unused(records + [record("c_intake", "SELECT", nil)], evidence, namesRelations: true)
        #expect(named.grants.count == 2)
        // Neither a name in quotes, nor who becomes another.
        let quoted = try Self.unused(
            records + [record("c_intake", "DELETE", "raw.\"Orders\"")],
            evidence,
            namesRelations: true
        )
        #expect(quoted.grants.isEmpty)
        var shared = evidence
        var values = try #require(evidence.postgres["shop"]?.state.values)
        values[.member("stranger", of: "c_intake")] = ""
        shared.postgres["shop"] = PostgreSQLCatalog(state: PostgreSQLState(values), hostRules: [], nameMaps: [])
        let become = try Self.unused(records + [record("stranger", "DELETE", "raw.orders")], shared)
        #expect(become.grants.map(\.grant) == ["UPDATE on table raw.orders for c_intake"])
        // What is truncated is not named, and what has a trigger or is referred to is not logged.
        var wider = evidence
        var more = try #require(evidence.postgres["shop"]?.state.values)
        for privilege in ["TRUNCATE", "REFERENCES", "TRIGGER"] {
            more[.grant(.table("raw", "orders"), grantee: "c_intake", privilege: privilege, column: nil)] = ""
        }
        wider.postgres["shop"] = PostgreSQLCatalog(state: PostgreSQLState(more), hostRules: [], nameMaps: [])
        let truncated = try Self.unused(
            records + [record("c_intake", "TRUNCATE TABLE", nil)],
            wider,
            namesRelations: true
        )
        #expect(truncated.grants.map(\.grant) == unused.grants.map(\.grant))
        // An INSERT that changes what is there, a MERGE, a COPY.
        for command in ["INSERT ON CONFLICT", "MERGE", "COPY"] {
            let kept = try Self.unused(records + [record("c_intake", command, "raw.orders")], evidence)
            #expect(kept.grants.isEmpty, "\(command)")
        }
    }

    @Test("in PostgreSQL is kept where others have it by it, and where its class is not logged")
    func keptGrants() throws {
        var evidence = try Self.evidence()
        evidence.aws = nil
        func record(_ role: String, _ command: String, _ table: String?) -> UsageRecord {
            UsageRecord(who: role, what: .table(database: "shop", command: command, table: table))
        }
        let records = [
            record("c_intake", "INSERT", "raw.orders"), record("c_scorer", "INSERT", "out.scores"),
            record("c_cleaner", "SELECT", "raw.orders"),
        ]
        let both = [
            "DELETE on table raw.orders for c_intake", "UPDATE on table raw.orders for c_intake",
        ]
        let all = try Self.unused(records, evidence)
        #expect(all.grants.map(\.grant) == both && all.doubts.isEmpty, "\(all.doubts)")
        // By GRANT OPTION, others may have what they would lose.
        var given = evidence
        var values = try #require(evidence.postgres["shop"]?.state.values)
        values[.grant(.table("raw", "orders"), grantee: "c_intake", privilege: "DELETE", column: nil)] =
            "WITH GRANT OPTION"
        given.postgres["shop"] = PostgreSQLCatalog(state: PostgreSQLState(values), hostRules: [], nameMaps: [])
        let kept = try Self.unused(records, given)
        #expect(kept.grants.map(\.grant) == ["UPDATE on table raw.orders for c_intake"])
        #expect(kept.doubts.contains { $0.contains("WITH GRANT OPTION") }, "\(kept.doubts)")
        // A class of which there is no record may not be logged.
        let reads = try Self.unused([record("c_intake", "SELECT", "raw.orders")], evidence)
        #expect(reads.grants.allSatisfy { $0.grant.hasPrefix("SELECT") }, "\(reads.grants)")
        #expect(reads.doubts.contains { $0.contains("class WRITE") }, "\(reads.doubts)")
        let writes = try Self.unused([record("c_intake", "INSERT", "raw.orders")], evidence)
        #expect(writes.grants.allSatisfy { !$0.grant.hasPrefix("SELECT") }, "\(writes.grants)")
        #expect(writes.doubts.contains { $0.contains("class READ") }, "\(writes.doubts)")
        // A lock needs a privilege, and its table is not in the log.
        let locked = try Self.unused(
            records + [record("c_intake", "LOCK TABLE", nil)],
            evidence,
            namesRelations: true
        )
        #expect(locked.grants.isEmpty && locked.doubts.contains { $0.contains("locked tables") }, "\(locked)")
    }

    @Test("is not judged by logs that say nothing of it")
    func noLogs() throws {
        let none = try Self.unused([], try Self.evidence())
        #expect(none.grants.isEmpty && none.narrowings.isEmpty)
        #expect(none.doubts.contains { $0.contains("AWS is not judged") }, "\(none.doubts)")
        #expect(none.doubts.contains { $0.contains("`shop` is not judged") }, "\(none.doubts)")
        // What the settings of S3 are asked for says nothing of objects.
        let settings = try Self.unused([Self.s3("scorer", "ListBuckets", "")], try Self.evidence())
        #expect(settings.grants.isEmpty && settings.narrowings.isEmpty)
        // An access log is about its own bucket.
        let log = [Self.s3("scorer", "GET", "shop-ml", "weights/ranker/1")]
        let unused = try Self.unused(log, try Self.evidence())
        #expect(!unused.grants.contains { $0.grant.contains("shop-orders") }, "\(unused.grants)")
        #expect(unused.grants.contains { $0.grant.contains("shop-ml") }, "\(unused.grants)")
        #expect(unused.doubts.contains { $0.contains("no record tells of it") }, "\(unused.doubts)")
    }

    @Test("of calls is what no record shows")
    func calls() throws {
        let estate = try EstateExample.load()
        let front = UsageRecord(
            who: "spiffe://shop.example/ns/web/sa/front",
            what: .request(method: "POST", path: "/score")
        )
        let other = UsageRecord(
            who: "spiffe://shop.example/ns/web/sa/front",
            what: .request(method: "GET", path: "/score")
        )
        func unused(_ records: [UsageRecord]) throws -> [String] {
            try UnusedAccess(estate, BlastEvidence(), records: records, looksAtCalls: true).grants.map(\.grant)
        }
        #expect(try unused([front]).isEmpty)
        #expect(try unused([other]) == ["call scorer.score"])
    }
}
