import ArgumentParser
import AuditLog
import Crypto
import Foundation
import SPIFFE
import Storage
import WorkloadIdentity
import ZeroTrust

extension AuditCommand {
    /// `lapwing audit query`.
    struct Query: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "query",
            abstract: "Find records by caller, model, decision, rule, time, finding, path or status.",
            discussion: """
                Terms have to hold together; a field that is named twice may be either. `*` stands for anything:

                  lapwing audit query decision=deny since=2h
                  lapwing audit query caller='*/ns/ml-api/*' status=5xx path='/v1/*'
                  lapwing audit query rule=ml-inference/callers since=2026-11-26 until=2026-11-27 -o jsonl

                The fields: \(RecordField.allCases.map(\.rawValue).joined(separator: ", ")), since, until. \
                The index that it uses lies in the state directory and is brought up to date first; it proves nothing, \
                and what is printed is read from the log. --reindex makes it anew.
                """
        )

        /// How matches are printed.
        enum Format: String, ExpressibleByArgument, CaseIterable {
            /// Columns, for people.
            case table
            /// One document.
            case json
            /// One object a line.
            case jsonl
        }

        @OptionGroup var options: SettingsOptions

        @Argument(help: ArgumentHelp("What has to hold: FIELD=VALUE.", valueName: "term"))
        var terms: [String] = []

        @Option(help: "The same as caller=VALUE.") var caller: [String] = []
        @Option(help: "The same as model=VALUE.") var model: [String] = []
        @Option(help: "The same as served=VALUE: the digest of the model that answered.") var served: [String] = []
        @Option(
            help: "The same as decision=VALUE: allow, deny or failed.",
            completion: .list(["allow", "deny", "failed"])
        ) var decision: [String] = []
        @Option(help: "The same as rule=VALUE: NAMESPACE/NAME[:INDEX].") var rule: [String] = []
        @Option(help: "The same as finding=VALUE: the rule of a guardrail.") var finding: [String] = []
        @Option(help: "The same as path=VALUE.") var path: [String] = []
        @Option(help: "The same as status=VALUE: 403 or 5xx.") var status: [String] = []
        @Option(help: "The same as since=VALUE: a time, a day, or how long ago (2h).") var since: String?
        @Option(help: "The same as until=VALUE.") var until: String?

        @Option(name: [.customShort("n"), .long], help: "How many at most.")
        var limit = 50

        @Option(
            help: ArgumentHelp(
                "Begin behind this entry, as the page before says at its end; of several logs LOG=ENTRY, repeated.",
                valueName: "entry"
            )
        )
        var behind: [String] = []

        @Flag(help: "The oldest first; otherwise the newest.")
        var oldestFirst = false

        @Flag(help: "Print only how many there are.")
        var count = false

        @Flag(help: "Make the index anew.")
        var reindex = false

        @Option(
            help: ArgumentHelp("Where the index lies; in the state directory unless said.", valueName: "file"),
            completion: .directory
        )
        var index: String?

        @Option(
            help: ArgumentHelp(
                "The directory of a log to search instead of this node's; can be repeated, and what is found is merged by time.",
                valueName: "directory"
            ),
            completion: .directory
        )
        var log: [String] = []

        @Option(name: .shortAndLong, help: "Output: table, json or jsonl (one record a line).")
        var output = Format.table

        func validate() throws {
            guard (1...1_000_000).contains(limit) else {
                throw ValidationError("--limit takes a number from 1 to 1000000")
            }
            _ = try places()
            guard Set(log.map(Self.place)).count == log.count else {
                throw ValidationError("--log names the same directory twice")
            }
            guard log.isEmpty || index == nil else {
                throw ValidationError("--index is of one log; with --log the indexes lie in the state directory")
            }
        }

        private static func place(_ log: String) -> String { URL(fileURLWithPath: log).standardizedFileURL.path }

        /// The entries behind which the page begins, one for each log; nil where it begins at the end.
        private func places() throws -> [UInt64?] {
            guard log.count > 1 else {
                guard behind.count < 2 else { throw ValidationError("--behind is said once of one log") }
                return [try behind.first.map { try Self.entry($0) }]
            }
            var places: [String: UInt64] = [:]
            for text in behind {
                guard let equals = text.lastIndex(of: "="), log.contains(String(text[..<equals])) else {
                    throw ValidationError(
                        "entries are numbered by log; over several, --behind takes LOG=ENTRY, and LOG as --log has it"
                    )
                }
                places[String(text[..<equals])] = try Self.entry(text[text.index(after: equals)...])
            }
            return log.map { places[$0] }
        }

        private static func entry(_ text: some StringProtocol) throws -> UInt64 {
            guard let entry = UInt64(text) else {
                throw ValidationError("`\(text.prefix(64))` is no entry; expected its number")
            }
            return entry
        }

        /// Every condition as a term.
        private var allTerms: [String] {
            let named: [(String, [String])] = [
                ("caller", caller), ("model", model), ("served", served), ("decision", decision), ("rule", rule),
                ("finding", finding),
                ("path", path), ("status", status), ("since", since.map { [$0] } ?? []),
                ("until", until.map { [$0] } ?? []),
            ]
            return terms + named.flatMap { name, values in values.map { "\(name)=\($0)" } }
        }

        func run() async throws {
            let query: RecordQuery
            do { query = try RecordQuery(terms: allTerms, now: .now()) } catch {
                throw CommandError(.usage, error.message)
            }
            let settings = try Settings(options)
            let searches =
                try log.isEmpty
                ? [search(settings.auditDirectory, index: index ?? settings.searchIndexFile)]
                : log.map { try search($0, index: settings.searchIndexFile(of: $0)) }
            if count {
                let count = try searches.reduce(0) { sum, search in
                    try sum + search.run { try $0.count(query) }
                }
                return StandardOutput.write(output == .table ? "\(count)" : #"{"count":\#(count)}"#)
            }
            let found = try zip(searches, places()).map { search, behind in
                let page = SearchPage(limit: limit, isAscending: oldestFirst, behind: behind)
                let result = try search.run { try $0.find(query, page) }
                return MergedMatches.Page(log: search.name, origin: search.origin, behind: behind, result: result)
            }
            let merged = MergedMatches(found, limit: limit, isAscending: oldestFirst)
            MatchPrinter(format: output).print(merged)
            guard output == .table, let hint = merged.hint else { return }
            StandardError.write("there may be more; the next page: \(hint)")
        }

        /// A log to search.
        private func search(_ directory: String, index: String) throws -> SearchedLog {
            let records = try AuditRecords(directory: directory)
            let origin = log.count > 1 ? try records.reading { try records.reader.checkpoint()?.origin } : nil
            return SearchedLog(records: records, name: directory, index: index, anew: reindex, origin: origin)
        }
    }
}

/// A log that is searched by an index, which is brought up to date first.
private struct SearchedLog {
    let records: AuditRecords
    /// The log's directory, as it was named.
    let name: String
    let index: String
    /// Whether the index is made anew in any case.
    let anew: Bool
    /// What the log is called where several are searched.
    let origin: String?

    /// Searches; an index that turns out to be damaged is made anew: all that it holds is in the log.
    ///
    /// - Throws: ``CommandError`` where the log cannot be read, or the index cannot be used.
    func run<Found>(_ search: (RecordSearch) throws -> Found) throws -> Found {
        try records.reading {
            do { return try attempt(search, anew: anew) } catch  where SQLiteDatabase.isDamage(error) {
                StandardError.write("the search index `\(index)` is damaged, and is made anew")
                return try attempt(search, anew: true)
            }
        }
    }

    private func attempt<Found>(_ search: (RecordSearch) throws -> Found, anew: Bool) throws -> Found {
        let store = try SearchIndex.open(index, anew: anew)
        let found = RecordSearch(reader: records.reader, store: store)
        let bar = ProgressBar(label: "indexing", unit: "entries")
        _ = try found.update { bar.show($0, of: $1) }
        bar.finish()
        return try search(found)
    }
}

/// The index that searches use.
enum SearchIndex {
    /// Opens the index in a file, and makes one where there is none.
    ///
    /// One that is damaged is made anew: all that it holds is in the log.
    ///
    /// - Throws: ``CommandError`` where the file cannot be used.
    static func open(_ path: String, anew: Bool = false) throws -> SQLiteRecordSearch {
        if anew { remove(path) }
        do {
            return SQLiteRecordSearch(try SQLiteDatabase(path: path, schema: .recordSearch))
        } catch {
            guard SQLiteDatabase.isDamage(error), !anew else {
                let folder = (path as NSString).deletingLastPathComponent
                guard FileManager.default.fileExists(atPath: folder.isEmpty ? "." : folder) else {
                    throw CommandError(
                        .unreachable,
                        "there is no directory `\(folder)`, where the search index would lie; make it, or name another with "
                            + "--state"
                    )
                }
                throw CommandError(
                    .unreachable,
                    "the search index `\(path)` cannot be used: \(error); "
                        + "where its disk is full or read-only, name another place with --index; "
                        + "otherwise make it anew with --reindex"
                )
            }
            return try open(path, anew: true)
        }
    }

    /// Removes the index in a file; the next search makes it again.
    static func remove(_ path: String) {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
}

extension Settings {
    /// Where the index lies that searches of the record use.
    var searchIndexFile: String { state.value + "/audit-search.sqlite" }

    /// Where the index of another log lies.
    func searchIndexFile(of log: String) -> String {
        let place = URL(fileURLWithPath: log).standardizedFileURL.path
        let name = Hexadecimal.text(Array(SHA256.hash(data: Array(place.utf8)).prefix(8)))
        return state.value + "/audit-search-\(name).sqlite"
    }
}
