import AuditLog
import ZeroTrust

/// What searches of one log, or of several, found, in one order.
///
/// Of each log the records come in the order of their entries, so that each page begins where the one before it ended. Between
/// logs their times decide; a record that entered its log long after its time counts as of the time of those about it.
struct MergedMatches {
    /// A record, and the name of its log where there are several.
    typealias Item = (match: RecordSearch.Match, origin: String?)

    /// What a page of one log has.
    struct Page {
        /// The log's directory, as it was named.
        let log: String
        /// What the log is called where there are several.
        let origin: String?
        /// The entry behind which the page begins; nil for the first.
        let behind: UInt64?
        let result: RecordSearch.Result
    }

    let items: [Item]
    /// The entry behind which the next page of one log begins; nil where there is none.
    let next: UInt64?
    /// Behind what the next page of several logs begins, as `LOG=ENTRY`; empty where there is none.
    let places: [String]

    /// How the next page is asked for; nil where there is none.
    var hint: String? {
        if let next { return "--behind \(next)" }
        return places.isEmpty ? nil : places.map { "--behind \(ShellWord.text($0))" }.joined(separator: " ")
    }

    init(_ pages: [Page], limit: Int, isAscending: Bool) {
        guard pages.count > 1 else {
            items = pages.first.map { one in one.result.matches.map { ($0, nil) } } ?? []
            next = pages.first?.result.next
            places = []
            return
        }
        let times = pages.map { Self.clock($0.result.matches, isAscending: isAscending) }
        var taken = [Int](repeating: 0, count: pages.count)
        var items: [Item] = []
        while items.count < limit {
            let open = pages.indices.filter { taken[$0] < times[$0].count }
            // What a log has behind its page may come before what others have in theirs.
            let isUnknown = pages.indices.contains { taken[$0] == times[$0].count && pages[$0].result.next != nil }
            func comesFirst(_ one: Int, _ other: Int) -> Bool {
                let (left, right) = (times[one][taken[one]], times[other][taken[other]])
                return isAscending ? left < right : left > right
            }
            guard !isUnknown, let first = open.min(by: comesFirst) else { break }
            items.append((pages[first].result.matches[taken[first]], pages[first].origin))
            taken[first] += 1
        }
        self.items = items
        next = nil
        let isMore = pages.indices.contains { taken[$0] < times[$0].count || pages[$0].result.next != nil }
        guard isMore else {
            places = []
            return
        }
        places = pages.indices.compactMap { index in
            let page = pages[index]
            let last = taken[index] == 0 ? page.behind : page.result.matches[taken[index] - 1].entry.index
            let place = taken[index] == times[index].count ? page.result.next ?? last : last
            return place.map { "\(page.log)=\($0)" }
        }
    }

    /// How late it was in a log when each of some records entered it: the latest time of those up to it.
    private static func clock(_ matches: [RecordSearch.Match], isAscending: Bool) -> [Int64] {
        var latest = Int64.min
        let times = (isAscending ? matches : matches.reversed()).map { match in
            latest = max(latest, RecordKeys(entry: match.entry.bytes[...])?.time?.nanoseconds ?? 0)
            return latest
        }
        return isAscending ? times : times.reversed()
    }
}
