import AuditLog
import ZeroTrust

/// What searches of one log, or of several, found, in one order.
struct MergedMatches {
    /// A record, and the name of its log where there are several.
    typealias Item = (match: RecordSearch.Match, origin: String?)

    let items: [Item]
    /// The entry behind which the next page of one log begins; nil where there is none.
    let next: UInt64?
    /// How the next page is asked for; nil where there is none.
    let hint: String?

    init(_ results: [(origin: String?, result: RecordSearch.Result)], limit: Int, isAscending: Bool) {
        guard results.count > 1 else {
            items = results.first.map { one in one.result.matches.map { ($0, nil) } } ?? []
            next = results.first?.result.next
            hint = next.map { "--behind \($0)" }
            return
        }
        var all: [(time: Int64, item: Item)] = []
        for (origin, result) in results {
            for match in result.matches {
                let time = RecordKeys(entry: match.entry.bytes[...])?.time?.nanoseconds ?? 0
                all.append((time, (match, origin)))
            }
        }
        all.sort { left, right in isAscending ? left.time < right.time : left.time > right.time }
        items = all.prefix(limit).map(\.item)
        next = nil
        let isMore = all.count > limit || results.contains { $0.result.next != nil }
        let last = all.prefix(limit).last.map { Timestamp(nanoseconds: $0.time) }
        hint = isMore ? last.map { "--\(isAscending ? "since" : "until") \($0)" } : nil
    }
}
