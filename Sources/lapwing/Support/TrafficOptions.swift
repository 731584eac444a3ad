import ArgumentParser
import AuditLog
import Authorization
import Foundation
import ZeroTrust

/// The flags that say where recorded traffic comes from, and its reading.
struct TrafficOptions: ParsableArguments {
    @Option(
        name: .customLong("requests"),
        help: """
            A file of JSON lines in the form of decision records (`lapwing audit tail -o json`), instead of this node's \
            log; `-` reads standard input; may be repeated.
            """,
        completion: .file()
    )
    var files: [String] = []

    @Option(help: "The directory of another audit log.", completion: .directory)
    var log: String?

    @Option(help: "Only the newest records of the log, so many.")
    var last: UInt64?

    /// How many bytes of a file are read at once.
    private static let chunk = 4 << 20
    /// How many entries of the log are read at once.
    private static let batch: UInt64 = 65_536

    /// Reads and counts the traffic.
    ///
    /// - Throws: ``CommandError`` where it cannot be read.
    func tally(
        _ settings: Settings,
        ignoring ignored: TrafficTally.Ignored,
        defaultPort: UInt16
    ) throws -> TrafficTally {
        var tally = TrafficTally(ignoring: ignored, defaultPort: defaultPort)
        if files.isEmpty {
            try readLog(log ?? settings.auditDirectory, into: &tally)
        } else {
            for file in files { try read(file, into: &tally) }
        }
        if tally.malformed > 0 {
            StandardError.write("left out, not to be read: \(counted(tally.malformed, "record"))")
        }
        return tally
    }

    private func readLog(_ directory: String, into tally: inout TrafficTally) throws {
        let records = try AuditRecords(directory: directory)
        let size = try records.reading { try records.reader.size() }
        var next = last.map { size - min($0, size) } ?? 0
        let first = next
        let bar = ProgressBar(label: "reading", unit: "entries")
        while next < size {
            let end = min(next + Self.batch, size)
            let entries = try records.reading { try records.reader.entries(in: next..<end) }
            for entry in entries { tally.add(entry.bytes) }
            next = end
            bar.show(next - first, of: size - first)
        }
        bar.finish()
    }

    private func read(_ file: String, into tally: inout TrafficTally) throws {
        guard let handle = file == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: file) else {
            throw CommandError.unreadable(file)
        }
        var rest: [UInt8] = []
        while true {
            let data: Data?
            do { data = try handle.read(upToCount: Self.chunk) } catch {
                throw CommandError(.usage, "`\(file)` cannot be read: \(SystemReason.of(error))")
            }
            guard let data, !data.isEmpty else { break }
            rest.append(contentsOf: data)
            // Whole lines now, the end of the last one with what follows.
            guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else {
                guard rest.count <= Self.chunk * 2 else {
                    throw CommandError(
                        .usage,
                        "`\(file)` has a line of more than \(Self.chunk) bytes; it is no JSON lines"
                    )
                }
                continue
            }
            tally.add(lines: Array(rest[...end]))
            rest.removeFirst(end + 1)
        }
        tally.add(lines: rest)
    }
}

extension TrafficTally {
    /// The requests that policies decided on, for a gateway's ports where it has any; made one by one as they are asked for.
    func observed(
        ports: Set<UInt16>,
        where isWanted: @escaping (RecordedRequest) -> Bool = { _ in true }
    ) -> some Sequence<ObservedRequest> {
        requests.lazy.compactMap { request, count in
            guard request.wasDecidedByPolicy, isWanted(request),
                ports.isEmpty || ports.contains(request.destination.port)
            else {
                return nil
            }
            return ObservedRequest(
                Attributes(request),
                answer: request.provider.flatMap { ObservedRequest.ProviderAnswer($0) },
                count: count,
                id: request.id?.description
            )
        }
    }
}
