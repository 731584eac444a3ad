import AuditLog
import Foundation
import Testing
import ZeroTrust

@Suite struct `OCSF events` {
    private let exporter = OCSFExporter(origin: "log.example/node-1", productVersion: "0.1.0")

    @Test func `every event is valid by the schema of its class, 1.8.0`() throws {
        var samples = ExportSamples(seed: 21)
        let records = try samples.records(1_000 * scale)
        let directory = try TemporaryDirectory()
        var bytes: [UInt8] = []
        for record in records { bytes += ExportFormat.ocsf.line(record, with: exporter) }
        try directory.write(bytes, to: "events.jsonl")
        guard
            let answer = try PeerPython.run(
                "ocsf_validate.py",
                [directory.path + "/events.jsonl"],
                needing: "ocsf_json_schema"
            )
        else { return }
        #expect(answer.status == 0, "\(answer.output)")
        let counts = answer.output.split(separator: "\n").compactMap { line in
            line.hasSuffix(" valid") ? line.split(separator: " ").dropLast().last.flatMap { Int($0) } : nil
        }
        #expect(counts.count == 3 && counts.reduce(0, +) == records.count)
        print("suite: \(counts.reduce(0, +)) passed, \(records.count - counts.reduce(0, +)) failed (OCSF 1.8.0)")
    }

    @Test func `an event says who asked for what, and how it was decided`() throws {
        var decision = try Sample.decision(path: "/v1/chat/completions?beta=1")
        decision.model = "fraud-scorer"
        let entry = decision.encoded()
        let record = ExportedRecord(index: 7, entry: entry, record: .decision(decision))
        let bytes = try #require(exporter.event(record))
        let event = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        func text(_ path: String...) -> String? {
            var value: Any? = event
            for name in path { value = (value as? [String: Any])?[name] }
            return value.map { "\($0)" }
        }
        #expect(text("class_uid") == "6003" && text("type_uid") == "600301" && text("status_id") == "1")
        #expect(text("actor", "user", "uid") == "spiffe://cluster.local/ns/ml-api/sa/api-gateway")
        #expect(text("metadata", "uid") == decision.id.description && text("metadata", "sequence") == "7")
        #expect(text("http_request", "url", "path") == "/v1/chat/completions")
        #expect(text("http_request", "url", "query_string") == "beta=1")
        #expect(text("trace", "uid") == "0af7651916cd43dd8448eb211c80319c")
        #expect(text("policy", "uid") == "ml-inference/callers:0" && text("ai_model", "name") == "fraud-scorer")
        #expect(text("action_id") == "1")
    }

    @Test func `the end of a request says which model answered and with how many tokens`() throws {
        var completion = Sample.completion()
        completion.usage = TokenUsage(input: 42, output: 7)
        completion.model = .init(digest: "sha256:55", signer: "release@example.com")
        let record = ExportedRecord(index: 8, entry: completion.encoded(), record: .completion(completion))
        let bytes = try #require(exporter.event(record))
        let event = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        let unmapped = try #require(event["unmapped"] as? [String: Any])
        #expect(unmapped["gen_ai.usage.input_tokens"] as? Int == 42)
        #expect(unmapped["gen_ai.usage.output_tokens"] as? Int == 7)
        #expect(unmapped["lapwing.response.model.digest"] as? String == "sha256:55")
        #expect(unmapped["lapwing.response.model.signer"] as? String == "release@example.com")
        #expect(unmapped.count == 4)
    }
}
