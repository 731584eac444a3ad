import ArgumentParser

/// How much a command about models says, and in what form.
struct ModelChatter: ParsableArguments {
    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = OutputFormat.table

    @Flag(name: .shortAndLong, help: "Say nothing but the result.")
    var quiet = false

    /// The same without ArgumentParser.
    var chatter: Chatter { Chatter(output: output, quiet: quiet) }

    /// A line for a person.
    func say(_ line: String) { chatter.say(line) }

    /// A bar for long work; nil where nobody wants one.
    func bar(_ label: String) -> ByteBar? { chatter.bar(label) }
}

/// How much is said, and in what form.
struct Chatter {
    let output: OutputFormat
    let quiet: Bool

    /// A line for a person.
    func say(_ line: String) {
        if !quiet { StandardError.write(line) }
    }

    /// A bar for long work; nil where nobody wants one.
    func bar(_ label: String) -> ByteBar? { quiet ? nil : ByteBar(label: label) }
}
