/// What one PostgreSQL database enforces of an estate: roles, tables, and who reads and writes what.
///
/// Between the estate and SQL: emitting, planning and drift see only this.
public struct PostgreSQLModel: Hashable, Sendable {
    /// The schema of what Lapwing itself keeps in the database.
    public static let schema = "lapwing"
    /// The role that owns the tables; nobody can log in as it.
    public static let owner = "lapwing_owner"
    /// The name of the map in `pg_ident.conf`.
    public static let map = "lapwing"

    /// The database.
    public let database: String
    /// The components with any access, by role.
    public let components: [Component]
    /// The tables, by schema and name.
    public let tables: [Table]
    /// The other databases of the same server that the estate knows: roles, `pg_hba.conf` and `pg_ident.conf` are shared.
    public let siblings: [Sibling]

    /// Another database of the same server.
    public struct Sibling: Hashable, Sendable {
        /// The database.
        public let database: String
        /// The components with any access to it.
        public let components: [Component]

        /// Another database.
        public init(database: String, components: [Component]) {
            self.database = database
            self.components = components.sorted { $0.role < $1.role }
        }
    }

    /// A component that has access.
    public struct Component: Hashable, Sendable {
        /// Its name in the estate.
        public let name: String
        /// Its login role, at most 48 bytes: the common name of its certificate, too.
        public let role: String
        /// The URI of its certificate.
        public let spiffeID: String
        /// The subject of its certificate in the form of RFC 2253, as PostgreSQL compares it.
        public let subject: String

        /// A component.
        public init(name: String, role: String, spiffeID: String, subject: String) {
            self.name = name
            self.role = role
            self.spiffeID = spiffeID
            self.subject = subject
        }
    }

    /// A table.
    public struct Table: Hashable, Sendable {
        /// The schema.
        public let schema: String
        /// The name in it.
        public let name: String
        /// Who reads what, by role.
        public let reads: [Read]
        /// Who writes what, by role.
        public let writes: [Write]
        /// The datasets of a table in which several lie, told apart by its label columns; empty for a table of one dataset.
        public let shared: [SharedDataset]

        /// A table.
        public init(schema: String, name: String, reads: [Read], writes: [Write], shared: [SharedDataset] = []) {
            self.schema = schema
            self.name = name
            self.reads = reads.sorted { $0.role < $1.role }
            self.writes = writes.sorted { $0.role < $1.role }
            self.shared = shared.sorted { $0.name < $1.name }
        }

        /// Whether rows carry labels.
        public var isShared: Bool { !shared.isEmpty }
        /// The name in SQL.
        public var identifier: String { SQLText.identifier(schema, name) }
    }

    /// A role's reading.
    public struct Read: Hashable, Sendable {
        /// The role.
        public let role: String
        /// The columns, or nil for all of them.
        public let columns: [String]?
        /// What labels a row has to have; nil in a table of one dataset.
        public let rows: Rows?

        /// Reading.
        public init(role: String, columns: [String]? = nil, rows: Rows? = nil) {
            self.role = role
            self.columns = columns?.sorted()
            self.rows = rows
        }
    }

    /// The labels of rows that a role reads.
    public struct Rows: Hashable, Sendable {
        /// The datasets.
        public let datasets: [String]
        /// A row has to be for one of these purposes.
        public let purposes: [String]
        /// A row has to have one of these classifications.
        public let classifications: [String]

        /// Labels.
        public init(datasets: [String], purposes: [String], classifications: [String]) {
            self.datasets = datasets.sorted()
            self.purposes = purposes.sorted()
            self.classifications = classifications
        }
    }

    /// A role's writing.
    public struct Write: Hashable, Sendable {
        /// The role: the producer's.
        public let role: String
        /// Whether rows may be changed and deleted, or only added.
        public let isFull: Bool

        /// Writing.
        public init(role: String, isFull: Bool) {
            self.role = role
            self.isFull = isFull
        }
    }

    /// One of several datasets in a table.
    public struct SharedDataset: Hashable, Sendable {
        /// The dataset.
        public let name: String
        /// The role of its producer.
        public let producer: String
        /// What rows may be labelled for.
        public let purposes: [String]
        /// How rows may be classified: as the dataset is, or more closed.
        public let classifications: [String]

        /// A dataset.
        public init(name: String, producer: String, purposes: [String], classifications: [String]) {
            self.name = name
            self.producer = producer
            self.purposes = purposes.sorted()
            self.classifications = classifications
        }
    }

    /// A model of parts that are known to fit.
    public init(database: String, components: [Component], tables: [Table], siblings: [Sibling] = []) {
        self.database = database
        self.siblings = siblings.sorted { $0.database < $1.database }
        self.components = components.sorted { $0.role < $1.role }
        self.tables = tables.sorted { ($0.schema, $0.name) < ($1.schema, $1.name) }
    }

    /// The roles of the components.
    public var roles: [String] { components.map(\.role) }
    /// The schemas of the tables.
    public var schemas: [String] { Set(tables.map(\.schema)).sorted() }
}
