import Foundation
import Testing

@testable import DataAccess

@Suite("A blast radius")
struct BlastRadiusTests {
    private static func evidence(
        _ estate: Estate,
        _ change: (inout [String: [UInt8]]) -> Void = { _ in },
        _ state: (inout [PostgreSQLState.Key: String]) -> Void = { _ in },
        hostRules: String? = nil
    ) throws -> BlastEvidence {
        var evidence = try BlastEvidence(generatedFor: estate)
        var files = try AWSProofTests.files(estate)
        change(&files)
        evidence.aws = try AWSArtifacts(files: files, estate: estate)
        for (name, catalog) in evidence.postgres {
            var values = catalog.state.values
            state(&values)
            evidence.postgres[name] = PostgreSQLCatalog(
                state: PostgreSQLState(values),
                hostRules: hostRules.map(PostgreSQLHostFile.rules) ?? catalog.hostRules,
                nameMaps: catalog.nameMaps
            )
        }
        return evidence
    }

    /// Calls that an estate declares, as a mesh that says the same.
    private static func mesh(_ estate: Estate)
        -> @Sendable (Estate.Component, Estate.Component) -> [String: BlastVerdict]
    {
        { caller, callee in
            let declared = estate.calls.filter { $0.caller == caller.name && $0.callee == callee.name }
            return Dictionary(declared.map { ($0.api, BlastVerdict(.allows, "mesh.yaml:1")) }) { first, _ in first }
        }
    }

    private static func text(_ radius: BlastRadius?) -> [String] {
        radius?.entries.map { "\($0.target.act.rawValue) \($0.target.resource): \($0.kind.rawValue)" } ?? []
    }

    @Test("of the reference estate is this, component by component")
    func reference() throws {
        let estate = try EstateExample.load(ReferenceEstate.yaml)
        var evidence = try Self.evidence(estate)
        evidence.mesh = Self.mesh(estate)
        evidence.network = try KubernetesNetwork(KubernetesNetworkTests.documents)
        let map = try BlastMap(estate, evidence)
        for (component, expected) in Self.expected {
            #expect(Self.text(map.radius(of: component)) == expected, "\(component)")
        }
        #expect(map.radius(of: "nobody") == nil)
        for (component, total, expected) in Self.shares {
            let radius = try #require(map.radius(of: component))
            #expect(radius.total == total)
            let shares = radius.shares.map { "\($0.layer.rawValue) \($0.left) \($0.alone) \($0.only) \($0.onlyDirect)" }
            #expect(shares == expected, "\(component)")
        }
    }

    private static let expected: [(String, [String])] = [
        (
            "api-gateway",
            [
                "read features in postgres ml: called",
                "read production in postgres ml: derived",
                "read production in s3: derived",
                "call inference.predict: direct",
                "call model-registry.read: called",
            ]
        ),
        (
            "inference",
            [
                "read features in postgres ml: direct",
                "read production in postgres ml: derived",
                "read production in s3: derived",
                "call model-registry.read: direct",
            ]
        ),
        ("model-registry", []),
        (
            "training",
            [
                "read models in s3: direct",
                "read production in postgres ml: derived",
                "read production in s3: derived",
                "read test-data in postgres ml: derived",
                "read training-data in postgres ml: direct",
                "read training-data in s3: direct",
                "write models in s3: direct",
                "call model-registry.publish: direct",
            ]
        ),
        (
            "evaluation",
            [
                "read eval-results in postgres ml: direct",
                "read production in postgres ml: derived",
                "read production in s3: derived",
                "read test-data in postgres ml: direct",
                "read training-data in postgres ml: derived",
                "read training-data in s3: derived",
                "write eval-results in postgres ml: direct",
            ]
        ),
        (
            "featurepipe",
            [
                "read features in postgres ml: direct",
                "read production in postgres ml: direct",
                "read production in s3: direct",
                "write features in postgres ml: direct",
            ]
        ),
        (
            "dataprep",
            [
                "read production in postgres ml: direct",
                "read production in s3: direct",
                "read test-data in postgres ml: direct",
                "read training-data in postgres ml: direct",
                "read training-data in s3: direct",
                "write eval-results in postgres ml: derived",
                "write models in s3: derived",
                "write test-data in postgres ml: direct",
                "write training-data in postgres ml: direct",
                "write training-data in s3: direct",
            ]
        ),
        (
            "ingest",
            [
                "read production in postgres ml: direct",
                "read production in s3: direct",
                "write eval-results in postgres ml: derived",
                "write features in postgres ml: derived",
                "write models in s3: derived",
                "write production in postgres ml: direct",
                "write production in s3: direct",
                "write test-data in postgres ml: derived",
                "write training-data in postgres ml: derived",
                "write training-data in s3: derived",
            ]
        ),
    ]
    /// Layer by layer: what is left below it, what it takes away by itself, and what would be open without it, in all and to
    /// the component itself.
    private static let shares: [(String, total: Int, [String])] = [
        (
            "inference",
            total: 26,
            [
                "network 13 13 1 1",
                "mesh 11 8 2 2",
                "aws-identity 11 6 0 0",
                "aws-bucket 11 6 0 0",
                "pg-login 11 0 0 0",
                "pg-grants 2 0 13 5",
                "pg-rows 2 4 0 0",
            ]
        ),
        (
            "training",
            total: 27,
            [
                "network 19 8 1 1",
                "mesh 17 9 2 2",
                "aws-identity 14 3 0 0",
                "aws-bucket 14 3 0 0",
                "pg-login 14 0 0 0",
                "pg-grants 5 0 9 5",
                "pg-rows 5 4 0 0",
            ]
        ),
        (
            "dataprep",
            total: 27,
            [
                "network 19 8 1 1",
                "mesh 16 10 3 3",
                "aws-identity 13 3 0 0",
                "aws-bucket 13 3 0 0",
                "pg-login 13 0 0 0",
                "pg-grants 8 0 6 2",
                "pg-rows 8 2 0 0",
            ]
        ),
    ]

    @Test("never becomes smaller when a layer is taken away, whatever is in force")
    func isMonotone() throws {
        let estate = try EstateExample.load()
        let files = try AWSProofTests.files(estate)
        let scale = ProcessInfo.processInfo.environment["LAPWING_SCALE"].flatMap(Int.init) ?? 1
        var random = Seeded(7)
        for seed in 1...(6 * max(1, scale)) {
            var widening = Widening(files: files, seed: UInt64(seed))
            guard widening.apply() else { continue }
            let evidence = try Self.evidence(estate) {
                $0 = widening.files
            } _: { values in
                // A grant or a policy of a random one goes, and a membership comes.
                let keys = values.keys.sorted()
                values[keys[random.below(keys.count)]] = nil
                if random.below(2) == 0 { values[.member("c_front", of: "c_intake")] = "" }
            }
            let map = try BlastMap(estate, evidence)
            for component in estate.components.map(\.name) {
                var layers: Set<BlastLayer> = []
                var before = Set(map.radius(of: component)?.entries.map(\.target) ?? [])
                for layer in BlastLayer.allCases.shuffled(using: &random) {
                    layers.insert(layer)
                    let after = Set(map.radius(of: component, without: layers)?.entries.map(\.target) ?? [])
                    #expect(after.isSuperset(of: before), "\(component) without \(layers): \(widening.description)")
                    before = after
                }
                #expect(before.count == map.radius(of: component)?.total)
            }
        }
    }

    private static func entry(
        _ evidence: BlastEvidence,
        _ component: String,
        _ act: BlastTarget.Act,
        _ resource: String
    )
        throws -> BlastRadius.Entry?
    {
        let map = try BlastMap(try EstateExample.load(), evidence)
        return map.radius(of: component)?.entries.first { $0.target == BlastTarget(act, resource) }
    }

    @Test("is enlarged by a wider policy, which is named")
    func widerPolicies() throws {
        let estate = try EstateExample.load()
        let policy = PrincipalProbesTests.policy(
            #"{"Sid":"Wide","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop-ml/examples/*"}"#
        )
        let clean = try Self.evidence(estate)
        #expect(try Self.entry(clean, "scorer", .read, "examples in s3")?.kind != .direct)
        // A role's policy alone does not do: the bucket has something to say as well.
        let half = try Self.evidence(estate) { $0["roles/scorer/policy-9.json"] = policy }
        #expect(try Self.entry(half, "scorer", .read, "examples in s3")?.kind != .direct)
        let map = try BlastMap(estate, half)
        let without = map.radius(of: "scorer", without: [.bucket])
        let opened = without?.entries.first { $0.target == BlastTarget(.read, "examples in s3") }
        #expect(opened?.kind == .direct)
        #expect(opened?.path.last?.rules["aws-identity"] == "roles/scorer/policy-9.json:1 (Wide)")
        #expect(opened?.path.last?.rules["aws-bucket"] == "taken away")
        let both = try Self.evidence(estate) { files in
            files["roles/scorer/policy-9.json"] = policy
            files["buckets/shop-ml/policy.json"] = nil
        }
        #expect(try Self.entry(both, "scorer", .read, "examples in s3")?.kind == .direct)
    }

    @Test("goes through roles that are assumed, with the statements that let it")
    func assumedRoles() throws {
        let estate = try EstateExample.load()
        let evidence = try Self.evidence(estate) { files in
            files["roles/scorer/policy-9.json"] = PrincipalProbesTests.policy(
                #"{"Sid":"Hop","Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::123456789012:role/cleaner"}"#
            )
            files["roles/cleaner/trust.json"] = PrincipalProbesTests.policy(
                #"{"Sid":"In","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/scorer"},"Action":"sts:AssumeRole"}"#
            )
        }
        let entry = try Self.entry(evidence, "scorer", .write, "examples in s3")
        #expect(entry?.kind == .direct)
        let step = entry?.path.first?.text ?? ""
        #expect(step.contains("scorer assumes cleaner by"), "\(step)")
        #expect(step.contains("roles/scorer/policy-9.json:1 (Hop)") && step.contains("roles/cleaner/trust.json:1 (In)"))
    }

    @Test("goes through roles of PostgreSQL that are become, past each layer that was opened")
    func setRole() throws {
        let estate = try EstateExample.load()
        let orders = PostgreSQLState.Relation("raw", "orders")
        func entry(_ state: (inout [PostgreSQLState.Key: String]) -> Void, _ rules: String? = nil) throws
            -> BlastRadius.Entry?
        {
            var evidence = try Self.evidence(estate, { _ in }, state, hostRules: rules)
            evidence.aws = nil
            return try Self.entry(evidence, "scorer", .read, "orders in postgres shop")
        }
        #expect(try entry { _ in }?.kind != .direct)
        let become: (inout [PostgreSQLState.Key: String]) -> Void = { $0[.member("c_scorer", of: "c_intake")] = "" }
        // Policies ask for the session's user: becoming another is not enough.
        #expect(try entry(become)?.kind != .direct)
        let opened = try entry { values in
            become(&values)
            values[.rowSecurity(orders)] = "DISABLE NOFORCE"
        }
        #expect(opened?.kind == .direct)
        #expect(opened?.path.first?.text == "scorer SET ROLE c_intake (membership of c_scorer in c_intake)")
        #expect(opened?.path.last?.rules["pg-grants"] == "GRANT SELECT on table raw.orders for c_intake")
        #expect(opened?.path.last?.rules["pg-rows"] == "row-level security is off on raw.orders")
        // A door for everybody does not help as a role that was read, whose certificate it is not; what another may do is
        // not known.
        let door = "host all all all trust"
        let any = try entry({ _ in }, door)
        #expect(any?.kind == .direct && any?.isDoubtful == true, "\(String(describing: any))")
        #expect(any?.path.first?.text == "scorer logs in as any other role", "\(String(describing: any))")
        let postgres = try entry({ _ in }, "host all postgres all trust")
        #expect(postgres?.path.first?.text == "scorer logs in as postgres" && postgres?.isDoubtful == true)
        let elsewhere = try entry({ _ in }, "host other postgres all trust\nlocal all postgres peer")
        #expect(elsewhere?.kind != .direct, "\(String(describing: elsewhere))")
        let certified = try entry({ $0[.policy(orders, name: "lapwing_identity")] = nil }, door)
        #expect(certified?.path.first?.text.contains("logs in as c_") == true, "\(String(describing: certified))")
        #expect(certified?.path.last?.rules["pg-login"] == "pg_hba.conf:1")
        // What owns the table, or is above all policies, is stopped by nothing else.
        for attributes in ["LOGIN SUPERUSER", "LOGIN CREATEROLE", "LOGIN BYPASSRLS"] {
            let entry = try entry { values in
                values[.role("c_scorer")] = attributes
                values[.grant(.table("raw", "orders"), grantee: "c_scorer", privilege: "SELECT", column: nil)] = ""
                values[.grant(.schema("raw"), grantee: nil, privilege: "USAGE", column: nil)] = ""
            }
            #expect(entry?.kind == .direct, "\(attributes)")
        }
        let unknown = try entry { values in
            values[.grant(.table("raw", "orders"), grantee: "c_scorer", privilege: "SELECT", column: nil)] = ""
            values[.grant(.schema("raw"), grantee: nil, privilege: "USAGE", column: nil)] = ""
            for name in ["lapwing_readers", "lapwing_identity"] { values[.policy(orders, name: name)] = nil }
            values[.policy(orders, name: "x")] = "AS PERMISSIVE FOR SELECT TO PUBLIC USING ((public.f()))"
        }
        #expect(unknown?.kind == .direct && unknown?.isDoubtful == true)
    }

    @Test("is in doubt where a role gets at files, at replication, or to a role that was not read")
    func powersOfTheServer() throws {
        let estate = try EstateExample.load()
        func entry(_ change: (inout [PostgreSQLState.Key: String]) -> Void) throws -> BlastRadius.Entry? {
            var evidence = try Self.evidence(estate, { _ in }, change)
            evidence.aws = nil
            return try Self.entry(evidence, "scorer", .read, "orders in postgres shop")
        }
        for group in ["pg_read_server_files", "pg_execute_server_program", "stranger"] {
            let entry = try entry { $0[.member("c_scorer", of: group)] = "" }
            #expect(entry?.kind == .direct && entry?.isDoubtful == true, "\(group)")
        }
        let replication = try entry { $0[.role("c_scorer")] = "LOGIN REPLICATION" }
        #expect(replication?.kind == .direct && replication?.isDoubtful == true)
        #expect(try entry { $0[.member("c_scorer", of: "pg_monitor")] = "" }?.kind != .direct)
    }

    @Test("is in doubt where a role that was not read is above all policies")
    func strangersAboveAll() throws {
        let estate = try EstateExample.load()
        func entry(_ hazard: PostgreSQLHazard) throws -> BlastRadius.Entry? {
            var evidence = try Self.evidence(estate)
            evidence.aws = nil
            let catalog = try #require(evidence.postgres["shop"])
            evidence.postgres["shop"] = PostgreSQLCatalog(
                state: catalog.state,
                hazards: [hazard],
                hostRules: catalog.hostRules,
                nameMaps: catalog.nameMaps
            )
            return try Self.entry(evidence, "scorer", .read, "orders in postgres shop")
        }
        for rule in [PostgreSQLRule.superuser, .bypassRowSecurity] {
            let unread = try entry(PostgreSQLHazard(rule, "stranger", "it"))
            #expect(unread?.kind == .direct && unread?.isDoubtful == true, "\(rule)")
            #expect(try entry(PostgreSQLHazard(rule, "c_intake", "it"))?.kind != .direct, "\(rule)")
        }
    }

    @Test("counts what was not looked at as open")
    func nothing() throws {
        let estate = try EstateExample.load()
        let radius = try #require(try BlastMap(estate, BlastEvidence()).radius(of: "front"))
        #expect(radius.entries.count == radius.total && radius.entries.allSatisfy { $0.kind == .direct })
        #expect(radius.shares.allSatisfy { !$0.isGiven && $0.alone == 0 && $0.only == 0 })
    }
}
