/// A drawing of two columns: boxes of text on the left and on the right, and lines from one to the other.
///
/// It follows the reader's choice of light or dark, needs no fonts and no scripts, and holds no outside reference.
struct ColumnDrawing {
    /// What the drawing is of, for who does not see it.
    let label: String
    let sections: [Section]

    /// Some lines under a title.
    struct Section {
        let title: String
        let lines: [Line]
        /// What stands where there are no lines.
        let whenEmpty: String
    }

    /// A line from a box to another; boxes with the same text are one.
    struct Line: Hashable {
        let left: [String]
        let right: [String]
        var style = Style.plain
    }

    /// What a line looks like.
    enum Style: String {
        case plain = "line"
        case strong = "strong"
        case dashed = "dashed"
    }

    /// A box of one or more lines of text.
    private struct Node {
        let lines: [String]
        var top = 0

        var height: Int { 16 + 18 * lines.count }
        var middle: Int { top + height / 2 }
    }

    private enum Size {
        static let left = 400
        static let right = 520
        static let gap = 200
        static let margin = 24
        static let columns = (left: 52, right: 68)
        static var width: Int { margin * 2 + left + gap + right }
    }

    /// The drawing.
    var svg: String {
        var body: [String] = []
        var top = Size.margin
        for section in sections {
            top += 24
            body.append(text(section.title, x: Size.margin, y: top, style: "title"))
            top += 16
            if section.lines.isEmpty {
                top += 20
                body.append(text(section.whenEmpty, x: Size.margin, y: top, style: "quiet"))
                top += Size.margin
                continue
            }
            top = draw(section.lines, from: top, into: &body) + Size.margin
        }
        let height = top + Size.margin
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Size.width) \(height)" width="\(Size.width)" \
            height="\(height)" role="img" aria-label="\(Self.escaped(label))">
            <style>
            svg { --paper: #fdfdfc; --ink: #1c2733; --quiet: #5d6b7a; --box: #f1f4f7; --edge: #c3ccd6; --line: #2f6fa8; \
            --hot: #b8402a; }
            @media (prefers-color-scheme: dark) {
            svg { --paper: #12171d; --ink: #e3e9ef; --quiet: #95a3b2; --box: #1c242d; --edge: #3a4753; --line: #6fb1e8; \
            --hot: #e8836e; }
            }
            .paper { fill: var(--paper); }
            .box { fill: var(--box); stroke: var(--edge); }
            .line, .strong, .dashed { fill: none; stroke: var(--line); stroke-width: 1.6; opacity: 0.75; }
            .strong { stroke: var(--hot); stroke-width: 2; }
            .dashed { stroke-dasharray: 6 4; }
            text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--ink); }
            text.title { font: 600 16px system-ui, sans-serif; }
            text.quiet { fill: var(--quiet); }
            </style>
            <rect class="paper" width="100%" height="100%"/>
            \(body.joined(separator: "\n"))
            </svg>
            """
    }

    /// Draws the boxes and lines of a section; returns where they end.
    private func draw(_ lines: [Line], from top: Int, into body: inout [String]) -> Int {
        var places: (left: [[String]: Int], right: [[String]: Int]) = ([:], [:])
        var lefts: [Node] = []
        var rights: [Node] = []
        var ends: [(left: Int, right: Int, style: Style)] = []
        for line in lines {
            let left = place(of: line.left, Size.columns.left, &places.left, &lefts)
            let right = place(of: line.right, Size.columns.right, &places.right, &rights)
            let end = (left: left, right: right, style: line.style)
            if !ends.contains(where: { $0 == end }) { ends.append(end) }
        }
        let bottoms = (stack(&lefts, from: top), stack(&rights, from: top))
        // The shorter column is centred beside the longer one.
        let shift = (bottoms.0 - bottoms.1) / 2
        for index in lefts.indices where shift < 0 { lefts[index].top -= shift }
        for index in rights.indices where shift > 0 { rights[index].top += shift }
        let (start, end) = (Size.margin + Size.left, Size.margin + Size.left + Size.gap)
        for line in ends {
            // Two lines between the same boxes lie side by side.
            let aside = line.style == .strong ? 6 : 0
            let (from, to) = (lefts[line.left].middle + aside, rights[line.right].middle + aside)
            let middle = (start + end) / 2
            body.append(
                "<path class=\"\(line.style.rawValue)\" "
                    + "d=\"M\(start) \(from) C\(middle) \(from) \(middle) \(to) \(end) \(to)\"/>"
            )
        }
        for node in lefts { body.append(contentsOf: box(node, x: Size.margin, width: Size.left)) }
        for node in rights { body.append(contentsOf: box(node, x: end, width: Size.right)) }
        return max(bottoms.0, bottoms.1)
    }

    private func place(
        of text: [String],
        _ columns: Int,
        _ places: inout [[String]: Int],
        _ nodes: inout [Node]
    ) -> Int {
        if let place = places[text] { return place }
        places[text] = nodes.count
        nodes.append(Node(lines: wrap(text, columns)))
        return nodes.count - 1
    }

    private func stack(_ nodes: inout [Node], from top: Int) -> Int {
        var top = top
        for index in nodes.indices {
            nodes[index].top = top
            top += nodes[index].height + 12
        }
        return top
    }

    private func box(_ node: Node, x: Int, width: Int) -> [String] {
        let frame =
            "<rect class=\"box\" x=\"\(x)\" y=\"\(node.top)\" width=\"\(width)\" height=\"\(node.height)\" rx=\"6\"/>"
        return [frame]
            + node.lines.enumerated().map { index, line in
                text(line, x: x + 12, y: node.top + 21 + 18 * index, style: index == 0 ? "" : "quiet")
            }
    }

    private func text(_ text: String, x: Int, y: Int, style: String) -> String {
        let attribute = style.isEmpty ? "" : " class=\"\(style)\""
        return "<text\(attribute) x=\"\(x)\" y=\"\(y)\">\(Self.escaped(text))</text>"
    }

    /// Lines of at most so many characters, broken at blanks where there are any.
    private func wrap(_ texts: [String], _ columns: Int) -> [String] {
        var lines: [String] = []
        for text in texts where !text.isEmpty {
            var line = ""
            for word in text.split(separator: " ", omittingEmptySubsequences: false) {
                if !line.isEmpty, line.count + 1 + word.count > columns {
                    lines.append(line)
                    line = ""
                }
                line += (line.isEmpty ? "" : " ") + word
                while line.count > columns {
                    lines.append(String(line.prefix(columns)))
                    line = String(line.dropFirst(columns))
                }
            }
            if !line.isEmpty { lines.append(line) }
        }
        return lines
    }

    /// Text in a drawing.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            // What no XML document may hold.
            case _
            where scalar.value < 0x20 || scalar.value == 0x7f || scalar.value == 0xfffe || scalar.value == 0xffff:
                escaped += "\u{fffd}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
