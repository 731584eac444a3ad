import Resources

/// Applies what the linter knows how to mend, in the text as it stands: comments, order and layout stay.
public enum LintFixer {
    /// More rounds than any chain of fixes takes.
    private static let maximumRounds = 16

    /// What came of fixing.
    public struct Outcome: Sendable {
        /// The sources, changed where something was mended.
        public let sources: [LintSource]
        /// What was mended.
        public let fixed: [LintFinding]
        /// The names of the files that changed.
        public let changedFiles: Set<String>
    }

    /// Mends what can be mended, round by round until nothing more changes, so that fixing twice is fixing once.
    ///
    /// A change that would make the files worse to load than they were is not made.
    public static func fix(_ sources: [LintSource], with linter: PolicyLinter) -> Outcome {
        var sources = sources
        var fixed: [LintFinding] = []
        var changed: Set<String> = []
        for _ in 0..<maximumRounds {
            let fixable = linter.lint(sources).filter { !$0.edits.isEmpty }
            var hasChanged = false
            for index in sources.indices {
                let findings = fixable.filter { $0.location.file == sources[index].file }
                let (text, mended) = mend(findings, in: sources, at: index)
                guard !mended.isEmpty else { continue }
                sources[index].text = text
                fixed += mended
                changed.insert(sources[index].file)
                hasChanged = true
            }
            if !hasChanged { break }
        }
        return Outcome(sources: sources, fixed: fixed, changedFiles: changed)
    }

    /// A file's text with findings mended: all at once, or, where that makes it worse, as many as do not.
    private static func mend(
        _ findings: [LintFinding],
        in sources: [LintSource],
        at index: Int
    ) -> (text: String, mended: [LintFinding]) {
        let original = sources[index].text
        guard !findings.isEmpty else { return (original, []) }
        let errors = LintInput.errorCount(sources)
        func isNoWorse(_ text: String) -> Bool {
            var after = sources
            after[index].text = text
            return LintInput.errorCount(after) <= errors
        }
        let source = SourceText(original)
        let (text, mended) = source.applying(findings)
        if mended.isEmpty || isNoWorse(text) { return (text, mended) }
        for finding in findings {
            let (text, mended) = source.applying([finding])
            // Places behind this one may have moved: the rest waits for the next round.
            if !mended.isEmpty, isNoWorse(text) { return (text, mended) }
        }
        return (original, [])
    }
}
