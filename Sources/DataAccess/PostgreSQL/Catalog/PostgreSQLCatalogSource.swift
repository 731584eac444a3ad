/// Where a catalog is read from: a connection in a transaction that only reads.
///
/// `search_path` has to be `pg_catalog`, so that PostgreSQL writes every other name with its schema.
public protocol PostgreSQLCatalogSource {
    /// The server's version: 150018 for 15.18.
    var serverVersion: Int { get }

    /// The rows that a query gives, as texts, nil for NULL.
    func rows(_ query: String, _ parameters: [String?]) throws -> [[String?]]
}
