import Resources

/// What is wrong, or doubtful, at one place of a file, as it is printed in JSON.
struct DiagnosticRow: Encodable {
    let severity, file, message: String
    let line, column: Int

    init(_ diagnostic: Diagnostic) {
        self.severity = diagnostic.severity.rawValue
        self.file = diagnostic.location.file
        self.message = diagnostic.message
        self.line = diagnostic.location.line
        self.column = diagnostic.location.column
    }
}
