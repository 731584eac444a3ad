import ArgumentParser
import AuditLog
import Foundation
import ZeroTrust

extension AuditCommand {
    /// `lapwing audit export`.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Write the records for another system: JSON lines, OCSF events, or OpenTelemetry.",
            discussion: """
                  lapwing audit export --format ocsf --since 7d > events.jsonl
                  lapwing audit export --format otlp --to http://127.0.0.1:4318 --cursor collector.cursor --follow

                With --cursor the next export goes on where this one ended; it takes what a checkpoint covers. An `AuditPolicy` has `lapwing serve` do the \
                same all the time, to any number of sinks.
                """
        )

        /// How records are written.
        enum Format: String, ExpressibleByArgument, CaseIterable {
            case jsonl
            case ocsf
            case otlp
        }

        @OptionGroup var options: SettingsOptions

        @Option(help: "jsonl (as recorded), ocsf (OCSF 1.8.0 events) or otlp (OpenTelemetry logs and traces).")
        var format = Format.jsonl

        @Option(help: "The file to write, `-` for standard output; for otlp the receiver's URL.")
        var to = "-"

        @Option(help: "Only what is not older: a time, a day, or how long ago (2h).")
        var since: String?

        @Option(help: "Only what is older.")
        var until: String?

        @Option(help: ArgumentHelp("The first entry.", valueName: "entry"))
        var from: UInt64 = 0

        @Option(help: ArgumentHelp("Where it is kept how far this export is.", valueName: "file"), completion: .file())
        var cursor: String?

        @Flag(name: .shortAndLong, help: "Go on as records come.")
        var follow = false

        func validate() throws {
            if format == .otlp, let problem = AuditSink.problem(with: to) {
                throw ValidationError("--format otlp needs the receiver's URL in --to: \(problem)")
            }
            if cursor != nil, since != nil || until != nil {
                throw ValidationError("--cursor says where to begin; leave out --since and --until")
            }
            if cursor != nil, to == "-" {
                throw ValidationError(
                    "what standard output made of the records cannot be known; with --cursor name a file in --to"
                )
            }
        }

        func run() async throws {
            let settings = try Settings(options)
            let records = try AuditRecords(directory: settings.auditDirectory)
            let query: RecordQuery
            do {
                query = try RecordQuery(
                    terms: [since.map { "since=\($0)" }, until.map { "until=\($0)" }].compactMap { $0 },
                    now: .now()
                )
            } catch { throw CommandError(.usage, error.message) }
            let checkpoint = try records.reading { try records.reader.checkpoint() }
            let origin = checkpoint?.origin ?? settings.logOrigin
            let sink: any RecordSink
            var otlp: OTLPSink?
            let exporter = OCSFExporter(origin: origin, productVersion: Version.current)
            switch format {
            case .jsonl, .ocsf:
                let format = ExportFormat(rawValue: format.rawValue) ?? .jsonl
                sink =
                    to == "-"
                    ? StandardOutputSink(format: format, exporter: exporter)
                    : FileSink(path: to, format: format, exporter: exporter) as any RecordSink
            case .otlp:
                let made = try OTLPSink(
                    endpoint: to.hasSuffix("/") ? String(to.dropLast()) : to,
                    exporter: OTLPExporter(node: settings.node.value, origin: origin, productVersion: Version.current),
                    onPartial: { StandardError.write("the receiver did not take \($0.rejected): \($0.message)") },
                    onTraces: { StandardError.write("the receiver takes logs and no traces: \($0)") }
                )
                (sink, otlp) = (made, made)
            }
            do {
                if let cursor {
                    try await run(with: cursor, records.reader, sink)
                } else {
                    try await run(from: from, records.reader, query, sink)
                }
            } catch let error as SinkRefusal {
                await otlp?.shutdown()
                throw CommandError(.refused, "`\(to)` refuses records: \(error)")
            } catch let error as AuditLogError {
                await otlp?.shutdown()
                throw CommandError(error.code == .corrupt ? .unverified : .unreachable, "\(error)")
            } catch let error as CommandError {
                await otlp?.shutdown()
                throw error
            } catch {
                await otlp?.shutdown()
                throw CommandError(.unreachable, "`\(to)` takes no records: \(error)")
            }
            await otlp?.shutdown()
        }

        private func run(with cursor: String, _ reader: LogReader, _ sink: any RecordSink) async throws {
            let runner = try SinkRunner(log: reader, sink: sink, cursor: cursor, start: from)
            while true {
                guard try await runner.round() == .upToDate else { continue }
                let status = runner.status
                if status.refused > 0, !follow {
                    throw CommandError(
                        .refused,
                        "\(status.refused) records were refused, the last: \(status.refusal ?? "")"
                    )
                }
                guard follow else { return StandardError.write("the next export begins at entry \(status.next)") }
                try await Task.sleep(for: .milliseconds(250))
            }
        }

        private func run(
            from first: UInt64,
            _ log: LogReader,
            _ query: RecordQuery,
            _ sink: any RecordSink
        ) async throws {
            var reader = ExportReader(log)
            var next = first
            var mark = SinkMark()
            while true {
                let read = try reader.next(from: next, limit: 2_048)
                guard read.next > next else {
                    guard follow else { return }
                    try await Task.sleep(for: .milliseconds(250))
                    continue
                }
                next = read.next
                let wanted = read.records.filter { record in
                    RecordKeys(entry: record.entry[...]).map(query.matches) ?? false
                }
                if !wanted.isEmpty { mark = try await sink.take(wanted, after: mark) }
            }
        }
    }
}

/// Writes records to standard output.
struct StandardOutputSink: RecordSink {
    let format: ExportFormat
    let exporter: OCSFExporter

    func take(_ records: [ExportedRecord], after mark: SinkMark) async throws -> SinkMark {
        var bytes: [UInt8] = []
        for record in records { bytes += format.line(record, with: exporter) }
        try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        return SinkMark()
    }
}
