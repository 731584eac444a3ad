import Resources

extension Diagnostic {
    /// That a file or directory that was named has nothing to look at, which is easily taken for nothing that is wrong.
    static func nothing(in path: String) -> Diagnostic {
        Diagnostic(
            .warning,
            at: SourceLocation(file: path, line: 1, column: 1),
            "there is no resource in it; of a directory files count whose names end in `.yaml` or `.yml`"
        )
    }
}
