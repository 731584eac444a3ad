import Foundation
import Monitoring
import Resources
import Testing
import ZeroTrust

@testable import AuditLog
@testable import lapwing

/// What the monitor takes from logs: the node's own, also where some of it is gone, and those of others.
@Suite(.timeLimit(.minutes(5))) struct MonitorReadingTests {
    private static func completion(
        _ number: Int,
        _ ending: CompletionRecord.Ending,
        _ guardrail: DecisionRecord.Guardrail?
    ) -> CompletionRecord {
        var record = CompletionRecord(
            id: RequestID(milliseconds: UInt64(1_000 + number), random: 2),
            time: Timestamp(nanoseconds: DecisionRecord.time(number) + 1),
            node: "node",
            status: 200,
            bytesReceived: 1,
            bytesSent: 1,
            upstream: nil,
            timings: .init(total: 1),
            ending: ending
        )
        record.guardrail = guardrail
        return record
    }

    @Test func `what was pruned before it was read is a finding, and what is left is read`() throws {
        let directory = try TemporaryDirectory()
        let log = directory.path + "/audit"
        let authority = try CheckpointAuthority(directory: directory.path + "/authority", origin: "test")
        let writer = try LogWriter(directory: log, origin: "test", signer: authority)
        for number in 0..<700 { writer.append(try DecisionRecord.made(number).encoded()) { _ in } }
        writer.close()
        var monitor = Monitor()
        try MonitorReading.catchUp(&monitor, with: log)
        #expect(monitor.observed == 700 && monitor.findings.findings.allSatisfy { $0.type != .integrity })
        try LogPruner(directory: log).prune(before: 512)
        // Nothing that this one needs is gone.
        try MonitorReading.catchUp(&monitor, with: log)
        #expect(monitor.findings.findings.allSatisfy { $0.type != .integrity })

        var again = Monitor()
        let reader = LogReader(directory: log)
        try MonitorReading.catchUp(&again, with: log)
        #expect(again.observed == 700 - 512 && again.next[.lapwing] == 700)
        let finding = try #require(again.findings.findings.first { $0.type == .integrity })
        #expect(finding.cause.contains("before its record 512"))
        let oldest = try DecisionRecord.made(512).time.nanoseconds
        #expect(finding.opened.nanoseconds / 1_000_000 == oldest / 1_000_000)
        #expect(try again.passOverPruned(of: reader) == nil)
    }

    @Test func `a state that is not taken up says why`() throws {
        let directory = try TemporaryDirectory()
        let store = MonitorStore(directory: directory.path)
        #expect(try store.monitor(MonitorSettings(), declared: nil) == nil)
        try store.save(Monitor(), DeliveryQueue(), [:])
        #expect(try store.monitor(MonitorSettings(), declared: nil) != nil)
        var other = MonitorSettings()
        other.learning = 1
        let error = #expect(throws: MonitoringError.self) { try store.monitor(other, declared: nil) }
        #expect(error?.message.contains("other settings") == true)
    }

    /// The findings of guardrails' refusals in a log of one caller's requests.
    private static func refusals(
        _ outcome: DecisionRecord.Outcome,
        _ ending: CompletionRecord.Ending,
        asked: String?,
        answered: String?
    ) throws -> [Finding] {
        var settings = MonitorSettings()
        settings.disabled = Set(FindingType.allCases).subtracting([.adversarialInput])
        var monitor = Monitor(settings: settings)
        for number in 0..<200 {
            let asked = DecisionRecord.Guardrail(name: "g", rule: asked.map { "\($0)-\(number)" })
            let answered = answered.map { DecisionRecord.Guardrail(name: "g", rule: "\($0)-\(number)") }
            let begun = try DecisionRecord.made(number, outcome: outcome, guardrail: asked).encoded()
            monitor.take(LogReader.Entry(index: UInt64(2 * number), bytes: begun, isCovered: true))
            let ended = completion(number, ending, answered).encoded()
            monitor.take(LogReader.Entry(index: UInt64(2 * number + 1), bytes: ended, isCovered: true))
        }
        return monitor.findings.findings
    }

    @Test func `what was made a moment ago is seen as it is read back`() throws {
        var read = Monitor()
        var told = Monitor()
        for number in 0..<300 {
            let isRefused = number.isMultiple(of: 7)
            var begun = try DecisionRecord.made(number, outcome: isRefused ? .deny : .allow, guardrail: nil)
            begun.request.path =
                number.isMultiple(of: 3) ? "/v2/models/m\(number % 5)/infer?q=1" : "//v1/predict?\(number)"
            begun.reason = isRefused ? "no_rule_matched" : "allowed_by_rule"
            if number.isMultiple(of: 11) { begun.caller = nil }
            if number.isMultiple(of: 13) { begun.route = nil }
            let ended = Self.completion(number, isRefused ? .refused : .complete, nil)
            for (place, entry) in [begun.entry(), ended.entry()].enumerated() {
                let index = UInt64(2 * number + place)
                read.take(LogReader.Entry(index: index, bytes: entry.bytes, isCovered: true))
                #expect(entry.gist != nil)
                // Nothing of the bytes is looked at.
                told.take(LogReader.Entry(index: index, bytes: [], isCovered: false, gist: entry.gist))
            }
        }
        #expect(read.findings.findings == told.findings.findings && !read.findings.findings.isEmpty)
        #expect(read.encoded() == told.encoded() && told.observed == 600)
    }

    @Test func `what guardrails found and let through is no refusal`() throws {
        #expect(try Self.refusals(.allow, .complete, asked: "shadow", answered: "pii/EMAIL").isEmpty)
        #expect(try !Self.refusals(.deny, .refused, asked: "injection", answered: nil).isEmpty)
        let answers = try Self.refusals(.allow, .answerRefused, asked: nil, answered: "answer_injection")
        // Each request is one, whether its beginning or its end is told of.
        #expect(try #require(answers.first).measure.observed == 1)
    }

    @Test func `what records know of prompts tells the copying of a model from its use`() throws {
        var settings = MonitorSettings()
        settings.disabled = Set(FindingType.allCases).subtracting([.modelExtraction])
        var monitor = Monitor(settings: settings)
        for number in 0..<500 {
            let isThief = number.isMultiple(of: 2)
            var record = try DecisionRecord.made(
                number,
                caller: "spiffe://cluster.local/ns/ml-api/sa/\(isThief ? "thief" : "frontend")"
            )
            record.model = "scorer"
            record.prompt = .init(
                fingerprint: StableHash.mix(UInt64(number)),
                template: StableHash.mix(UInt64(number + 1_000)),
                temperature: isThief ? 0 : 700,
                wantsLogProbabilities: isThief,
                tokens: 20
            )
            monitor.take(LogReader.Entry(index: UInt64(number), bytes: record.encoded(), isCovered: true))
        }
        let finding = try #require(monitor.findings.findings.first)
        #expect(monitor.findings.findings.count == 1)
        #expect(finding.subject.hasSuffix("/sa/thief") && finding.object == "scorer")
    }

    @Test func `a rule about the end of a request is about whoever made it`() throws {
        let rule = """
            title: An upstream that died
            id: 5f0c7a86-52d0-4a8f-8f6e-1d2f3a4b5c6d
            logsource: { product: lapwing }
            detection:
                selection: { kind: completion, ended: upstream_died, caller.spiffe_id|endswith: /api-gateway }
                condition: selection
            """
        var settings = MonitorSettings()
        settings.rules = try SigmaRules(yaml: [(file: "r.yml", text: rule)])
        settings.disabled = Set(FindingType.allCases).subtracting([.sigmaRule])
        var monitor = Monitor(settings: settings)
        let begun = try DecisionRecord.made(0)
        monitor.take(LogReader.Entry(index: 0, bytes: begun.encoded(), isCovered: true))
        let ended = Self.completion(0, .upstreamDied, nil)
        monitor.take(LogReader.Entry(index: 1, bytes: ended.encoded(), isCovered: true))
        let finding = try #require(monitor.findings.findings.first)
        #expect(finding.id == "M9-1" && finding.subject == begun.caller?.spiffeID.description)
    }

    @Test func `a log of others that cannot be read is an error`() throws {
        let directory = try TemporaryDirectory()
        var monitor = Monitor()
        for file in [directory.path, directory.path + "/none"] {
            #expect(throws: CommandError.self) { try MonitorReading.read(file, of: .flow, into: &monitor) }
        }
    }

    @Test func `the URL of an incoming webhook is told to nobody`() async throws {
        let directory = try TemporaryDirectory()
        let secret = "hooks.example/services/T000/the-secret"
        let file = try directory.write(secret, to: "slack.url")
        let text = """
            apiVersion: lapwing.dev/v1alpha1
            kind: AlertRoute
            metadata: { name: chat }
            spec: { slack: { urlFile: \(file) } }
            """
        let route = try #require(try AlertRoute.load(ResourceLoader.parse(yaml: text, file: "r.yaml")).first)
        var queue = DeliveryQueue()
        let now = Timestamp(nanoseconds: DecisionRecord.time(0))
        _ = queue.add(route: "chat", finding: "M1-1", severity: .high, body: "{}", at: now)
        let item = try #require(queue.begin(at: now).first)
        let sender = AlertSender()
        let result = await sender.send(item, by: route, at: now)
        await sender.shutdown()
        guard case .refused(let problem) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(problem.contains(file) && !problem.contains("hooks.example"))
    }
}
