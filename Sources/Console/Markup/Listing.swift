/// A table: a caption for those who hear the page, a head, and rows whose cells name their column on a narrow screen.
struct Listing {
    /// A column and how its cells are set.
    struct Column {
        let name: String
        var isNumber = false

        init(_ name: String, isNumber: Bool = false) {
            self.name = name
            self.isNumber = isNumber
        }
    }

    let caption: String
    let columns: [Column]
    var rows: [[HTML]] = []
    /// What is said where there are no rows.
    var empty: HTML = "Nothing."
    /// How a narrow screen shows the rows.
    enum Form: String {
        /// Each cell on a line of its own, after the name of its column.
        case named = ""
        /// Records, on a few lines each.
        case records = "rows"
        /// Two who belong together, and then the rest on one line.
        case pairs
        /// The same, with an arrow from the one to the other.
        case paths = "pairs paths"
    }

    /// How a narrow screen shows the rows.
    var form = Form.named

    init(_ caption: String, _ columns: [Column], empty: HTML) {
        self.caption = caption
        self.columns = columns
        self.empty = empty
    }

    var html: HTML {
        guard !rows.isEmpty else { return "<p class=\"empty\">\(empty)</p>" }
        let heads = columns.map { column -> HTML in
            column.isNumber
                ? "<th scope=\"col\" class=\"n\">\(column.name)</th>" : "<th scope=\"col\">\(column.name)</th>"
        }
        let lines = rows.map { cells -> HTML in
            let cells = zip(columns, cells).map { column, cell -> HTML in
                column.isNumber
                    ? "<td class=\"n\" data-c=\"\(column.name)\">\(cell)</td>"
                    : "<td data-c=\"\(column.name)\">\(cell)</td>"
            }
            return "<tr>\(cells)</tr>\n"
        }
        let kind: HTML = form == .named ? "" : " class=\"\(form.rawValue)\""
        return """
            <table\(kind)><caption class="away">\(caption)</caption><thead><tr>\(heads)</tr></thead><tbody>
            \(lines)</tbody></table>
            """
    }
}
