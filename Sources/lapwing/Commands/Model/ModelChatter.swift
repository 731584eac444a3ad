import ArgumentParser

/// How much a command about models says, and in what form.
struct ModelChatter: ParsableArguments {
    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    @Flag(name: .shortAndLong, help: "Say nothing but the result.")
    var quiet = false

    /// A line for a person.
    func say(_ line: String) {
        if !quiet { StandardError.write(line) }
    }

    /// A bar for long work; nil where nobody wants one.
    func bar(_ label: String) -> ByteBar? { quiet ? nil : ByteBar(label: label) }
}
