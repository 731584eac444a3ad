import AuditLog
import Foundation
import ZeroTrust

/// Prints what a search found.
struct MatchPrinter {
    let format: AuditCommand.Query.Format

    /// The version of the JSON.
    private static let version = 1

    func print(_ found: MergedMatches) {
        switch format {
        case .table: table(found.items)
        case .jsonl: for item in found.items { StandardOutput.write(verbatim: Self.json(item)) }
        case .json:
            let next = found.next.map { #","next":\#($0)"# } ?? Self.json(places: found.places)
            let matches = found.items.map(Self.json).joined(separator: ",\n")
            StandardOutput.write(verbatim: "{\"matches\":[\(matches)]\(next),\"version\":\(Self.version)}")
        }
    }

    /// A match; what was recorded stands in it byte for byte.
    private static func json(_ item: MergedMatches.Item) -> String {
        let match = item.match
        func text(_ entry: LogReader.Entry) -> String { String(decoding: entry.bytes, as: UTF8.self) }
        let completion = match.completion.map { #""completion":\#(text($0)),"completion_entry":\#($0.index),"# } ?? ""
        // The name of a log holds nothing that JSON escapes: no space, no control character and no quotation mark.
        let log = item.origin.map { #""log":"\#($0.filter { $0 != "\"" && $0 != "\\" })","# } ?? ""
        return #"{\#(completion)"entry":\#(match.entry.index),\#(log)"record":\#(text(match.entry))}"#
    }

    /// Where the next page of several logs begins.
    private static func json(places: [String]) -> String {
        guard !places.isEmpty, let text = try? JSONEncoder().encode(places) else { return "" }
        return #","behind":\#(String(decoding: text, as: UTF8.self))"#
    }

    /// How many tokens the answer took, where it said so.
    private static func tokens(_ match: RecordSearch.Match) -> String? {
        guard case .completion(let completion)? = try? match.completion?.record() else { return nil }
        return completion.usage.map(RecordLine.tokens)
    }

    private func table(_ items: [MergedMatches.Item]) {
        guard !items.isEmpty else { return StandardError.write("no record matches") }
        var table = TextTable("ENTRY", "TIME", "DECISION", "CALLER", "REQUEST", "END", "GROUNDS", "ID")
        for (match, origin) in items {
            guard let keys = RecordKeys(entry: match.entry.bytes[...]) else { continue }
            let end = match.completion.flatMap { RecordKeys(entry: $0.bytes[...]) }
            let request = [keys[.method] ?? keys[.action], keys[.path] ?? keys[.model]].compactMap { $0 }
            let ended = [end?[.status], end?[.ended].flatMap { $0 == "complete" ? nil : $0 }, Self.tokens(match)]
            let ending = ended.compactMap { $0 }
            let grounds = [keys[.reason], keys[.rule], keys[.finding] ?? end?[.finding]].compactMap { $0 }
            table.add(
                (origin.map { "\($0) " } ?? "") + "\(match.entry.index)",
                keys.time.map { String($0.description.prefix(19)) + "Z" } ?? "-",
                keys[.decision] ?? "-",
                TerminalText.plain(keys[.caller] ?? keys[.source] ?? "-"),
                TerminalText.plain(request.isEmpty ? keys[.kind] ?? "-" : request.joined(separator: " ")),
                ending.isEmpty ? "-" : ending.joined(separator: " "),
                TerminalText.plain(grounds.isEmpty ? "-" : grounds.joined(separator: " ")),
                keys.id?.description ?? "-"
            )
        }
        StandardOutput.write(
            table.render { row, column, cell in
                guard column == 2, cell.hasPrefix("deny") || cell.hasPrefix("failed") else { return cell }
                return Style.red(cell)
            }
        )
    }
}
