import AuditLog
import Foundation
import ZeroTrust

/// The node's own record, as commands read it.
struct AuditRecords {
    let reader: LogReader

    /// The log in a directory.
    ///
    /// - Throws: ``CommandError`` where there is none.
    init(directory: String) throws {
        // A directory of anything else has no finding, no record and no fault, and must not be taken for a log.
        let parts = [".state", "checkpoint", "tile"].map { directory + "/" + $0 }
        guard parts.contains(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw CommandError(
                .unreachable,
                "there is no audit log at `\(directory)`; name the state directory with --state, or run `lapwing serve`"
            )
        }
        self.reader = LogReader(directory: directory)
    }

    /// Every entry of an id.
    ///
    /// - Throws: ``CommandError`` where the log has none or cannot be read.
    func entries(of id: RequestID) throws -> [LogReader.Entry] {
        let found = try reading { try reader.find(id) }
        guard !found.isEmpty else {
            throw CommandError(
                .refused,
                "the log at `\(reader.directory)` has no record of `\(id)`; every gateway has a log of its own"
            )
        }
        return found
    }

    /// The decision about a request.
    ///
    /// - Throws: ``CommandError`` where the log has none.
    func decision(_ id: RequestID) throws -> DecisionRecord {
        for entry in try entries(of: id) {
            if case .decision(let record) = try reading({ try entry.record() }) { return record }
        }
        throw CommandError(.refused, "the log has no decision of `\(id)`")
    }

    /// Runs a read and words its failure.
    func reading<Success>(_ read: () throws -> Success) throws -> Success {
        do { return try read() } catch let error as AuditLogError {
            let status: ExitStatus = error.code == .corrupt || error.code == .malformed ? .unverified : .unreachable
            throw CommandError(status, "\(error)")
        }
    }
}

extension Settings {
    /// Where the authority writes the key that the log's checkpoints verify with.
    var verifierKeyFile: String { state.value + "/log.vkey" }
    /// Where the gateway keeps how far each sink of records has come.
    var sinkDirectory: String { auditDirectory + "/.state/sinks" }
}
