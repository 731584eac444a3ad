/// What `pg_hba.conf` and `pg_ident.conf` say of the components of a model.
extension PostgreSQLModel {
    /// The block for `pg_hba.conf`, which has to stand before every other rule: the first rule that fits a connection
    /// decides.
    ///
    /// Each component gets in to its one database over TLS, with its certificate, and in no other way.
    ///
    /// Databases of one server have one block, the same from whichever it is made.
    public var hostRules: String {
        let own = admissions.compactMap { admission -> String? in
            guard let database = SQLText.token(admission.database), let role = SQLText.token(admission.component.role)
            else { return nil }
            return "hostssl \(database) \(role) all cert clientname=DN map=\(Self.map)\n"
        }
        let list = serverComponents.compactMap { SQLText.token($0.role) }.joined(separator: ",")
        return "# lapwing: begin\n" + own.joined() + "local all,replication \(list) reject\n"
            + "host all,replication \(list) all reject\n# lapwing: end\n"
    }

    /// The block for `pg_ident.conf`: which certificate may be which role.
    public var nameMaps: String {
        let lines = serverComponents.compactMap { component -> String? in
            guard let subject = SQLText.token(component.subject), let role = SQLText.token(component.role) else {
                return nil
            }
            return "\(Self.map) \(subject) \(role)\n"
        }
        return "# lapwing: begin\n" + lines.joined() + "# lapwing: end\n"
    }

    /// Which component gets in to which database of the server.
    private var admissions: [(database: String, component: Component)] {
        (siblings + [Sibling(database: database, components: components)]).sorted { $0.database < $1.database }
            .flatMap { sibling in sibling.components.map { (sibling.database, $0) } }
    }

    /// Every component of the server, once.
    private var serverComponents: [Component] {
        Dictionary(admissions.map { ($0.component.role, $0.component) }) { first, _ in first }.values
            .sorted { $0.role < $1.role }
    }

    /// How `pg_hba.conf` differs from what it has to be.
    func differences(_ rules: [PostgreSQLHostRule]) -> [PostgreSQLDifference] {
        var found = rules.compactMap { rule in
            rule.error.map {
                PostgreSQLDifference(.changed, "pg_hba.conf:\(rule.line)", "the server does not take it: \($0)")
            }
        }
        found += rules.filter { $0.method == "trust" }.map {
            PostgreSQLDifference(
                .more,
                "pg_hba.conf:\($0.line)",
                "`trust` lets in \($0.users.joined(separator: ", ")) without any proof"
            )
        }
        for component in serverComponents {
            for way in Self.ways {
                found += difference(rules.filter { $0.error == nil }, component, way).map { [$0] } ?? []
            }
        }
        return Set(found).sorted()
    }

    /// A kind of connection.
    private struct Way {
        /// The types of rules that fit it.
        let types: Set<String>
        /// What it asks for.
        let asks: Asks
        /// What it is, for people.
        let name: String

        enum Asks { case own, other, replication }
    }

    private static let ways: [Way] = {
        let types: [(Set<String>, String)] = [
            (["hostssl", "host", "hostnogssenc"], "over TLS"), (["hostnossl", "host", "hostnogssenc"], "without TLS"),
            (["hostgssenc", "host", "hostnossl"], "over GSSAPI"), (["local"], "over a Unix socket"),
        ]
        return types.flatMap { types, how in
            [
                Way(types: types, asks: .own, name: how),
                Way(types: types, asks: .other, name: "\(how) to other databases"),
                Way(types: types, asks: .replication, name: "\(how) for replication"),
            ]
        }
    }()

    /// What the first rules that can fit a connection make of it.
    private func difference(
        _ rules: [PostgreSQLHostRule],
        _ component: Component,
        _ way: Way
    ) -> PostgreSQLDifference? {
        let isRight = way.asks == .own && way.types.contains("hostssl") && components.contains(component)
        for rule in rules where way.types.contains(rule.type) && canFit(rule, component.role, way) {
            if rule.method == "reject" {
                // One that rejects some connections leaves the others to what follows.
                guard surelyFits(rule, component.role, way) else { continue }
                guard isRight else { return nil }
                return PostgreSQLDifference(.less, component.role, "pg_hba.conf:\(rule.line) keeps it out")
            }
            if isRight, isOwn(rule, component.role) { return nil }
            if isSibling(rule, component) { continue }
            return PostgreSQLDifference(
                .more,
                "pg_hba.conf:\(rule.line)",
                "lets \(component.role) in \(way.name) by `\(rule.method)`, before the rule for its certificate"
            )
        }
        // Where no rule fits, nobody gets in.
        return isRight ? PostgreSQLDifference(.less, component.role, "no rule of pg_hba.conf lets it in") : nil
    }

    /// Whether a rule lets a component in to another database of the estate, as it should.
    private func isSibling(_ rule: PostgreSQLHostRule, _ component: Component) -> Bool {
        siblings.contains { $0.components.contains(component) && isOwn(rule, component.role, in: $0.database) }
    }

    private func isOwn(_ rule: PostgreSQLHostRule, _ role: String, in database: String? = nil) -> Bool {
        // The server's view of the file leaves `clientname` out. It does no harm: with a common name in the place of the
        // subject, no line of the map fits.
        let options = Set(rule.options).subtracting(["clientname=DN", "clientcert=verify-full"])
        return rule.type == "hostssl" && rule.databases == [database ?? self.database] && rule.users == [role]
            && rule.address == "all" && rule.method == "cert" && options == ["map=\(Self.map)"]
    }

    /// Whether a rule can fit; where that hangs on groups, files or patterns, it can.
    private func canFit(_ rule: PostgreSQLHostRule, _ role: String, _ way: Way) -> Bool {
        let isUser = rule.users.contains { $0 == "all" || $0 == role || $0.hasPrefix("+") || $0.hasPrefix("/") }
        let isDatabase = rule.databases.contains { name in
            switch (way.asks, name) {
            case (.replication, _): name == "replication"
            case (_, "replication"): false
            case (_, "all"), (_, "sameuser"), (_, "samerole"), (_, "samegroup"): true
            case (.own, _): name == database || name.hasPrefix("/")
            case (.other, _): name != database
            }
        }
        return isUser && isDatabase
    }

    /// Whether a rule fits every connection of a kind.
    private func surelyFits(_ rule: PostgreSQLHostRule, _ role: String, _ way: Way) -> Bool {
        let isDatabase =
            switch way.asks {
            case .own: rule.databases.contains("all") || rule.databases.contains(database)
            case .other: rule.databases.contains("all")
            case .replication: rule.databases.contains("replication")
            }
        return isDatabase && (rule.users.contains("all") || rule.users.contains(role))
            && (rule.address == nil || rule.address == "all")
    }

    /// How `pg_ident.conf` differs from what it has to be.
    func differences(_ maps: [PostgreSQLNameMap]) -> [PostgreSQLDifference] {
        let wanted = Dictionary(serverComponents.map { ($0.subject, $0.role) }) { first, _ in first }
        let own = maps.filter { $0.map == Self.map }
        let more = own.filter { wanted[$0.subject] != $0.role || $0.error != nil }.map {
            PostgreSQLDifference(
                .more,
                "pg_ident.conf:\($0.line)",
                $0.error.map { "the server does not take it: \($0)" }
                    ?? "the certificate `\($0.subject)` may be \($0.role)"
            )
        }
        let seen = Set(own.map(\.subject))
        let less = serverComponents.filter { !seen.contains($0.subject) }.map {
            PostgreSQLDifference(.less, $0.role, "pg_ident.conf does not map `\($0.subject)` to it")
        }
        return more + less
    }
}
