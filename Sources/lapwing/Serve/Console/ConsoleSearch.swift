import AuditLog
import Foundation
import Glibc
import Storage
import Synchronization

/// The search of the record for the console, by the same index as `lapwing audit query`.
///
/// The index is brought up to date beside the pages: where that takes long, a page says how far it is.
final class ConsoleSearch: Sendable {
    private struct State {
        var search: RecordSearch?
        var store: SQLiteRecordSearch?
        var isUpdating = false
        /// Why the index was not brought up to date the last time; empty where it was.
        var problem = ""
    }

    private let settings: Settings
    private let work: ConsoleWork
    /// Where the index is brought up to date, which can take long: pages do not wait for it.
    private let indexing = ConsoleWork("lapwing console index")
    /// Guards the index that is open, and whether it is being brought up to date.
    private let state = Mutex(State())

    /// How long a page waits for the index.
    private static let patience = Duration.seconds(2)

    init(_ settings: Settings, work: ConsoleWork) {
        self.settings = settings
        self.work = work
    }

    /// What a query finds.
    ///
    /// - Returns: the records, and where the index is not up to date yet, how far it is.
    /// - Throws: ``CommandError`` or `AuditLogError` where the index or the log cannot be read.
    func find(_ query: RecordQuery, _ page: SearchPage) async throws -> (RecordSearch.Result, progress: String) {
        let opened = try await work.run { [self] in try self.open() }
        let (search, store) = (opened.search, opened.store)
        update(search)
        let end = ContinuousClock.now + Self.patience
        while state.withLock({ $0.isUpdating }), ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(20))
        }
        let isUpdating = state.withLock { $0.isUpdating }
        let problem = state.withLock { $0.problem }
        let directory = settings.auditDirectory
        let progress = try await work.run { () throws -> String in
            if isUpdating {
                let size = try LogReader(directory: directory).size()
                return "The index is being made: \(try store.position()?.size ?? 0) of \(size) entries are in it."
            }
            guard !problem.isEmpty else { return "" }
            return "The index could not be brought up to date, so that newer records may be missing here: \(problem)"
        }
        let result = try await work.run { () throws -> RecordSearch.Result in try search.find(query, page) }
        return (result, progress)
    }

    /// The index that is open.
    private struct Opened: Sendable {
        let search: RecordSearch
        let store: SQLiteRecordSearch
    }

    private func open() throws -> Opened {
        try state.withLock { state in
            if let search = state.search, let store = state.store {
                return Opened(search: search, store: store)
            }
            // The one that commands use, where it is this user's; else one of the gateway's own.
            let own = settings.auditDirectory + "/.state/console-search.sqlite"
            let isShared = unsafe access(settings.state.value, W_OK) == 0
            let store: SQLiteRecordSearch
            if isShared, let shared = try? SearchIndex.open(settings.searchIndexFile) {
                store = shared
            } else {
                store = try SearchIndex.open(own)
            }
            let search = RecordSearch(reader: LogReader(directory: settings.auditDirectory), store: store)
            (state.search, state.store) = (search, store)
            return Opened(search: search, store: store)
        }
    }

    private func update(_ search: RecordSearch) {
        let begins = state.withLock { state in
            defer { state.isUpdating = true }
            return !state.isUpdating
        }
        guard begins else { return }
        indexing.begin { [self] in
            var problem = ""
            do { try search.update() } catch { problem = ConsoleService.words(error) }
            self.finish(problem)
        }
    }

    private func finish(_ problem: String) {
        state.withLock { state in
            state.isUpdating = false
            state.problem = problem
        }
    }
}
