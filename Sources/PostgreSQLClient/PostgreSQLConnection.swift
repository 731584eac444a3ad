import CPostgres

/// A connection to a PostgreSQL server, through libpq: blocking, for commands and tests.
///
/// ```swift
/// let connection = try PostgreSQLConnection("service=ml")
/// let rows = try connection.query("SELECT rolname FROM pg_roles WHERE rolname LIKE $1", ["c\\_%"])
/// ```
///
/// What is not said comes from libpq's own environment and files (`PGHOST`, `PGSERVICE`, `~/.pg_service.conf`,
/// `~/.pgpass`).
@safe public final class PostgreSQLConnection {
    private let handle: OpaquePointer
    /// How many rows an answer may have.
    private static let maximumRows = 1_000_000

    /// Connects.
    ///
    /// - Parameter target: A URI (`postgresql://host/db?sslmode=verify-full`) or `key=value` pairs, without a password:
    ///   other users of the machine can read a command line.
    /// - Throws: ``PostgreSQLError`` with `invalidArgument` or `unreachable`.
    public convenience init(_ target: String) throws(PostgreSQLError) {
        try self.init(try Self.parameters(target))
    }

    /// libpq's keywords and their values in a URI or `key=value` pairs.
    ///
    /// - Throws: ``PostgreSQLError`` with `invalidArgument` for what is not understood, and for a password.
    public static func parameters(_ target: String) throws(PostgreSQLError) -> [String: String] {
        let said = try parsed(target)
        guard said["password"] == nil, said["sslpassword"] == nil, said["oauth_client_secret"] == nil else {
            throw PostgreSQLError(
                .invalidArgument,
                "a password in the connection can be read by others; use a client certificate, `passfile` or a service"
            )
        }
        return said
    }

    /// Connects with libpq's keywords and their values.
    ///
    /// - Throws: ``PostgreSQLError`` with `unreachable`.
    public init(_ parameters: [String: String]) throws(PostgreSQLError) {
        try Self.loadLibrary()
        let text = Self.completed(parameters).sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.quoted($0.value))" }
            .joined(separator: " ")
        guard let handle = unsafe PQconnectdb(text) else { throw PostgreSQLError(.unreachable, "libpq has no memory") }
        guard unsafe PQstatus(handle) == CONNECTION_OK else {
            let message = unsafe Self.message(PQerrorMessage(handle))
            unsafe PQfinish(handle)
            throw PostgreSQLError(.unreachable, message)
        }
        unsafe self.handle = handle
        // What the server remarks upon is not asked for.
        _ = unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
    }

    deinit { unsafe PQfinish(handle) }

    /// The server's version: 150018 for 15.18.
    public var serverVersion: Int { Int(unsafe PQserverVersion(handle)) }

    /// Runs one statement with parameters `$1`, `$2` and so on, and gives the rows of its answer as texts, nil for NULL.
    ///
    /// - Throws: ``PostgreSQLError`` with `refused`, or `unreachable` where the connection is gone.
    @discardableResult
    public func query(_ statement: String, _ parameters: [String?] = []) throws(PostgreSQLError) -> [[String?]] {
        // libpq reads the values before it returns; each is ended by a zero byte.
        let values = parameters.map { $0.map { Array($0.utf8CString) } }
        let result = unsafe Self.withPointers(values) { pointers in
            unsafe PQexecParams(handle, statement, Int32(values.count), nil, pointers, nil, nil, 0)
        }
        defer { unsafe PQclear(result) }
        try unsafe check(result)
        return try unsafe rows(of: result)
    }

    /// Runs statements one after another, outside a transaction of ours, and forgets their answers.
    ///
    /// - Throws: ``PostgreSQLError`` with `refused`, or `unreachable` where the connection is gone.
    public func execute(_ statements: String) throws(PostgreSQLError) {
        let result = unsafe PQexec(handle, statements)
        defer { unsafe PQclear(result) }
        try unsafe check(result)
    }

    /// How many rows the last of some statements gave, changed or copied out.
    ///
    /// - Throws: ``PostgreSQLError`` with `refused`, or `unreachable` where the connection is gone.
    public func change(_ statement: String) throws(PostgreSQLError) -> Int {
        let result = unsafe PQexec(handle, statement)
        defer { unsafe PQclear(result) }
        if unsafe PQresultStatus(result) == PGRES_COPY_OUT { return try drain() }
        try unsafe check(result)
        // A statement such as EXPLAIN gives rows without counting them.
        return Int(unsafe Self.text(PQcmdTuples(result))) ?? Int(unsafe PQntuples(result))
    }

    /// Runs a body in one transaction, which is undone where the body throws.
    ///
    /// - Throws: What the body throws, or ``PostgreSQLError``.
    public func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        try execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
        do {
            let value = try body()
            try execute("COMMIT")
            return value
        } catch {
            // The error that matters is the body's; a connection that is gone undoes by itself.
            try? execute("ROLLBACK")
            throw error
        }
    }
}

extension PostgreSQLConnection {
    /// What is said, with what holds where nothing else is said: a server that is silent is not waited for without end.
    static func completed(_ parameters: [String: String]) -> [String: String] {
        var parameters = parameters
        parameters["connect_timeout"] = parameters["connect_timeout"] ?? "10"
        // In milliseconds, of data that the server's machine does not take.
        parameters["tcp_user_timeout"] = parameters["tcp_user_timeout"] ?? "30000"
        parameters["application_name"] = parameters["application_name"] ?? "lapwing"
        parameters["client_encoding"] = "UTF8"
        return parameters
    }

    /// Comes before anything of libpq's.
    private static func loadLibrary() throws(PostgreSQLError) {
        guard let failure = unsafe lapwing_load_libpq() else { return }
        throw PostgreSQLError(
            .unreachable,
            """
            PostgreSQL's client library does not load (\(unsafe String(cString: failure))); install it, on Debian with \
            `apt-get install libpq5`
            """
        )
    }

    private func check(_ result: OpaquePointer?) throws(PostgreSQLError) {
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return
        case PGRES_COPY_OUT: _ = try drain()
        default:
            // 67 is 'C', the field of the SQLSTATE.
            let state = unsafe PQresultErrorField(result, 67).map { unsafe String(cString: $0) }
            let message = unsafe Self.message(PQerrorMessage(handle))
            throw PostgreSQLError(
                unsafe PQstatus(handle) == CONNECTION_OK ? .refused : .unreachable,
                message,
                state: state
            )
        }
    }

    /// Reads what `COPY … TO STDOUT` sends, forgets it, and tells how many rows it was.
    private func drain() throws(PostgreSQLError) -> Int {
        var rows = 0
        var buffer: UnsafeMutablePointer<CChar>?
        while unsafe PQgetCopyData(handle, &buffer, 0) > 0 {
            unsafe PQfreemem(buffer)
            rows += 1
        }
        while let result = unsafe PQgetResult(handle) {
            defer { unsafe PQclear(result) }
            guard unsafe PQresultStatus(result) == PGRES_COMMAND_OK else {
                throw PostgreSQLError(.refused, unsafe Self.message(PQerrorMessage(handle)))
            }
        }
        return rows
    }

    private func rows(of result: OpaquePointer?) throws(PostgreSQLError) -> [[String?]] {
        let count = Int(unsafe PQntuples(result))
        let width = unsafe PQnfields(result)
        guard count <= Self.maximumRows else {
            throw PostgreSQLError(.refused, "the answer has \(count) rows; at most \(Self.maximumRows) are read")
        }
        return (0..<Int32(count)).map { row in
            (0..<width).map { column in
                unsafe PQgetisnull(result, row, column) != 0 ? nil : Self.text(PQgetvalue(result, row, column))
            }
        }
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        unsafe pointer.map { unsafe String(cString: $0) } ?? ""
    }

    /// A message of libpq's, without the end of the line.
    private static func message(_ pointer: UnsafePointer<CChar>?) -> String {
        var text = unsafe text(pointer)
        while text.unicodeScalars.last == "\n" { text.unicodeScalars.removeLast() }
        return text
    }

    private static func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
        unsafe text(UnsafePointer(pointer))
    }

    /// Lends pointers to some texts for as long as the body runs.
    private static func withPointers<Value>(
        _ values: [[CChar]?],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value
    ) -> Value {
        // The copies are freed only after the body is done with them.
        let copies = unsafe values.map { value -> UnsafeMutablePointer<CChar>? in
            guard let value else { return nil }
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: value.count)
            for (index, character) in value.enumerated() { unsafe copy[index] = character }
            return unsafe copy
        }
        defer { unsafe copies.forEach { unsafe $0?.deallocate() } }
        let pointers = unsafe copies.map { unsafe UnsafePointer<CChar>($0) }
        return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }

    /// A value of `key=value` pairs, quoted as libpq reads it.
    private static func quoted(_ value: String) -> String {
        // Scalar by scalar: Swift takes a quote with a combining mark after it for one character that is no quote.
        var result = String.UnicodeScalarView("'".unicodeScalars)
        for scalar in value.unicodeScalars where scalar != "\0" {
            if scalar == "'" || scalar == "\\" { result.append("\\") }
            result.append(scalar)
        }
        result.append("'")
        return String(result)
    }

    /// What a URI or `key=value` pairs say.
    private static func parsed(_ target: String) throws(PostgreSQLError) -> [String: String] {
        try loadLibrary()
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(target, &message) else {
            let text = unsafe Self.message(UnsafePointer(message))
            unsafe PQfreemem(message)
            throw PostgreSQLError(
                .invalidArgument,
                "the connection is not understood: \(text); write `host=HOST dbname=NAME`, or a URI "
                    + "`postgresql://HOST/NAME`"
            )
        }
        defer { unsafe PQconninfoFree(options) }
        var result: [String: String] = [:]
        var option = unsafe options
        // The list ends with an option without a keyword.
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val { result[unsafe text(keyword)] = unsafe text(value) }
            unsafe option = option.successor()
        }
        return result
    }
}
