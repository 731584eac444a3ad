/// Adds to a scan what is wrong with a chat template that an artifact holds.
enum ChatTemplate {
    /// What it costs to begin with one, in steps.
    private static let beginning = 1_024

    /// Checks a template; findings carry the line and column within it.
    static func check(
        _ template: String,
        element: String?,
        path: String,
        offset: UInt64?,
        _ context: ScanContext
    ) throws(ScanStop) {
        try context.budget.step(beginning)
        let faults = try JinjaChecker.faults(in: template) { (count) throws(ScanStop) in try context.budget.step(count)
        }
        for fault in faults {
            let (line, column) = place(of: fault.offset, in: template)
            let subject = [element, fault.element.map { "`\($0)`" }].compactMap { $0 }.joined(separator: " ")
            try context.add(
                ScanFinding(
                    rule: fault.rule,
                    verdict: fault.verdict,
                    path: path,
                    offset: offset.map { $0 + UInt64(fault.offset) },
                    element: subject.isEmpty ? nil : subject,
                    message: "template line \(line), column \(column): \(fault.message)"
                )
            )
        }
    }

    private static func place(of offset: Int, in text: String) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for byte in text.utf8.prefix(offset) {
            if byte == 0x0A { (line, column) = (line + 1, 1) } else if byte & 0xC0 != 0x80 { column += 1 }
        }
        return (line, column)
    }
}
