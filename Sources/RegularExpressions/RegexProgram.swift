/// A regular expression as a program for a machine that looks at each byte once.
///
/// The language is RE2's, as far as rule files use it: no references back and no looking around. Matches are those of
/// RE2 and of Go: the leftmost, and of those the one that a search with preferences would find first.
package struct RegexProgram: Sendable {
    enum Assertion: Sendable {
        case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
    }

    enum Instruction: Sendable {
        case byte(UnitSet)
        /// Goes on at the first, or else at the second.
        case split(Int, Int)
        case jump(Int)
        case save(Int)
        case assert(Assertion)
        case match
    }

    /// The expression.
    package let source: String
    let instructions: [Instruction]
    /// The groups that capture, without the whole match.
    package let groups: Int

    /// The most instructions of one expression.
    package static let maximumSize = 40_000

    /// Compiles an expression.
    ///
    /// - Parameters:
    ///   - source: the expression.
    ///   - ignoresCase: whether letters stand for both of their cases, as after `(?i)`.
    ///   - matchesNewlines: whether `.` stands for an end of a line, too, as after `(?s)`.
    ///   - isMultiline: whether `^` and `$` stand for the ends of lines, as after `(?m)`.
    ///   - limit: the most instructions that it may have.
    /// - Throws: ``RegexError`` with the column.
    package init(
        _ source: String,
        ignoresCase: Bool = false,
        matchesNewlines: Bool = false,
        isMultiline: Bool = false,
        limit: Int = maximumSize
    ) throws(RegexError) {
        var parser = RegexParser(
            source,
            ignoresCase: ignoresCase,
            dotMatchesAll: matchesNewlines,
            isMultiline: isMultiline
        )
        let tree = try parser.parse()
        var compiler = Compiler(limit: limit)
        compiler.emit(.save(0))
        try compiler.compile(tree, source)
        compiler.emit(.save(1))
        compiler.emit(.match)
        self.source = source
        instructions = compiler.instructions
        groups = parser.groups
    }

    private struct Compiler {
        let limit: Int
        var instructions: [Instruction] = []

        mutating func emit(_ instruction: Instruction) { instructions.append(instruction) }

        mutating func compile(_ tree: RegexTree, _ source: String) throws(RegexError) {
            guard instructions.count < limit else {
                throw RegexError(.tooLarge, "the expression `\(source.prefix(60))…` is too large")
            }
            switch tree {
            case .empty: break
            case .set(let set): emit(.byte(set))
            case .assert(let assertion): emit(.assert(assertion))
            case .sequence(let parts): for part in parts { try compile(part, source) }
            case .group(let inner, let number):
                if let number { emit(.save(2 * number)) }
                try compile(inner, source)
                if let number { emit(.save(2 * number + 1)) }
            case .choice(let options):
                var jumps: [Int] = []
                for (index, option) in options.enumerated() {
                    guard index < options.count - 1 else {
                        try compile(option, source)
                        break
                    }
                    let split = instructions.count
                    emit(.split(split + 1, 0))
                    try compile(option, source)
                    jumps.append(instructions.count)
                    emit(.jump(0))
                    instructions[split] = .split(split + 1, instructions.count)
                }
                for jump in jumps { instructions[jump] = .jump(instructions.count) }
            case .repeated(let inner, let least, let most, let isGreedy):
                for _ in 0..<least {
                    let before = instructions.count
                    try compile(inner, source)
                    // What matches nothing but the empty text does so however often.
                    if instructions.count == before { return }
                }
                if let most {
                    var splits: [Int] = []
                    for _ in least..<max(least, most) {
                        splits.append(instructions.count)
                        emit(.split(0, 0))
                        try compile(inner, source)
                    }
                    for split in splits { instructions[split] = fork(split + 1, instructions.count, isGreedy) }
                } else {
                    let split = instructions.count
                    emit(.split(0, 0))
                    try compile(inner, source)
                    emit(.jump(split))
                    instructions[split] = fork(split + 1, instructions.count, isGreedy)
                }
            }
        }

        private func fork(_ on: Int, _ out: Int, _ isGreedy: Bool) -> Instruction {
            isGreedy ? .split(on, out) : .split(out, on)
        }
    }
}

/// An expression, taken apart.
indirect enum RegexTree: Sendable {
    case empty
    case set(UnitSet)
    case assert(RegexProgram.Assertion)
    case sequence([RegexTree])
    case choice([RegexTree])
    case group(RegexTree, Int?)
    case repeated(RegexTree, Int, Int?, isGreedy: Bool)
}
