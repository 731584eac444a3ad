import ArgumentParser
import AuditLog
import DataAccess
import Foundation
import Monitoring
import Resources
import ZeroTrust

/// `lapwing data unused`.
struct DataUnusedCommand: FindingCommand {
    static let configuration = CommandConfiguration(
        commandName: "unused",
        abstract: "List grants that nobody used, and write narrower ones that are proved to be enough.",
        usage: """
            lapwing data unused estate.yaml --aws aws --log events.json --log access.log
            lapwing data unused estate.yaml --service ml --log postgres=/var/log/postgresql/pg.json --out narrower
            """,
        discussion: """
            Reads logs of what was done: pgaudit's (text, csvlog or jsonlog), CloudTrail's, S3's server access logs, and, \
            with --audit, a node's own record; and holds them against what is in force: AWS policies of a directory, the \
            catalog of a live PostgreSQL, and the calls that the estate declares.

            With --out, narrower policies and REVOKEs are written, of which two things are proved: they allow nothing that \
            was not allowed, and each logged request is allowed still. What a log does not tell counts as used; what is \
            not proved is not written.

            Exits with 1 where there are unused grants.
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case json
    }

    @OptionGroup var options: EstateOptions

    @Option(help: "A log, as FILE or KIND=FILE: postgres, s3 or cloudtrail; may be repeated.", completion: .file())
    var log: [String] = []

    @Option(help: "The directory of a node's own audit log.", completion: .directory)
    var audit: String?

    @Option(help: "Only what was done since then: a date, a time, or an age such as 90d.")
    var since: String?

    @Option(help: "A directory of AWS policies, as `lapwing data emit --to aws` writes them.", completion: .directory)
    var aws: String?

    @OptionGroup var server: PostgreSQLConnectionOptions

    @Option(help: "The database to read; without it, every one of the estate.")
    var database: String?

    @Flag(help: "Take AWS and PostgreSQL as Lapwing would write them, where nothing else is given.")
    var generated = false

    @Flag(help: "pgaudit.log_relation was on: what is logged without a table touched none.")
    var logRelation = false

    @Option(name: .customLong("out"), help: "The directory to write what is narrower to.", completion: .directory)
    var directory: String?

    @Option(name: .shortAndLong, help: "Output: table or json.")
    var output = Format.table

    func validate() throws {
        if log.isEmpty, audit == nil { throw ValidationError("give --log FILE, or --audit DIR") }
    }

    private struct Document: Encodable {
        struct Narrowing: Encodable {
            let place: String
            let files: [String: String]
            let requests: Int
        }
        let version = 1
        let estate: String
        let records: Int
        let malformed: Int
        let total: Int
        let unused: [UnusedGrant]
        let narrowings: [Narrowing]
        let doubts: [String]
    }

    func run() throws {
        let estate = try options.load()
        var reading = UsageReading(since: try since.map(Self.time))
        for text in log {
            let parts = text.split(separator: "=", maxSplits: 1)
            let kind = parts.count == 2 ? LogSource(name: String(parts[0])) : nil
            if let kind, ![.postgres, .s3, .cloudTrail].contains(kind) {
                throw CommandError(.usage, "`\(text)`: expected postgres=FILE, s3=FILE or cloudtrail=FILE")
            }
            try reading.read(kind == nil ? text : String(parts[1]), of: kind)
        }
        if let audit { try reading.read(audit: audit) }
        let evidence = try BlastRadiusCommand.evidence(
            estate,
            aws: aws,
            server: server,
            database: database,
            isGenerated: generated
        )
        var unused: UnusedAccess
        do {
            unused = try UnusedAccess(
                estate,
                evidence,
                records: Array(reading.records),
                namesRelations: logRelation,
                looksAtCalls: audit != nil
            )
        } catch let error as PostgreSQLModelError { throw CommandError(.refused, error.message) }
        Self.keep(&unused, without: reading.damaged)
        try write(unused)
        switch output {
        case .json:
            try StandardOutput.write(
                json: Document(
                    estate: estate.name,
                    records: reading.count,
                    malformed: reading.malformed,
                    total: unused.total,
                    unused: unused.grants,
                    narrowings: unused.narrowings.map {
                        Document.Narrowing(place: $0.place, files: $0.files, requests: $0.requests)
                    },
                    doubts: unused.doubts
                )
            )
        case .table:
            var table = TextTable("LAYER", "WHO", "NEVER USED", "GRANTED BY")
            for grant in unused.grants { table.add(grant.layer, grant.who, grant.grant, grant.rule) }
            if !unused.grants.isEmpty { StandardOutput.write(table.render()) }
            for narrowing in unused.narrowings {
                StandardOutput.write(
                    "\(narrowing.place): narrower in \(counted(narrowing.files.count, "file")); proved to allow no more than before, and "
                        + "each of \(narrowing.requests) kinds of request that were made"
                )
            }
        }
        for doubt in unused.doubts { StandardError.write(doubt) }
        if reading.malformed > 0 {
            StandardError.write("left out, not to be read: \(counted(reading.malformed, "record"))")
        }
        StandardError.write(
            "\(counted(reading.count, "record")); \(unused.total - unused.grants.count) of \(unused.total) grants were used"
        )
        if !unused.grants.isEmpty { throw ExitCode(ExitStatus.refused.rawValue) }
    }

    /// Leaves out what is narrower where records could not be read: they may tell that it is too narrow.
    private static func keep(_ unused: inout UnusedAccess, without damaged: Set<LogSource>) {
        let isAWS = damaged.contains(.s3) || damaged.contains(.cloudTrail)
        let isPostgres = damaged.contains(.postgres)
        let before = unused.narrowings.count
        unused.narrowings.removeAll { $0.place.hasPrefix("roles/") ? isAWS : isPostgres }
        if unused.narrowings.count < before {
            unused.doubts.append("nothing narrower is written of what the records may tell that could not be read")
        }
    }

    /// A time, or an age.
    private static func time(_ text: String) throws -> Timestamp {
        do { return try RecordQuery(terms: ["since=\(text)"], now: .now()).since ?? .now() } catch {
            throw CommandError(.usage, error.message)
        }
    }

    private func write(_ unused: UnusedAccess) throws {
        guard let directory else { return }
        for (path, text) in unused.narrowings.flatMap(\.files) {
            let path = directory + "/" + path
            try OutputFile.writeWithFolders(Array(text.utf8), to: path)
        }
    }
}
