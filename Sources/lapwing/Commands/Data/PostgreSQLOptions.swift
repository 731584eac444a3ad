import ArgumentParser
import DataAccess
import Foundation
import PostgreSQLClient
import Resources

/// Which estate, and which database of it.
struct EstateDatabaseOptions: ParsableArguments {
    @Argument(help: "Files or directories of YAML with an Estate.", completion: .file())
    var paths: [String]

    @Option(help: "The database; may be left out where the estate has one only.")
    var database: String?

    /// The estate; what is doubtful about it goes to standard error.
    func estate() throws -> Estate {
        var documents: [Document] = []
        for path in paths {
            for source in try ResourceLoader.texts(path: path) {
                documents += try ResourceLoader.parse(yaml: source.text, file: source.file)
            }
        }
        let estates = try Estate.load(documents)
        guard estates.count == 1, let estate = estates.first else {
            let files = paths.map { "`\($0)`" }.joined(separator: ", ")
            throw CommandError(
                .usage,
                estates.isEmpty
                    ? "there is no `Estate` in \(files)"
                    : "\(estates.count) Estates are in \(files), and one is wanted: name the file of one"
            )
        }
        for warning in estate.warnings { StandardError.write(warning.description) }
        return estate
    }

    /// What the database enforces.
    func model() throws -> PostgreSQLModel {
        let estate = try self.estate()
        let known = estate.postgresDatabases
        guard let name = database ?? (known.count == 1 ? known.first : nil) else {
            let names = known.joined(separator: ", ")
            throw CommandError(
                .usage,
                known.isEmpty ? "the estate has nothing in PostgreSQL" : "give --database: \(names)"
            )
        }
        do { return try PostgreSQLModel(estate, database: name) } catch { throw CommandError(.usage, error.message) }
    }
}

/// How to get to the server.
struct PostgreSQLConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the server is: a URI (postgresql://HOST/DB?sslmode=…) or `key=value` pairs, without a password.",
            discussion: """
                What is not said comes from libpq's environment and files: PGHOST, PGSERVICE, ~/.pg_service.conf, \
                PGSSLCERT, ~/.pgpass. Where nothing says otherwise, a server is talked to only when its certificate \
                proves its name (sslmode=verify-full).
                """,
            valueName: "uri"
        )
    )
    var connection: String?

    @Option(help: "The service of that name in ~/.pg_service.conf.")
    var service: String?

    func validate() throws {
        if connection != nil, service != nil { throw ValidationError("give either --connection or --service") }
    }

    /// Connects.
    ///
    /// - Throws: ``CommandError``: `usage` for what is not understood, `unreachable` for the rest.
    func connect(to database: String) throws -> CommandSession {
        do {
            var said = try connection.map { try PostgreSQLConnection.parameters($0) } ?? [:]
            if let service { said["service"] = service }
            let environment = ProcessInfo.processInfo.environment
            // A service may say otherwise, which libpq takes before the environment.
            if environment["PGSSLMODE"] == nil { unsafe setenv("PGSSLMODE", "verify-full", 1) }
            if said["service"] == nil, environment["PGSERVICE"] == nil {
                said["dbname"] = said["dbname"] ?? environment["PGDATABASE"] ?? database
                said["sslmode"] = said["sslmode"] ?? environment["PGSSLMODE"] ?? "verify-full"
            }
            return CommandSession(connection: try PostgreSQLConnection(said))
        } catch let error as PostgreSQLError {
            throw CommandError(error.code == .invalidArgument ? .usage : .unreachable, "\(error)")
        }
    }
}

/// A connection that commands work through.
struct CommandSession: PostgreSQLSession {
    let connection: PostgreSQLConnection

    var serverVersion: Int { connection.serverVersion }

    func rows(_ query: String, _ parameters: [String?]) throws -> [[String?]] {
        try connection.query(query, parameters)
    }

    func execute(_ statements: String) throws { try connection.execute(statements) }

    func transaction<Value>(_ body: () throws -> Value) throws -> Value { try connection.transaction(body) }

    /// Runs a body, and says for people what goes wrong in it.
    ///
    /// - Throws: ``CommandError``.
    static func run<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as PostgreSQLError {
            let advice = error.state == "42501" ? "; this needs a superuser" : ""
            throw CommandError(error.code == .unreachable ? .unreachable : .refused, "\(error)\(advice)")
        } catch let error as PostgreSQLModelError {
            throw CommandError(error.code == .notReady || error.code == .notApplied ? .refused : .usage, error.message)
        }
    }
}

/// Whether a person agrees with what will be done.
struct ConfirmationOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    /// Asks.
    ///
    /// - Throws: ``CommandError`` where the answer is not yes, or there is nobody to ask.
    func confirm(_ question: String) throws {
        if yes { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandError(.usage, "standard input is no terminal, so nobody can be asked; give --yes")
        }
        StandardError.write("\(question) Type `yes`:")
        guard readLine() == "yes" else { throw CommandError(.refused, "nothing was changed") }
    }
}
