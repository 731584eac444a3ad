import AuditLog
import Foundation
import Glibc
import Storage
import Synchronization

/// The search of the record for the console, by the same index as `lapwing audit query`.
///
/// The index is brought up to date beside the pages: where that takes long, a page says how far it is. Others may remove
/// the file or make it anew while it is open here, and it may be damaged: then it is opened again, and made again from the
/// log.
final class ConsoleSearch: Sendable {
    private struct State {
        var opened: Opened?
        /// How often an index was opened.
        var openings: UInt64 = 0
        /// The opening that is being brought up to date.
        var updating: UInt64?
        /// Why the index was not brought up to date the last time; empty where it was.
        var problem = ""
    }

    /// An index that is open.
    private struct Opened: Sendable {
        /// Which opening it is.
        let number: UInt64
        let path: String
        /// The file that was opened; nil where it was gone at once.
        let file: FileNumber?
        let search: RecordSearch
        let store: SQLiteRecordSearch
    }

    /// What tells a file from another of the same name.
    private struct FileNumber: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64

        init?(_ path: String) {
            guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
                let device = facts[.systemNumber] as? NSNumber, let inode = facts[.systemFileNumber] as? NSNumber
            else { return nil }
            (self.device, self.inode) = (device.uint64Value, inode.uint64Value)
        }
    }

    /// The directory of the log.
    private let log: String
    /// The directory of what commands keep.
    private let shared: String
    /// The index that commands use, in there.
    private let sharedIndex: String
    /// Where records are searched for, which can take long: other pages do not wait for it.
    private let work = ConsoleWork("lapwing console search")
    /// Where the index is brought up to date, which can take longer.
    private let indexing = ConsoleWork("lapwing console index")
    /// Guards the index that is open, and whether it is being brought up to date.
    private let state = Mutex(State())

    /// How long a page waits for the index.
    private static let patience = Duration.seconds(2)
    /// How often a search is begun again where the index turns out to be useless.
    private static let maximumAttempts = 3

    init(log: String, shared: String, sharedIndex: String) {
        self.log = log
        self.shared = shared
        self.sharedIndex = sharedIndex
    }

    /// The search of this node's log.
    convenience init(_ settings: Settings) {
        self.init(log: settings.auditDirectory, shared: settings.state.value, sharedIndex: settings.searchIndexFile)
    }

    /// Whether a search that is asked for now would be refused.
    var isFull: Bool { work.isFull }

    /// What was found.
    struct Found: Sendable {
        let result: RecordSearch.Result
        /// Where the index is not up to date, how far it is, or why; empty where it is.
        let progress: String
    }

    /// What a query finds.
    ///
    /// - Throws: ``CommandError`` or `AuditLogError` where the index or the log cannot be read, and ``ConsoleWork/Busy``.
    func find(_ query: RecordQuery, _ page: SearchPage) async throws -> Found {
        var attempts = 0
        while true {
            attempts += 1
            let opened = try await work.run { try self.open() }
            update(opened)
            let end = ContinuousClock.now + Self.patience
            while isUpdating(opened), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
            // What was found to be damaged while it was brought up to date is not asked.
            if attempts < Self.maximumAttempts, !isCurrent(opened) { continue }
            do {
                return try await work.run { try self.find(query, page, in: opened) }
            } catch {
                guard attempts < Self.maximumAttempts, SQLiteDatabase.isDamage(error) else { throw error }
                try await work.run { self.drop(opened) }
            }
        }
    }

    private func find(_ query: RecordQuery, _ page: SearchPage, in opened: Opened) throws -> Found {
        let problem = state.withLock { $0.problem }
        var progress = ""
        if isUpdating(opened) {
            let size = try LogReader(directory: log).size()
            progress =
                "The index is being made: \(try opened.store.position()?.size ?? 0) of \(size) entries are in it."
        } else if !problem.isEmpty {
            progress =
                "The index could not be brought up to date, so that newer records may be missing here: \(problem)"
        }
        return Found(result: try opened.search.find(query, page), progress: progress)
    }

    private func open() throws -> Opened {
        try state.withLock { state in
            // Others make it anew, under the same name: what is open then is a file that nobody sees any more.
            if let opened = state.opened, let file = opened.file, FileNumber(opened.path) == file { return opened }
            state.opened = nil
            // The one that commands use, where it is this user's; else one of the gateway's own.
            var path = sharedIndex
            var store: SQLiteRecordSearch?
            if (unsafe access(shared, W_OK)) == 0 { store = try? SearchIndex.open(path) }
            if store == nil { path = log + "/.state/console-search.sqlite" }
            let found = try store ?? SearchIndex.open(path)
            state.openings += 1
            let opened = Opened(
                number: state.openings,
                path: path,
                file: FileNumber(path),
                search: RecordSearch(reader: LogReader(directory: log), store: found),
                store: found
            )
            state.opened = opened
            return opened
        }
    }

    /// Lets go of an index that is damaged, and removes it: all that it holds is in the log.
    private func drop(_ opened: Opened) {
        state.withLock { state in
            guard state.opened?.number == opened.number else { return }
            state.opened = nil
            // One that others have put in its place is not ours to judge.
            if FileNumber(opened.path) == opened.file { SearchIndex.remove(opened.path) }
        }
    }

    private func isCurrent(_ opened: Opened) -> Bool { state.withLock { $0.opened?.number == opened.number } }

    private func isUpdating(_ opened: Opened) -> Bool { state.withLock { $0.updating == opened.number } }

    private func update(_ opened: Opened) {
        let begins = state.withLock { state -> Bool in
            guard state.updating != opened.number else { return false }
            state.updating = opened.number
            return true
        }
        guard begins else { return }
        indexing.begin {
            var problem = ""
            do { try opened.search.update() } catch {
                problem = ConsoleService.words(error)
                if SQLiteDatabase.isDamage(error) { self.drop(opened) }
            }
            self.finish(opened, problem)
        }
    }

    private func finish(_ opened: Opened, _ problem: String) {
        state.withLock { state in
            guard state.updating == opened.number else { return }
            state.updating = nil
            state.problem = problem
        }
    }
}
