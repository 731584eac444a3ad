import ArgumentParser
import AuditLog
import Foundation
import Storage
import ZeroTrust

extension AuditCommand {
    /// `lapwing audit prune`.
    struct Prune: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract: "Remove what the AuditPolicy's `retention` says is old: entries of the log, and kept bodies.",
            discussion: """
                Entries go in whole bundles of 256, from the first on. The tiles of hashes stay: every proof that was ever \
                made verifies as before, and what is left can be proved. Nothing goes that a sink has not been given yet, \
                or that a legal hold keeps: the records of a held tenant's bodies stay as long as the bodies. The act is \
                recorded first; where the removal is cut short, the next finishes it.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Flag(help: "Say what would go, and remove nothing.")
        var dryRun = false

        func run() async throws {
            let settings = try Settings(options)
            let configuration = try Configuration(settings: settings)
            guard let retention = configuration.auditPolicy.retention else {
                throw CommandError(
                    .usage,
                    "no policy says how long records are kept: add `retention: { records: 180d, bodies: 30d }` to the AuditPolicy"
                )
            }
            let records = try AuditRecords(directory: settings.auditDirectory)
            let now = Timestamp.now()
            if let age = retention.records {
                if retention.holdsRecords {
                    StandardError.write("a legal hold keeps every record")
                } else {
                    try await prune(records, olderThan: age.before(now), retention, configuration, settings)
                }
            }
            if let age = retention.bodies {
                try await removeBodies(olderThan: age.before(now), except: retention.heldTenants, settings)
            }
        }

        private func prune(
            _ records: AuditRecords,
            olderThan time: Timestamp,
            _ retention: AuditRetention,
            _ configuration: Configuration,
            _ settings: Settings
        ) async throws {
            let pruner = LogPruner(directory: settings.auditDirectory)
            var limit = UInt64.max
            for sink in configuration.auditPolicy.sinks {
                let cursor = try records.reading {
                    try SinkRunner.position(of: "\(settings.sinkDirectory)/\(sink.name).cursor")
                }
                limit = min(limit, cursor ?? 0)
            }
            let (from, to) = try records.reading {
                try pruner.plan(olderThan: time, limit: limit, holding: retention.heldTenants)
            }
            let words = "\(to - from) entries older than \(time), before entry \(to)"
            guard !dryRun else {
                return StandardError.write(to > from ? "would remove \(words)" : "no entries to remove")
            }
            if to > from {
                try await record("audit.prune", settings, before: from, after: to, reason: "older than \(time)")
                try records.reading { try pruner.prune(before: to) }
                StandardError.write("removed \(words)")
            } else {
                // What is on record as removed, and was not when it was cut short.
                let left = try records.reading { try pruner.finish() }
                StandardError.write(
                    left > 0 ? "removed \(counted(left, "file")) that an earlier pruning left" : "no entries to remove"
                )
            }
            try forget(records, settings)
        }

        /// Has the index of searches forget what is gone; where there is none there is nothing to forget.
        private func forget(_ records: AuditRecords, _ settings: Settings) throws {
            guard FileManager.default.fileExists(atPath: settings.searchIndexFile) else { return }
            let search = RecordSearch(reader: records.reader, store: try SearchIndex.open(settings.searchIndexFile))
            try records.reading {
                do { try search.forgetPruned() } catch  where SQLiteDatabase.isDamage(error) {
                    SearchIndex.remove(settings.searchIndexFile)
                }
            }
        }

        private func removeBodies(
            olderThan time: Timestamp,
            except held: Set<String>,
            _ settings: Settings
        ) async throws {
            let day = String(time.description.prefix(10))
            guard !dryRun else { return StandardError.write("would remove the bodies of days before \(day)") }
            try await record("audit.prune.bodies", settings, before: nil, after: nil, reason: "days before \(day)")
            let archive = BodyArchive(directory: settings.bodiesDirectory)
            do {
                let removed = try archive.removeBodies(before: day, except: held)
                StandardError.write(
                    "removed \(removed.count { $0.hasSuffix(".bodies") }) files of bodies before \(day)"
                )
            } catch { throw CommandError(.unreachable, "\(error)") }
        }

        private func record(
            _ action: String,
            _ settings: Settings,
            before: UInt64?,
            after: UInt64?,
            reason: String
        ) async throws {
            do {
                try await IdentityRecord(settings).record(
                    actor: "uid \(getuid())",
                    action: action,
                    subject: settings.logOrigin,
                    before: before.map(String.init),
                    after: after.map(String.init),
                    reason: reason
                )
            } catch {
                throw CommandError(
                    .unreachable,
                    "the act cannot be recorded, and is not done: \(error); is `lapwing serve` running?"
                )
            }
        }
    }
}

extension Duration {
    /// The moment so long before another.
    fileprivate func before(_ time: Timestamp) -> Timestamp {
        Timestamp(nanoseconds: max(0, time.nanoseconds - Int64(self / .nanoseconds(1))))
    }
}
