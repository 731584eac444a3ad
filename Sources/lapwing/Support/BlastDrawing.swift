import DataAccess

/// A blast radius as a drawing: what is left after each layer as bars, then what is got at, each with its way.
///
/// It follows the reader's choice of light or dark, needs no fonts and no scripts, and holds no outside reference.
struct BlastDrawing {
    private let radius: BlastRadius

    init(_ radius: BlastRadius) { self.radius = radius }

    private enum Size {
        static let margin = 24
        static let label = 340
        static let bar = 640
        static let row = 26
        static var width: Int { margin * 2 + label + bar + 60 }
    }

    /// The drawing.
    var svg: String {
        var body: [String] = []
        var top = Size.margin + 16
        body.append(Self.text("Who owns \(radius.component)", x: Size.margin, y: top, "title"))
        top += 14
        let bars = [("without any layer", radius.total)] + radius.shares.map { ("and \($0.layer.summary)", $0.left) }
        for (label, count) in bars {
            top += Size.row
            let width = radius.total == 0 ? 0 : Size.bar * count / radius.total
            let x = Size.margin + Size.label
            body.append(Self.text(label, x: Size.margin, y: top, ""))
            body.append(#"<rect class="bar" x="\#(x)" y="\#(top - 13)" width="\#(max(1, width))" height="16" rx="3"/>"#)
            body.append(Self.text("\(count)", x: x + max(1, width) + 8, y: top, "quiet"))
        }
        top += 14
        for entry in radius.entries {
            top += Size.row
            body.append(#"<circle class="\#(entry.kind.rawValue)" cx="\#(Size.margin + 6)" cy="\#(top - 5)" r="5"/>"#)
            let name = "\(entry.target.act.rawValue)  \(entry.target.resource)" + (entry.isDoubtful ? " ?" : "")
            body.append(Self.text(name, x: Size.margin + 20, y: top, ""))
            for step in entry.path where entry.path.count > 1 {
                top += 18
                body.append(Self.text(String(step.text.prefix(120)), x: Size.margin + 40, y: top, "quiet"))
            }
        }
        if radius.entries.isEmpty {
            top += Size.row
            body.append(Self.text("gets at nothing", x: Size.margin, y: top, "quiet"))
        }
        top += Size.row
        let legend = "● direct, by its own rights; called, through another component; derived, through data"
        body.append(Self.text(legend, x: Size.margin, y: top, "quiet"))
        let height = top + Size.margin
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Size.width) \(height)" width="\(Size.width)" \
            height="\(height)" role="img" aria-label="blast radius of \(Self.escaped(radius.component))">
            <style>
            svg { --paper: #fdfdfc; --ink: #1c2733; --quiet: #5d6b7a; --hot: #b8402a; --warm: #b9822b; --cool: #2f6fa8; }
            @media (prefers-color-scheme: dark) {
            svg { --paper: #12171d; --ink: #e3e9ef; --quiet: #95a3b2; --hot: #e8836e; --warm: #e0b36a; --cool: #6fb1e8; }
            }
            .paper { fill: var(--paper); }
            .bar, .direct { fill: var(--hot); }
            .called { fill: var(--warm); }
            .derived { fill: var(--cool); }
            text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--ink); }
            text.title { font: 600 16px system-ui, sans-serif; }
            text.quiet { fill: var(--quiet); }
            </style>
            <rect class="paper" width="100%" height="100%"/>
            \(body.joined(separator: "\n"))
            </svg>
            """
    }

    private static func text(_ text: String, x: Int, y: Int, _ style: String) -> String {
        let attribute = style.isEmpty ? "" : " class=\"\(style)\""
        return "<text\(attribute) x=\"\(x)\" y=\"\(y)\">\(escaped(text))</text>"
    }

    private static func escaped(_ text: String) -> String { ColumnDrawing.escaped(text) }
}
