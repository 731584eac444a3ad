/// A rule as it stands in its file.
package struct RuleText: Sendable, Hashable {
    /// The policy: `NAMESPACE/NAME`.
    package let policy: String
    /// The rule's number.
    package let rule: Int
    /// Where it stands: `policies.yaml:12`.
    package let place: String
    /// The number of the first line.
    package let first: Int
    /// The lines.
    package let lines: [String]

    static let shown = 80

    /// A rule.
    package init(policy: String, rule: Int, place: String, first: Int, lines: [String]) {
        self.policy = policy
        self.rule = rule
        self.place = place
        self.first = first
        self.lines = lines
    }

    /// The lines of a file that belong to what begins at a place: an item of a list, or a document.
    ///
    /// - Parameters:
    ///   - text: the file.
    ///   - line: the line at which it begins, from 1.
    /// - Returns: the lines, without those that are deeper than the first only by accident; none where there is no such line.
    package static func block(in text: String, from line: Int) -> [String] {
        let all = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard line >= 1, line <= all.count else { return [] }
        let indent = { (text: String) in text.prefix { $0 == " " }.count }
        let first = all[line - 1]
        let depth = indent(first)
        var block = [first]
        for next in all[line...].prefix(shown) {
            let isBlank = next.allSatisfy { $0 == " " }
            if !isBlank, indent(next) <= depth { break }
            if next.hasPrefix("---") { break }
            block.append(next)
        }
        while block.count > 1, block.last?.allSatisfy({ $0 == " " }) == true { block.removeLast() }
        return block
    }

    /// The rule with the numbers of its lines.
    var html: HTML {
        let width = String(first + lines.count).count
        let rows = lines.enumerated().map { place, line -> HTML in
            let number = String(first + place)
            return "<b>\(String(repeating: " ", count: width - number.count) + number)  </b>\(HTML.lines(line))\n"
        }
        return """
            <p>Rule \(rule) of <code>\(policy)</code>, at <code>\(place)</code></p><pre tabindex="0">\(rows)</pre>
            """
    }
}
