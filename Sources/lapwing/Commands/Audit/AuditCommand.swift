import ArgumentParser
import AuditLog
import Foundation
import ZeroTrust

/// `lapwing audit`: read, prove and verify what was recorded.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Read the record, prove an entry of it, and verify it whole.",
        subcommands: [
            Tail.self, Show.self, Query.self, Verify.self, Proof.self, Export.self,
            Body.self, Shred.self, Prune.self, WitnessServer.self,
        ]
    )

    /// `lapwing audit tail`.
    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "tail", abstract: "Print the newest records.")

        @OptionGroup var options: SettingsOptions

        @Option(name: [.customShort("n"), .customLong("lines")], help: "How many.")
        var count = 20

        @Flag(name: .shortAndLong, help: "Go on printing records as they come.")
        var follow = false

        @Option(name: .shortAndLong, help: "Output: table or json (one record a line).")
        var output = OutputFormat.table

        func validate() throws {
            guard (0...100_000).contains(count) else {
                throw ValidationError("--lines takes a number from 0 to 100000")
            }
        }

        func run() async throws {
            let records = try AuditRecords(directory: try Settings(options).auditDirectory)
            var entries = try records.reading { try records.reader.tail(count) }
            var next = try records.reading { try records.reader.size() }
            for entry in entries { print(entry) }
            while follow {
                try await Task.sleep(for: .milliseconds(250))
                let size = try records.reading { try records.reader.size() }
                guard size > next else { continue }
                entries = try records.reading { try records.reader.entries(in: next..<size) }
                for entry in entries { print(entry) }
                next = size
            }
        }

        private func print(_ entry: LogReader.Entry) {
            switch output {
            case .json: StandardOutput.write(String(decoding: entry.bytes, as: UTF8.self))
            case .table: StandardOutput.write(RecordLine.text(of: entry))
            }
        }
    }

    /// `lapwing audit show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Print every record of an id: a request's decision and how it ended."
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The id: `x-request-id` of a response.")
        var id: String

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func run() throws {
            let records = try AuditRecords(directory: try Settings(options).auditDirectory)
            for entry in try records.entries(of: try requestID(id)) {
                if output == .table {
                    let covered = entry.isCovered ? "in the signed tree" : "durable, not in the signed tree yet"
                    StandardOutput.write("# entry \(entry.index), \(covered)")
                }
                let object = try JSONSerialization.jsonObject(with: Data(entry.bytes))
                let text = try JSONSerialization.data(
                    withJSONObject: object,
                    options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                )
                StandardOutput.write(
                    output == .json
                        ? String(decoding: entry.bytes, as: UTF8.self) : String(decoding: text, as: UTF8.self)
                )
            }
        }
    }

    /// `lapwing audit verify`.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Hash the whole log again and hold it against its signed checkpoint; or verify a proof file.",
            discussion: """
                Exits with 4 where a byte does not fit. A proof file needs nothing but the key to be verified.

                With --since, what came after is hashed, and the whole log is proved to continue what it was then: the \
                checkpoint that you kept, the first so many entries, or those before a time.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Option(
            help: "The log's verifier key, or a file that holds it; by default the one in the state directory.",
            completion: .file()
        )
        var key: String?

        @Option(
            help: ArgumentHelp(
                "A policy file: which logs are trusted, and which witnesses have to have cosigned (C2SP tlog-policy).",
                valueName: "file"
            )
        )
        var policy: String?

        @Option(help: "A `.tlog-proof` file to verify instead of the log.", completion: .file())
        var proof: String?

        @Option(
            help: ArgumentHelp(
                "Verify what came since then: a file with a checkpoint of this log, a number of entries, or a time.",
                valueName: "size|time|file"
            ),
            completion: .file()
        )
        var since: String?

        @Option(name: .shortAndLong, help: "Output: table or json.")
        var output = OutputFormat.table

        func validate() throws {
            guard proof == nil || since == nil else {
                throw ValidationError("--since goes with the log, and --proof with a proof of it")
            }
        }

        func run() throws {
            let settings = try Settings(options)
            let policy = try readPolicy()
            // A policy that names logs needs no other key.
            let keys =
                try key == nil && policy?.logs.isEmpty == false
                ? [] : [VerifierKey.find(key, settings: settings)]
            if let proof { return try verify(proofFile: proof, policy: policy, keys: keys) }
            let trusted = keys + (policy?.logs.map(\.key) ?? [])
            let records = try AuditRecords(directory: settings.auditDirectory)
            let bar = ProgressBar(label: "verifying", unit: "entries")
            let report = try records.reading {
                let verifier = LogVerifier(directory: settings.auditDirectory, keys: trusted)
                return try since.map { try past($0, verifier, records.reader) }
                    .map { try verifier.verify(since: $0) { bar.show($0, of: $1) } }
                    ?? verifier.verify { bar.show($0, of: $1) }
            }
            bar.finish()
            let witnessed = try report.fault == nil ? policy.map { try self.witnessed(records, $0, trusted) } : nil
            struct Result: Encodable {
                let verified: UInt64, pruned: UInt64, size: UInt64?, root: String?, fault: String?, witnessed: UInt64?
                let since: UInt64?, sinceRoot: String?
            }
            let result = Result(
                verified: report.verified,
                pruned: report.pruned,
                size: report.checkpoint?.size,
                root: report.checkpoint?.root.description,
                fault: report.fault?.description,
                witnessed: witnessed?.size,
                since: report.past?.size,
                sinceRoot: report.past?.root.description
            )
            if output == .json {
                try StandardOutput.write(json: result)
            } else if report.fault == nil {
                StandardOutput.write("verified: \(report.verified) entries, root \(result.root ?? "")")
                if let past = report.past {
                    StandardOutput.write("consistent: the first \(past.size) entries had the root \(past.root)")
                }
                if let witnessed {
                    StandardOutput.write(
                        "witnessed: \(witnessed.size) entries, by \(witnessed.names.joined(separator: ", "))"
                    )
                }
            }
            if let fault = report.fault { throw CommandError(.unverified, "the log does not verify: \(fault)") }
            if report.pruned > 0 { try requireAct(of: report.pruned, records) }
        }

        /// What the log was then, from the command line.
        private func past(_ text: String, _ verifier: LogVerifier, _ reader: LogReader) throws -> LogVerifier.Past {
            if let size = UInt64(text) { return .size(size) }
            if let time = QueryTime.read(text, now: .now()) { return .sizeFound(try reader.size(before: time)) }
            guard let data = FileManager.default.contents(atPath: text) else {
                throw CommandError(
                    .usage,
                    "`\(text)` is no file; expected a checkpoint of this log, how many entries it had, or a time such as "
                        + "`2026-11-26` or `2h`"
                )
            }
            do { return .checkpoint(try verifier.checkpoint(Array(data), file: text)) } catch let fault
                as LogVerifier.Fault
            {
                throw CommandError(.unverified, "the checkpoint from before does not verify: \(fault)")
            }
        }

        /// What is missing from a log's beginning has to have been pruned by an act that the log itself has.
        private func requireAct(of pruned: UInt64, _ records: AuditRecords) throws {
            var found: ActRecord?
            _ = try records.reading {
                try records.reader.scan(from: pruned) { _, entry, _ in
                    guard case .act(let act)? = PruneAct.read(entry), act.after == "\(pruned)" else { return true }
                    found = act
                    return false
                }
            }
            guard let found else {
                throw CommandError(
                    .unverified,
                    "the entries before \(pruned) are missing, and no act in the log says that they were pruned"
                )
            }
            StandardError.write(
                "the entries before \(pruned) were pruned by \(found.actor) at \(found.time): \(found.id)"
            )
        }

        private func readPolicy() throws -> LogPolicy? {
            guard let policy else { return nil }
            let bytes = try InputFile.bytes(policy, atMost: 1 << 20, of: "policy of witnesses")
            do { return try LogPolicy(bytes, file: policy) } catch { throw CommandError(.usage, "\(error)") }
        }

        /// The checkpoint that the policy's quorum cosigned, which has to be one of this log.
        private func witnessed(
            _ records: AuditRecords,
            _ policy: LogPolicy,
            _ keys: [NoteVerifier]
        ) throws -> (size: UInt64, names: [String]) {
            let verdict = try records.reading {
                try LogVerifier(directory: records.reader.directory, keys: keys).verify(witnessedBy: policy)
            }
            switch verdict {
            case .accepted(let checkpoint, let names): return (checkpoint.size, names)
            case .refused(let reason):
                throw CommandError(.unverified, "the log's entries verify, and its witnesses do not: \(reason)")
            }
        }

        private func verify(proofFile: String, policy: LogPolicy?, keys: [NoteVerifier]) throws {
            let bytes = try InputFile.bytes(proofFile, atMost: 1 << 20, of: "proof")
            let proof: LogProof
            do { proof = try LogProof(bytes) } catch {
                throw CommandError(.unverified, "`\(proofFile)` is no proof: \(error)")
            }
            switch policy.map({ proof.verify(policy: $0, keys: keys) }) ?? proof.verify(keys: keys) {
            case .verified:
                StandardOutput.write("verified: entry \(proof.index)")
                if let entry = proof.extra { StandardOutput.write(String(decoding: entry, as: UTF8.self)) }
            case .refused(let reason): throw CommandError(.unverified, "the proof does not verify: \(reason)")
            }
        }
    }

    /// `lapwing audit proof`.
    struct Proof: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "proof",
            abstract: "Write a proof, for somebody else to verify, that a record is in the signed log."
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The id of the record, or the index of the entry.")
        var id: String

        @Option(help: "Where to write; `-` is standard output. By default `ID.tlog-proof`.", completion: .file())
        var to: String?

        func run() throws {
            let records = try AuditRecords(directory: try Settings(options).auditDirectory)
            let index: UInt64
            if let number = UInt64(id) {
                index = number
            } else {
                guard let first = try records.entries(of: try requestID(id)).first else { return }
                index = first.index
            }
            let proof = try records.reading { try records.reader.proof(of: index) }
            let path = to ?? "\(id).tlog-proof"
            if path == "-" {
                FileHandle.standardOutput.write(Data(proof.bytes))
            } else {
                try OutputFile.write(Array(proof.bytes), to: path)
                StandardError.write(
                    "wrote `\(path)`; anyone can check it: lapwing audit verify --proof \(path) --key KEY"
                )
            }
        }
    }
}

/// Acts by which a log was pruned.
private enum PruneAct {
    private static let mark = Array(#""action":"audit.prune""#.utf8)

    /// The record of an entry that may be such an act; nil for any other, at little cost.
    static func read(_ entry: ArraySlice<UInt8>) -> AuditRecord? {
        guard entry.starts(with: [UInt8(ascii: "{")] + mark) else { return nil }
        return try? AuditRecord(entry: Array(entry))
    }
}

/// Reads an id from the command line.
func requestID(_ text: String) throws -> RequestID {
    guard let id = RequestID(text) else {
        throw CommandError(
            .usage,
            "`\(text)` is no request id; expected one such as 0197f2d8-5c1e-7abc-8def-0123456789ab"
        )
    }
    return id
}

/// The key that a log's checkpoints verify with.
enum VerifierKey {
    /// The key itself, a file that holds it, or the state directory's.
    ///
    /// - Throws: ``CommandError`` where there is none, or it is malformed.
    static func find(_ text: String?, settings: Settings) throws -> NoteVerifier {
        let source = text ?? settings.verifierKeyFile
        guard text != nil || FileManager.default.fileExists(atPath: source) else {
            throw CommandError(
                .unreachable,
                "there is no verifier key at `\(source)`; give the key or its file with --key"
            )
        }
        return try read(source)
    }

    /// A key, or the one in a file.
    ///
    /// - Throws: ``CommandError`` where it is malformed, or no file.
    static func read(_ source: String) throws -> NoteVerifier {
        var isFolder: ObjCBool = false
        let isFile =
            unsafe FileManager.default.fileExists(atPath: source, isDirectory: &isFolder) && !isFolder.boolValue
        let content =
            try isFile ? String(decoding: InputFile.bytes(source, atMost: 4096, of: "key"), as: UTF8.self) : nil
        do {
            return try NoteVerifier((content ?? source).trimmingCharacters(in: .whitespacesAndNewlines))
        } catch {
            // A key has its parts between `+`, which few names of files have.
            guard content != nil || source.contains("+") else {
                throw CommandError(.usage, "there is no file `\(source)`, and it is no verifier key: \(error)")
            }
            throw CommandError(.usage, "the verifier key from `\(source)` is malformed: \(error)")
        }
    }
}

/// A record on one line, for people.
enum RecordLine {
    /// How many tokens an answer took: those of the request, and its own.
    static func tokens(_ usage: TokenUsage) -> String {
        "\(usage.input.map(String.init) ?? "?")+\(usage.output ?? 0) tokens"
    }

    static func text(of entry: LogReader.Entry) -> String {
        guard let record = try? entry.record() else {
            return "\(entry.index)  (an entry of another kind, \(entry.bytes.count) bytes)"
        }
        let start = "\(entry.index)  \(record.time)  "
        switch record {
        case .decision(let decision):
            let outcome = decision.outcome == .allow ? Style.green("allow") : Style.red("deny ")
            let caller = decision.caller?.spiffeID.description ?? "anonymous (\(decision.source.address))"
            let rule = decision.policy.map { " by \($0.namespace)/\($0.name) rule \($0.rule)" } ?? ""
            return start + "\(outcome)  \(caller)  \(decision.request.method) \(decision.request.path)  "
                + "\(decision.reason)\(rule)  \(decision.id)"
        case .completion(let completion):
            let status = completion.status.map(String.init) ?? "-"
            let tokens = completion.usage.map { "\(Self.tokens($0)), " } ?? ""
            return start
                + "end    \(status) \(completion.ending.rawValue), \(completion.bytesSent) bytes sent, \(tokens)"
                + "\(completion.timings.total / 1000) µs  \(completion.id)"
        case .refusals(let refusal):
            return start + Style.red("deny ") + "  \(refusal.source.map(String.init(describing:)) ?? "many sources")  "
                + "before an identity was known: \(refusal.reason) × \(refusal.count)"
        case .act(let act):
            let outcome = act.outcome == .allow ? Style.green("act  ") : Style.red("\(act.outcome.rawValue) ")
            let change = act.before == nil && act.after == nil ? "" : " \(act.before ?? "-") → \(act.after ?? "-")"
            return start + "\(outcome)  \(act.actor)  \(act.action) \(act.subject)\(change)"
                + "\(act.reason.map { " (\($0))" } ?? "")  \(act.id)"
        case .bodies(let bodies):
            return start + "bodies  of \(bodies.tenant), sealed: "
                + "\(bodies.request?.kept ?? 0) and \(bodies.response?.kept ?? 0) bytes  \(bodies.id)"
        case .sampling(let sampling):
            return start
                + "bodies  of \(sampling.tenant), not kept: \(sampling.count) requests (\(sampling.reason)) from "
                + "\(sampling.first) to \(sampling.last)"
        }
    }
}
