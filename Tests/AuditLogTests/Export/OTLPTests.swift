import AuditLog
import Foundation
import Testing
import ZeroTrust

@Suite struct `OTLP messages` {
    private let exporter = OTLPExporter(node: "node-1", origin: "log.example/node-1", productVersion: "0.1.0")
    private let now = Timestamp(nanoseconds: 1_795_300_900_000_000_000)

    /// What the published messages make of a request, an object for each record; nil where Python is missing.
    private func read(_ kind: String, _ bytes: [UInt8]) throws -> [[String: Any]]? {
        let directory = try TemporaryDirectory()
        try directory.write(bytes, to: "request")
        guard
            let answer = try PeerPython.run(
                "otlp_read.py",
                [kind, directory.path + "/request"],
                needing: "google.protobuf"
            )
        else { return nil }
        #expect(answer.status == 0, "\(answer.output)")
        return try answer.output.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    @Test func `every record is a log record whose body is the entry`() throws {
        var samples = ExportSamples(seed: 31)
        let records = try samples.records(1_000 * scale)
        guard let logs = try read("logs", exporter.logs(records, at: now)) else { return }
        #expect(logs.count == records.count)
        for (log, record) in zip(logs, records) {
            #expect(log["body"] as? String == String(decoding: record.entry, as: UTF8.self))
            #expect(log["time"] as? Int64 == record.record.time.nanoseconds)
            let attributes = log["attributes"] as? [String: Any]
            #expect(attributes?["lapwing.log.index"] as? Int == Int(record.index))
            #expect((log["resource"] as? [String: Any])?["service.instance.id"] as? String == "node-1")
        }
        print("suite: \(logs.count) passed, 0 failed (OTLP logs, opentelemetry-proto)")
    }

    @Test func `a request that has ended is a span of its trace, with what the GenAI conventions name`() throws {
        var decision = try Sample.decision(path: "/v1/chat/completions")
        decision.model = "fraud-scorer"
        var other = try Sample.decision(id: Sample.id(99))
        other.traceparent = nil
        var failed = Sample.completion(id: Sample.id(99))
        failed.ending = .upstreamDied
        failed.model = .init(refusal: "expired")
        var answered = Sample.completion()
        answered.usage = TokenUsage(input: 42, output: 7, cached: 30, reasoning: 5)
        let digest = "sha256:" + String(repeating: "5", count: 64)
        answered.model = .init(digest: digest, signer: "release@example.com")
        let records = [
            (AuditRecord.decision(decision), nil), (.completion(answered), decision),
            (.completion(failed), other), (.act(Sample.act()), nil),
        ].enumerated().map { index, item in
            ExportedRecord(index: UInt64(index), entry: item.0.encoded(), record: item.0, decision: item.1)
        }
        #expect(exporter.traces([records[0], records[3]]) == nil)
        guard let spans = try read("traces", #require(exporter.traces(records))) else { return }
        try #require(spans.count == 2)
        #expect(spans[0]["name"] as? String == "chat fraud-scorer" && spans[0]["kind"] as? Int == 2)
        #expect(spans[0]["trace"] as? String == "0af7651916cd43dd8448eb211c80319c")
        #expect(spans[0]["parent"] as? String == "b7ad6b7169203331" && spans[0]["flags"] as? Int == 1)
        #expect(spans[0]["end"] as? Int == 1_795_300_801_005_000_000)
        #expect(spans[0]["start"] as? Int == 1_795_300_801_005_000_000 - 5_100_000)
        #expect(spans[0]["status"] as? Int == 0 && spans[1]["status"] as? Int == 2)
        let attributes = try #require(spans[0]["attributes"] as? [String: Any])
        #expect(attributes["gen_ai.operation.name"] as? String == "chat")
        #expect(attributes["gen_ai.request.model"] as? String == "fraud-scorer")
        #expect(attributes["gen_ai.provider.name"] as? String == "predict")
        #expect(attributes["http.response.status_code"] as? Int == 200)
        #expect(attributes["gen_ai.usage.input_tokens"] as? Int == 42)
        #expect(attributes["gen_ai.usage.output_tokens"] as? Int == 7)
        #expect(attributes["gen_ai.usage.cache_read.input_tokens"] as? Int == 30)
        #expect(attributes["gen_ai.usage.reasoning.output_tokens"] as? Int == 5)
        #expect(attributes["lapwing.response.model.digest"] as? String == digest)
        #expect(attributes["lapwing.response.model.signer"] as? String == "release@example.com")
        #expect(attributes["lapwing.response.model.refusal"] == nil)
        let others = spans[1]["attributes"] as? [String: Any]
        #expect(others?["lapwing.response.model.refusal"] as? String == "expired")
        // Without a traceparent the request's own id is the trace.
        let id = Sample.id(99).description.replacing("-", with: "")
        #expect(spans[1]["trace"] as? String == id && spans[1]["parent"] as? String == "")
        #expect(spans[1]["span"] as? String == String(id.suffix(16)))
        #expect((spans[1]["attributes"] as? [String: Any])?["error.type"] as? String == "upstream_died")
    }

    @Test func `what a receiver says of a part is read, and noise is not`() {
        // partial_success { rejected: 3, error_message: "no" }
        let answer = OTLPAnswer([0x0a, 0x06, 0x08, 0x03, 0x12, 0x02, 0x6e, 0x6f])
        #expect(answer.rejected == 3 && answer.message == "no")
        #expect(OTLPAnswer([]).rejected == 0)
        var generator = SeededGenerator(state: 9)
        for _ in 0..<(5_000 * scale) {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            _ = OTLPAnswer(bytes)
        }
        #expect(OTLPAnswer([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).rejected == 0)
    }
}
