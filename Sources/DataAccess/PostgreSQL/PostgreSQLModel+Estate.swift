extension PostgreSQLModel {
    /// What a database enforces of an estate.
    ///
    /// Components without any access to the database get no role there.
    ///
    /// - Throws: ``PostgreSQLModelError`` where nothing of the estate lies in the database, or PostgreSQL cannot hold what
    ///   is said.
    public init(_ estate: Estate, database: String) throws(PostgreSQLModelError) {
        let accesses = Self.accesses(estate, database)
        guard !accesses.isEmpty else {
            let known = estate.postgresDatabases.map { "`\($0)`" }.joined(separator: ", ")
            throw PostgreSQLModelError(
                .notFound,
                "no dataset of the estate lies in the database `\(database)`; "
                    + (known.isEmpty ? "it has none in PostgreSQL" : "it has some in \(known)")
            )
        }
        let names = estate.components.map(\.name)
        let roles = Dictionary(zip(names, PostgreSQLNames.roles(names))) { first, _ in first }
        guard Set(roles.values).count == roles.count else {
            throw PostgreSQLModelError(.invalidName, "two components would have the same role; give one another name")
        }
        let groups = Dictionary(grouping: accesses) { [$0.table.schema, $0.table.name] }
        var tables: [Table] = []
        for accesses in groups.values {
            guard let first = accesses.first?.table else { continue }
            tables.append(try PostgreSQLTableLowering(estate: estate, roles: roles, accesses: accesses).table(first))
        }
        let server = estate.enforcement.postgres[database].map { [$0.host, "\($0.port)"] }
        var siblings: [Sibling] = []
        for other in estate.postgresDatabases where other != database {
            guard estate.enforcement.postgres[other].map({ [$0.host, "\($0.port)"] }) == server else { continue }
            siblings.append(Sibling(database: other, components: try Self.components(estate, other, roles)))
        }
        self.init(
            database: database,
            components: try Self.components(estate, database, roles),
            tables: tables,
            siblings: siblings
        )
    }

    private static func accesses(_ estate: Estate, _ database: String) -> [TableAccess] {
        estate.accesses.compactMap { access in
            guard case .table(let dataset, let table) = access.resource, table.database == database else { return nil }
            return TableAccess(access: access, dataset: dataset, table: table)
        }
    }

    private static func components(
        _ estate: Estate,
        _ database: String,
        _ roles: [String: String]
    ) throws(PostgreSQLModelError) -> [Component] {
        var components: [Component] = []
        for name in Set(accesses(estate, database).map(\.access.component)).sorted() {
            guard let component = estate.component(name), let role = roles[name] else { continue }
            let subject = try PostgreSQLNames.subject(
                role: role,
                namespace: component.identity.kubernetes?.namespace,
                trustDomain: "\(estate.trustDomain)"
            )
            let id = "\(component.identity.spiffeID)"
            components.append(Component(name: name, role: role, spiffeID: id, subject: subject))
        }
        return components
    }

    /// An access to a table.
    struct TableAccess {
        let access: Access
        let dataset: String
        let table: Estate.Table
    }
}

extension Estate {
    /// The databases that datasets lie in, sorted.
    public var postgresDatabases: [String] {
        Set(
            datasets.flatMap(\.stores).compactMap { store in
                if case .postgres(let table) = store { table.database } else { nil }
            }
        ).sorted()
    }
}

/// Makes one table out of the accesses to it.
struct PostgreSQLTableLowering {
    let estate: Estate
    let roles: [String: String]
    let accesses: [PostgreSQLModel.TableAccess]

    func table(_ table: Estate.Table) throws(PostgreSQLModelError) -> PostgreSQLModel.Table {
        let name = "\(table.schema).\(table.name)"
        let reading = Dictionary(grouping: accesses.filter { $0.access.verb == .read }) { $0.access.component }
        var reads: [PostgreSQLModel.Read] = []
        for (component, accesses) in reading {
            reads.append(
                PostgreSQLModel.Read(
                    role: roles[component] ?? "",
                    columns: try columns(accesses, of: component, in: name, isShared: table.isShared),
                    rows: table.isShared ? rows(accesses, of: component) : nil
                )
            )
        }
        let writing = Dictionary(grouping: accesses.filter { $0.access.verb != .read }) { $0.access.component }
        var writes: [PostgreSQLModel.Write] = []
        for (component, accesses) in writing {
            let verbs = Set(accesses.map(\.access.verb))
            guard verbs.count == 1 else {
                throw PostgreSQLModelError(
                    .notEnforceable,
                    "`\(component)` may only add to one dataset of the table `\(name)` and change another, which grants "
                        + "cannot tell apart; give both the same `mode`, or each a table of its own"
                )
            }
            writes.append(PostgreSQLModel.Write(role: roles[component] ?? "", isFull: verbs.contains(.write)))
        }
        return PostgreSQLModel.Table(
            schema: table.schema,
            name: table.name,
            reads: reads,
            writes: writes,
            shared: table.isShared ? shared : []
        )
    }

    /// The columns that a component reads, which have to be the same for all datasets of the table.
    private func columns(
        _ accesses: [PostgreSQLModel.TableAccess],
        of component: String,
        in table: String,
        isShared: Bool
    ) throws(PostgreSQLModelError) -> [String]? {
        let columns = Set(accesses.map(\.access.condition.columns))
        guard columns.count <= 1 else {
            throw PostgreSQLModelError(
                .notEnforceable,
                "`\(component)` reads other columns of one dataset in the table `\(table)` than of another, which grants "
                    + "cannot tell apart; give both the same `columnsFor`, or each a table of its own"
            )
        }
        return columns.first ?? nil
    }

    /// The labels of rows that a component reads.
    private func rows(_ accesses: [PostgreSQLModel.TableAccess], of component: String) -> PostgreSQLModel.Rows {
        let purpose = estate.component(component)?.purpose ?? ""
        let most = estate.component(component)?.maxClassification.flatMap(estate.rank(of:)) ?? -1
        return PostgreSQLModel.Rows(
            datasets: Set(accesses.map(\.dataset)).sorted(),
            // A row for a purpose is a row for everything below it.
            purposes: estate.purposes.names.filter { estate.purposes.allows(purpose, for: [$0]) },
            classifications: Array(estate.classifications.prefix(most + 1))
        )
    }

    private var shared: [PostgreSQLModel.SharedDataset] {
        Set(accesses.map(\.dataset)).compactMap { name in
            guard let dataset = estate.dataset(name), let rank = estate.rank(of: dataset.classification) else {
                return nil
            }
            return PostgreSQLModel.SharedDataset(
                name: name,
                producer: roles[dataset.producer] ?? "",
                purposes: estate.purposes.closure(of: dataset.purposes + dataset.derivable).sorted(),
                classifications: Array(estate.classifications.dropFirst(rank))
            )
        }
    }
}
