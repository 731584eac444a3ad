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
    /// Whether the rows are records, which a narrow screen shows on three lines each.
    var hasRecords = false

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
        let kind: HTML = hasRecords ? " class=\"rows\"" : ""
        return """
            <table\(kind)><caption class="away">\(caption)</caption><thead><tr>\(heads)</tr></thead><tbody>
            \(lines)</tbody></table>
            """
    }
}
