/// The ways in which components get to the tables of one database, by its catalog.
///
/// A component logs in as a role that its certificate is let in as, becomes others by `SET ROLE`, and then needs a grant,
/// and policies that show it a row.
struct PostgreSQLReach {
    private let estate: Estate
    private let model: PostgreSQLModel
    private let catalog: PostgreSQLCatalog
    private let roles: PostgreSQLRoles
    private let rows: PostgreSQLRowReach

    init(_ estate: Estate, _ model: PostgreSQLModel, _ catalog: PostgreSQLCatalog) {
        self.estate = estate
        self.model = model
        self.catalog = catalog
        self.roles = PostgreSQLRoles(catalog.state)
        self.rows = PostgreSQLRowReach(catalog.state, roles)
    }

    /// The database.
    var database: String { model.database }

    /// The ways of a component, all of them: those that something is in the way of, too.
    ///
    /// - Parameters:
    ///   - component: whose.
    ///   - network: what the network says of its way to the server.
    /// - Returns: the ways, with what each layer says.
    func ways(of component: Estate.Component, network: BlastVerdict) -> [BlastWay] {
        let certificate = certificate(of: component)
        let login = PostgreSQLLogin(catalog, database: model.database, certificate: certificate)
        let own = model.components.first { $0.name == component.name }
        var ways: [BlastWay] = []
        for session in roles.logins {
            let verdict = login.verdict(as: session, hasPassword: roles.hasPassword(session))
            for (current, steps) in roles.reachable(from: session) {
                let doubt = roles.doubt(session: session, current: current) ?? hazard
                func orDoubt(_ verdict: BlastVerdict) -> BlastVerdict {
                    guard verdict.isInTheWay, let doubt else { return verdict }
                    return BlastVerdict(.undecided, doubt)
                }
                let path = (session == own?.role ? [] : ["logs in as \(session)"]) + steps
                for dataset in estate.datasets {
                    for case .postgres(let table) in dataset.stores where table.database == model.database {
                        let asked = PostgreSQLRowReach.Question(
                            session: session,
                            current: current,
                            spiffeID: "\(component.identity.spiffeID)",
                            table: .init(table.schema, table.name),
                            labels: table.isShared ? labels(of: dataset) : nil
                        )
                        for command in PostgreSQLRowReach.Command.allCases {
                            ways.append(
                                BlastWay(
                                    component: component.name,
                                    target: BlastTarget(
                                        command == .select ? .read : .write,
                                        Self.name(dataset.name, in: model.database)
                                    ),
                                    dataset: dataset.name,
                                    steps: path,
                                    verdicts: [
                                        .network: network, .login: verdict,
                                        .grants: orDoubt(
                                            roles.grant(
                                                asked.table,
                                                command,
                                                session: session,
                                                current: current,
                                                database: model.database
                                            )
                                        ),
                                        .rows: orDoubt(rows.verdict(command, asked)),
                                    ]
                                )
                            )
                        }
                    }
                }
            }
        }
        return ways + strangers(of: component, login, network)
    }

    /// What stands for every role that neither the catalog's reading nor a file of the server names.
    private static let anyOther = "any other role"

    /// The ways by roles that were not read, which may do anything: those that the server's files name, those of the
    /// server's other databases, and any other.
    private func strangers(
        of component: Estate.Component,
        _ login: PostgreSQLLogin,
        _ network: BlastVerdict
    ) -> [BlastWay] {
        let users = (catalog.hostRules ?? []).flatMap(\.users).filter { $0 != "all" }
        let mapped = (catalog.nameMaps ?? []).map(\.role).filter { $0 != "all" }
        let siblings = model.siblings.flatMap(\.components).map(\.role)
        // Groups and patterns are no names: they may fit any other role.
        let named = Set(users + mapped + siblings).filter { name in
            !name.isEmpty && !name.hasPrefix("+") && !name.hasPrefix("/") && !roles.isRead(name)
        }
        var ways: [BlastWay] = []
        for session in named.sorted() + [Self.anyOther] {
            // Whether it has a password was not read either.
            let verdict = login.verdict(as: session, hasPassword: true)
            guard !verdict.isInTheWay else { continue }
            let doubt = BlastVerdict(.undecided, "what \(session) may do was not read")
            for dataset in estate.datasets {
                let isHere = dataset.stores.contains { store in
                    if case .postgres(let table) = store { table.database == model.database } else { false }
                }
                guard isHere else { continue }
                for act in [BlastTarget.Act.read, .write] {
                    ways.append(
                        BlastWay(
                            component: component.name,
                            target: BlastTarget(act, Self.name(dataset.name, in: model.database)),
                            dataset: dataset.name,
                            steps: ["logs in as \(session)"],
                            verdicts: [.network: network, .login: verdict, .grants: doubt, .rows: doubt]
                        )
                    )
                }
            }
        }
        return ways
    }

    /// What a dataset is called that lies in a database.
    static func name(_ dataset: String, in database: String) -> String { "\(dataset) in postgres \(database)" }

    /// Hazards whose ways are followed by what is said of roles, grants and policies.
    private static let followed: Set<PostgreSQLRule> = [.unforced, .extraPolicy, .pooler]
    /// Hazards that are attributes of roles: they are followed for those that were read.
    private static let attributes: Set<PostgreSQLRule> = [.superuser, .bypassRowSecurity]

    private func isFollowed(_ hazard: PostgreSQLHazard) -> Bool {
        Self.followed.contains(hazard.rule)
            || Self.attributes.contains(hazard.rule) && roles.isRead(hazard.object)
    }

    /// What in the database may open a way around grants and policies; nil where there is nothing.
    private var hazard: String? {
        let hazards = catalog.hazards.filter { !isFollowed($0) }
        guard let first = hazards.first else { return nil }
        let more = hazards.count > 1 ? ", and \(hazards.count - 1) more" : ""
        return "\(first.rule.rawValue) \(first.object)\(more)"
    }

    /// The subject of a component's certificate; nil for one that none is issued to for PostgreSQL.
    private func certificate(of component: Estate.Component) -> String? {
        (model.components + model.siblings.flatMap(\.components)).first { $0.name == component.name }?.subject
    }

    private func labels(of dataset: Estate.Dataset) -> PostgreSQLRowReach.Labels {
        PostgreSQLRowReach.Labels(
            dataset: dataset.name,
            purposes: dataset.purposes,
            classification: dataset.classification,
            producer: model.components.first { $0.name == dataset.producer }?.role ?? dataset.producer
        )
    }
}
