import Glibc

/// What the command line asked for.
struct Arguments {
    /// The CPU time of one round at least.
    private(set) var seconds = 0.25
    /// How many rounds are measured.
    private(set) var rounds = 5
    /// Beginnings of the names that are wanted; none for all.
    private(set) var parts: [String] = []

    /// Reads the command line, or ends the program with status 2.
    init(_ words: [String]) {
        var rest = words.dropFirst()[...]
        while let word = rest.popFirst() {
            switch word {
            case "--seconds":
                guard let value = rest.popFirst().flatMap(Double.init), value > 0 else { Self.fail(word) }
                seconds = value
            case "--rounds":
                guard let value = rest.popFirst().flatMap(Int.init), value > 0 else { Self.fail(word) }
                rounds = value
            default:
                guard !word.hasPrefix("-") else { Self.fail(word) }
                parts.append(word)
            }
        }
    }

    /// Whether a benchmark of this name is to be run.
    func wants(_ name: String) -> Bool {
        parts.isEmpty || parts.contains { name.hasPrefix($0) }
    }

    private static func fail(_ word: String) -> Never {
        print("usage: microbenchmarks [--seconds S] [--rounds N] [PART ...]; `\(word)` is not understood")
        exit(2)
    }
}
