/// The search of the record.
package struct AuditPage: Sendable {
    /// What is sought, as terms.
    package let query: String
    /// What was found, the newest first.
    package var rows: [RecordRow] = []
    /// The entry behind which the next page begins.
    package var next: UInt64?
    /// What is wrong with the terms; empty where nothing is.
    package var problem = ""
    /// How far the index is; empty where it is whole.
    package var progress = ""
    /// The fields that terms can name.
    package var fields: [String] = []

    /// A page of a search.
    package init(query: String) {
        self.query = query
    }

    /// The page.
    package func page(_ frame: Frame) -> HTML {
        var list = Listing(
            "Records that were found",
            RecordRow.columns + [.init("Entry", isNumber: true)],
            empty: progress.isEmpty ? "No record fits." : "No record fits so far."
        )
        list.form = .records
        list.rows = rows.map { $0.cells(now: frame.now) + ["\($0.entry)"] }
        let more: HTML =
            next.map {
                "<p class=\"steps\"><a href=\"\(ConsolePath.audit(query: query, behind: $0))\">older ones</a></p>"
            }
            ?? ""
        let wrong: HTML = problem.isEmpty ? "" : "<p class=\"say bad\" role=\"alert\">\(problem)</p>"
        let behind: HTML = progress.isEmpty ? "" : "<p class=\"say warn\">\(progress)</p>"
        let examples = ["decision=deny since=1h", "status=5xx", "finding=injection/*", "kind=act", "path=/v1/*"].map {
            example -> HTML in
            "<a href=\"\(ConsolePath.audit(query: example, behind: nil))\"><code>\(example)</code></a>"
        }
        // Where the terms are wrong nothing was sought, so that nothing is said of what there is.
        let found: HTML = problem.isEmpty ? "<section class=\"card\">\(list.html)\(more)</section>" : ""
        return frame.page(
            "Records",
            tab: .audit,
            """
            <h1>Search the record</h1>
            <section class="card"><form class="ask" method="get" action="/audit"><div class="wide"><label for="q">Terms that have to hold together: FIELD=VALUE; <code>*</code> stands for anything</label><input id="q" name="q" value="\(query)" placeholder="decision=deny since=2h" autocomplete="off" spellcheck="false" maxlength="2000"></div><div><button>Search</button></div></form>
            \(wrong)\(behind)<p class="note steps">\(examples)</p><details><summary>Fields</summary><p class="note">\(fields.joined(separator: ", ")), since, until. Times are <code>2h</code> ago, a day, or RFC 3339. What is shown is read from the log; the index only says where.</p></details></section>
            \(found)
            """
        )
    }
}
