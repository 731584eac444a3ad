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
    }

    private let settings: Settings
    /// Guards the index that is open, and whether it is being brought up to date.
    private let state = Mutex(State())

    /// How long a page waits for the index.
    private static let patience = Duration.seconds(2)

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// What a query finds.
    ///
    /// - Returns: the records, and where the index is not up to date yet, how far it is.
    /// - Throws: ``CommandError`` or `AuditLogError` where the index or the log cannot be read.
    func find(_ query: RecordQuery, _ page: SearchPage) async throws -> (RecordSearch.Result, progress: String) {
        let (search, store) = try open()
        update(search)
        let end = ContinuousClock.now + Self.patience
        while state.withLock({ $0.isUpdating }), ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(20))
        }
        var progress = ""
        if state.withLock({ $0.isUpdating }) {
            let size = try LogReader(directory: settings.auditDirectory).size()
            progress = "The index is being made: \(try store.position()?.size ?? 0) of \(size) entries are in it."
        }
        return (try search.find(query, page), progress)
    }

    private func open() throws -> (RecordSearch, SQLiteRecordSearch) {
        try state.withLock { state in
            if let search = state.search, let store = state.store { return (search, store) }
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
            return (search, store)
        }
    }

    private func update(_ search: RecordSearch) {
        let begins = state.withLock { state in
            defer { state.isUpdating = true }
            return !state.isUpdating
        }
        guard begins else { return }
        Task.detached { [self] in
            _ = try? search.update()
            state.withLock { $0.isUpdating = false }
        }
    }
}
