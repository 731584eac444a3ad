import DataAccess
import Testing

/// What `pg_hba.conf` and `pg_ident.conf` let in beside the certificates of the estate is found.
@Suite(.timeLimit(.minutes(5))) struct HostRuleTests {
    private static let database = "ml"

    private func rule(
        _ line: Int,
        _ type: String,
        _ databases: [String],
        _ users: [String],
        _ method: String,
        address: String? = "all",
        options: [String] = [],
        error: String? = nil
    ) -> PostgreSQLHostRule {
        PostgreSQLHostRule(
            line: line,
            type: type,
            databases: databases,
            users: users,
            address: type == "local" ? nil : address,
            method: method,
            options: options,
            error: error
        )
    }

    /// The rules as they are generated, as the server would read them.
    private func own(_ model: PostgreSQLModel) -> [PostgreSQLHostRule] {
        let certificates = model.roles.enumerated().map { index, role in
            rule(
                index + 1,
                "hostssl",
                ["ml"],
                [role],
                "cert",
                options: ["clientcert=verify-full", "clientname=DN", "map=lapwing"]
            )
        }
        return certificates + [
            rule(50, "local", ["all", "replication"], model.roles, "reject"),
            rule(51, "host", ["all", "replication"], model.roles, "reject"),
        ]
    }

    private func differences(
        _ model: PostgreSQLModel,
        _ rules: [PostgreSQLHostRule],
        _ maps: [PostgreSQLNameMap]? = nil
    ) -> [PostgreSQLDifference] {
        let maps =
            maps
            ?? model.components.map {
                PostgreSQLNameMap(line: 1, map: "lapwing", subject: $0.subject, role: $0.role)
            }
        let catalog = PostgreSQLCatalog(state: model.state, hostRules: rules, nameMaps: maps)
        return PostgreSQLDrift(of: catalog, from: model).differences
    }

    @Test func `the generated files are taken as they are, and rules for others do no harm`() throws {
        let model = try ReferenceEstate.model()
        #expect(differences(model, own(model)).isEmpty)
        let others = [
            rule(60, "local", ["all"], ["postgres"], "peer"), rule(61, "host", ["all"], ["all"], "scram-sha-256"),
            rule(62, "hostssl", ["replication"], ["standby"], "cert"),
        ]
        #expect(differences(model, own(model) + others).isEmpty)
        // Without the rejecting rules, where nothing else follows, nobody gets in either.
        #expect(differences(model, own(model).filter { $0.method == "cert" }).isEmpty)
        #expect(model.hostRules.contains(#"hostssl "ml" "c_training" all cert clientname=DN map=lapwing"#))
        #expect(model.nameMaps.contains(#"lapwing "CN=c_training,OU=ml-training,O=cluster.local" "c_training""#))
    }

    @Test func `a rule that lets a component in without its certificate is found`() throws {
        let model = try ReferenceEstate.model()
        let own = own(model)
        for bad in [
            rule(0, "host", ["all"], ["all"], "scram-sha-256"), rule(0, "local", ["all"], ["all"], "peer"),
            rule(0, "hostssl", ["ml"], ["c_training"], "cert"),
            rule(0, "hostssl", ["ml"], ["c_training"], "cert", options: ["clientname=CN", "map=lapwing"]),
            rule(0, "hostssl", ["ml"], ["c_training"], "cert", options: ["clientname=DN", "map=other"]),
            rule(0, "hostssl", ["all"], ["c_training"], "cert", options: ["clientname=DN", "map=lapwing"]),
            rule(0, "hostssl", ["ml"], ["+lapwing"], "password"), rule(0, "host", ["sameuser"], ["/^c_.*"], "md5"),
            rule(0, "host", ["ml"], ["c_training"], "scram-sha-256", address: "10.0.0.0"),
            rule(0, "hostnossl", ["ml"], ["c_training"], "scram-sha-256"),
            rule(0, "hostgssenc", ["ml"], ["c_training"], "gss"), rule(0, "host", ["postgres"], ["c_training"], "md5"),
            rule(0, "host", ["replication"], ["c_training"], "md5"),
            rule(0, "hostnogssenc", ["ml"], ["c_ingest"], "ldap"),
        ] {
            #expect(differences(model, [bad] + own).contains { $0.kind == .more }, "\(bad)")
        }
        let trust = rule(60, "local", ["all"], ["postgres"], "trust")
        #expect(differences(model, own + [trust]).map(\.object) == ["pg_hba.conf:60"])
        let broken = rule(60, "local", ["all"], ["postgres"], "peer", error: "what is this")
        #expect(differences(model, own + [broken]).map(\.kind) == [.changed])
    }

    @Test func `a component that is kept out is found`() throws {
        let model = try ReferenceEstate.model()
        let own = own(model)
        #expect(differences(model, own.filter { $0.users != ["c_training"] }).map(\.object) == ["c_training"])
        let refusal = rule(0, "host", ["all"], ["all"], "reject")
        #expect(differences(model, [refusal] + own).count == model.roles.count)
        // One that keeps out a few addresses is a choice of the user's.
        let few = rule(0, "host", ["all"], ["all"], "reject", address: "192.0.2.0")
        #expect(differences(model, [few] + own).isEmpty)
    }

    @Test func `a certificate that may be another role is found`() throws {
        let model = try ReferenceEstate.model()
        let maps = model.components.map {
            PostgreSQLNameMap(line: 1, map: "lapwing", subject: $0.subject, role: $0.role)
        }
        let training = try #require(model.components.first { $0.role == "c_training" }).subject
        for bad in [
            PostgreSQLNameMap(line: 9, map: "lapwing", subject: training, role: "c_ingest"),
            PostgreSQLNameMap(line: 9, map: "lapwing", subject: "/^CN=(.*),OU=.*$", role: "\\1"),
            PostgreSQLNameMap(line: 9, map: "lapwing", subject: "CN=x", role: "all"),
            PostgreSQLNameMap(line: 9, map: "lapwing", subject: "CN=x", role: "c_ingest", error: "bad"),
        ] {
            #expect(differences(model, own(model), maps + [bad]).map(\.object) == ["pg_ident.conf:9"], "\(bad)")
        }
        let other = PostgreSQLNameMap(line: 9, map: "other", subject: "x", role: "c_ingest")
        #expect(differences(model, own(model), maps + [other]).isEmpty)
        let missing = differences(model, own(model), maps.filter { $0.role != "c_ingest" })
        #expect(missing.map(\.object) == ["c_ingest"] && missing.map(\.kind) == [.less])
    }

    @Test func `what cannot be seen is not taken for right`() throws {
        let model = try ReferenceEstate.model()
        let catalog = PostgreSQLCatalog(state: model.state, hostRules: nil, nameMaps: nil)
        #expect(PostgreSQLDrift(of: catalog, from: model).differences.map(\.kind) == [.unknown, .unknown])
    }

    // MARK: - Random files

    /// A connection that a client tries.
    private struct Attempt {
        let kind, database: String
        let isReplication: Bool
        let address: String
    }

    /// The rule that PostgreSQL goes by: the first that fits.
    ///
    /// Written from its documentation, and not from the code above.
    private func decisive(_ rules: [PostgreSQLHostRule], _ attempt: Attempt, _ role: String) -> PostgreSQLHostRule? {
        rules.first { rule in
            let isKind =
                switch rule.type {
                case "local": attempt.kind == "socket"
                case "host": attempt.kind != "socket"
                case "hostssl": attempt.kind == "tls"
                case "hostnossl": ["plain", "gss"].contains(attempt.kind)
                case "hostgssenc": attempt.kind == "gss"
                default: ["plain", "tls"].contains(attempt.kind)
                }
            let isAddress = attempt.kind == "socket" || rule.address == "all" || rule.address == attempt.address
            let isDatabase = rule.databases.contains { name in
                attempt.isReplication
                    ? name == "replication"
                    : name == "all" || name == attempt.database || name == "sameuser" && attempt.database == role
            }
            return isKind && isAddress && isDatabase && rule.users.contains { $0 == "all" || $0 == role }
        }
    }

    @Test func `what is found in random files is what PostgreSQL would do`() throws {
        let model = try ReferenceEstate.model()
        var generator = SeededGenerator(seed: 0xba)
        let attempts = ["socket", "plain", "tls", "gss"].flatMap { kind in
            [("ml", false), ("postgres", false), ("c_training", false), ("ml", true)].flatMap {
                database,
                isReplication in
                ["10.0.0.1", "192.0.2.1"].map {
                    Attempt(kind: kind, database: database, isReplication: isReplication, address: $0)
                }
            }
        }
        func pick(_ choices: [String]) -> String { choices.randomElement(using: &generator) ?? "" }
        var (clean, open) = (0, 0)
        for _ in 0..<1000 {
            var rules = own(model).filter { _ in Int.random(in: 0..<12, using: &generator) > 0 }
            for line in 0..<Int.random(in: 0..<4, using: &generator) {
                let extra = rule(
                    100 + line,
                    pick(["local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"]),
                    [pick(["all", "ml", "postgres", "replication", "sameuser"])],
                    [pick(["all", "c_training", "c_ingest", "postgres", "standby"])],
                    pick(["reject", "scram-sha-256", "cert", "peer"]),
                    address: pick(["all", "10.0.0.1"]),
                    options: pick(["", "map=lapwing"]) == "" ? [] : ["map=lapwing"]
                )
                rules.insert(extra, at: Int.random(in: 0...rules.count, using: &generator))
            }
            let isOpen = model.roles.contains { role in
                attempts.contains { attempt in
                    guard let rule = decisive(rules, attempt, role), rule.method != "reject" else { return false }
                    return
                        !(rule.type == "hostssl" && rule.method == "cert" && rule.options.contains("map=lapwing")
                        && rule.databases == ["ml"] && rule.users == [role] && rule.address == "all")
                }
            }
            let isFound = differences(model, rules).contains { $0.kind == .more }
            // What lets somebody in is always found; what is found, and lets nobody in, errs on the safe side.
            #expect(!isOpen || isFound, "\(rules)")
            if isOpen { open += 1 } else if !isFound { clean += 1 }
        }
        #expect(open > 100 && clean > 50, "\(open) open, \(clean) clean")
    }
}
