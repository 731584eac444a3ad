import AuditLog
import Foundation
import Testing
import ZeroTrust

/// Records of every kind with every part there or not, by a seed.
struct ExportSamples {
    private var generator: SeededGenerator
    private var number: UInt64 = 0

    init(seed: UInt64) {
        generator = SeededGenerator(state: seed)
    }

    private mutating func chance(_ share: Int = 2) -> Bool { Int.random(in: 0..<share, using: &generator) == 0 }

    /// A text that may hold anything.
    private mutating func text() -> String {
        let alphabet = Array("abcXYZ019/-._ \"\\\n\t\u{7f}äλ😀{}[]")
        return String(
            (0...Int.random(in: 0...20, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? "a"
            }
        )
    }

    /// The next decision and the end of its request.
    mutating func request() throws -> (DecisionRecord, CompletionRecord) {
        number += 1
        let id = Sample.id(number << 20, milliseconds: 1_795_300_801_000 + number)
        var decision = try Sample.decision(id: id, path: "/" + text() + (chance() ? "?" + text() : ""))
        decision.request.method =
            ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TCP", "MKCOL"].randomElement(using: &generator)
            ?? "GET"
        if chance(5) {
            decision.caller = nil
            decision.tls = nil
        }
        decision.outcome = chance(3) ? .deny : .allow
        if chance() { decision.policy = nil }
        if chance() { decision.model = text() }
        if chance() { decision.route = nil }
        if chance() { decision.traceparent = nil }
        if chance(3) { decision.guardrail = .init(name: text(), rule: chance() ? text() : nil) }
        decision.request.authority = ["a.example", "[::1]:80", "", "a:8443"].randomElement(using: &generator) ?? ""
        decision.reason = text()
        var completion = Sample.completion(id: id)
        completion.ending = CompletionRecord.Ending.allCases.randomElement(using: &generator) ?? .complete
        completion.status = chance(4) ? nil : [200, 204, 403, 502].randomElement(using: &generator)
        if chance() { completion.timings.upstreamHead = nil }
        if chance(4) { completion.model = .init(digest: text(), signer: text(), refusal: chance() ? text() : nil) }
        if chance(4) { completion.guardrail = .init(name: text(), rule: text()) }
        if number.isMultiple(of: 3) {
            completion.usage = TokenUsage(input: number.isMultiple(of: 2) ? 7 : nil, output: 5, cached: 3)
        }
        return (decision, completion)
    }

    /// Records as a reader of a log would hand them over.
    mutating func records(_ count: Int) throws -> [ExportedRecord] {
        var records: [ExportedRecord] = []
        func add(_ record: AuditRecord, _ decision: DecisionRecord? = nil) throws {
            let entry = record.encoded()
            #expect(entry.count <= RecordEncoding.maximumLength)
            records.append(
                ExportedRecord(
                    index: UInt64(records.count),
                    entry: entry,
                    record: try AuditRecord(entry: entry),
                    decision: decision
                )
            )
        }
        while records.count < count {
            switch Int.random(in: 0..<6, using: &generator) {
            case 0:
                var act = Sample.act()
                act.actor = text()
                act.action = chance() ? "entry.create" : text()
                act.subject = chance() ? "" : text()
                act.outcome = [.allow, .deny, .failed].randomElement(using: &generator) ?? .allow
                if chance() { act.reason = nil }
                try add(.act(act))
            case 1:
                var refusals = Sample.refusals()
                if chance() { refusals.source = nil }
                try add(.refusals(refusals))
            default:
                let (decision, completion) = try request()
                try add(.decision(decision))
                try add(.completion(completion), chance(5) ? nil : decision)
            }
        }
        return records
    }
}

/// The Python that has the test peers' packages.
enum PeerPython {
    /// Runs a script from `Peers/`; nil, with a line that says so, where Python lacks a module.
    static func run(_ script: String, _ arguments: [String], needing module: String) throws -> (
        status: Int32, output: String
    )? {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder =
            ProcessInfo.processInfo.environment["LAPWING_PEERS"]
            ?? tests.deletingLastPathComponent().deletingLastPathComponent().appending(path: ".venv").path
        let python = URL(filePath: folder + "/bin/python")
        guard FileManager.default.isExecutableFile(atPath: python.path),
            try GoVerifier.run(python, ["-c", "import \(module)"]).status == 0
        else {
            print("skipped: the test peers lack \(module) (scripts/setup-test-peers)")
            #expect(GoVerifier.isMissingAllowed, "the test peers have to be installed in CI")
            return nil
        }
        return try GoVerifier.run(python, [tests.appending(path: "Peers/\(script)").path] + arguments)
    }
}
