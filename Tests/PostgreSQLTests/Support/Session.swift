import DataAccess
import PostgreSQLClient

/// A connection through which an estate is applied.
struct Session: PostgreSQLSession {
    let connection: PostgreSQLConnection

    var serverVersion: Int { connection.serverVersion }

    func rows(_ query: String, _ parameters: [String?]) throws -> [[String?]] {
        try connection.query(query, parameters)
    }

    func execute(_ statements: String) throws { try connection.execute(statements) }

    func transaction<Value>(_ body: () throws -> Value) throws -> Value { try connection.transaction(body) }
}
