import Testing
import ZeroTrust

@testable import AuditLog

@Suite("Records that are written by copying")
struct RecordTemplateTests {
    @Test("A decision like another is the bytes and the gist of encoding it")
    func decisions() throws {
        var record = try Sample.decision()
        let template = try #require(DecisionTemplate(record, record.entry()))
        let latencies: [UInt64] = [0, 9, 10, 812, 1 << 40, 1 << 53, .max]
        for (number, latency) in latencies.enumerated() {
            record.id = RequestID(milliseconds: UInt64(number), random: UInt128(number) << 77 | 0xabcdef)
            record.time = Timestamp(nanoseconds: Int64(number) * 1_234_567_890_123)
            record.latency = latency
            record.source = .init(address: record.source.address, port: UInt16(number * number * 1_200))
            let entry = template.entry(
                id: record.id,
                time: record.time,
                latency: latency,
                port: record.source.port
            )
            #expect(entry.bytes == record.encoded())
            #expect(entry.gist == .decision(.init(record)) && entry.gist == record.entry().gist)
        }
    }

    @Test("A completion like another is the bytes and the gist of encoding it, where it has all timings")
    func completions() throws {
        var record = Sample.completion()
        record.timings = .init(requestReceived: 1, upstreamHead: 22, upstreamBody: 333, total: 4_444)
        let template = try #require(CompletionTemplate(record, record.entry()))
        for number in 0..<40 as Range<UInt64> {
            record.id = RequestID(milliseconds: number, random: UInt128(number) << 64)
            record.time = Timestamp(nanoseconds: Int64(number) * 77_777_777_777)
            record.timings = .init(
                requestReceived: 1 << number,
                upstreamHead: number,
                upstreamBody: .max - number,
                total: 10 * number
            )
            let entry = try #require(template.entry(id: record.id, time: record.time, timings: record.timings))
            #expect(entry.bytes == record.encoded() && entry.gist == .completion(.init(record)))
        }
        record.timings.upstreamBody = nil
        #expect(template.entry(id: record.id, time: record.time, timings: record.timings) == nil)
        #expect(CompletionTemplate(record, record.entry()) == nil)
    }

    @Test("Names of members that stand in texts are passed over")
    func textsLikeMembers() throws {
        var record = try Sample.decision()
        record.request.path = #"/"id":"01a20044-39e8-7000-8000-000000000001","time":"x","latency_ns":1"#
        record.request.authority = #""time":"#
        record.node = #"\"latency_ns":5"#
        let template = try #require(DecisionTemplate(record, record.entry()))
        record.id = RequestID(milliseconds: 5, random: 5)
        record.time = Timestamp(nanoseconds: 5)
        record.latency = 55
        record.source = .init(address: record.source.address, port: 5)
        let entry = template.entry(id: record.id, time: record.time, latency: 55, port: 5)
        #expect(entry.bytes == record.encoded())
    }

    @Test("It is the caller's port that differs, whatever else is called so and has the same number")
    func ports() throws {
        var record = try Sample.decision()
        record.request.headers = [.init(name: "source", value: #"{"port":8443}"#), .init(name: "port", value: "8443")]
        record.request.destination = .init(address: record.request.destination.address, port: 8443)
        record.source = .init(address: record.source.address, port: 8443)
        let template = try #require(DecisionTemplate(record, record.entry()))
        record.source = .init(address: record.source.address, port: 1)
        let entry = template.entry(id: record.id, time: record.time, latency: record.latency, port: 1)
        #expect(entry.bytes == record.encoded())
    }

    @Test("What was cut has neither gist nor template")
    func cut() throws {
        var record = try Sample.decision()
        record.request.path = "/" + String(repeating: "p", count: 2_000)
        #expect(record.entry().gist == nil && DecisionTemplate(record, record.entry()) == nil)
        record.request.path = "/" + String(repeating: "\u{1}", count: 5_000)
        #expect(record.entry().gist == nil && record.entry().bytes == record.encoded())
        var completion = Sample.completion()
        completion.upstream = String(repeating: "u", count: 300)
        #expect(completion.entry().gist == nil && completion.entry().bytes == completion.encoded())
    }

    @Test("A gist says what is read back from the entry")
    func gists() throws {
        var record = try Sample.decision()
        record.guardrail = .init(name: "chat", rule: "injection")
        record.model = "scorer"
        record.prompt = .init(fingerprint: 7, template: 8, temperature: 700, wantsLogProbabilities: true, tokens: 20)
        guard case .decision(let read) = try AuditRecord(entry: record.encoded()) else {
            Issue.record("it is no decision")
            return
        }
        #expect(record.entry().gist == .decision(.init(read)))
        var completion = Sample.completion()
        completion.bytesSent = .max
        completion.usage = TokenUsage(input: 3, output: .max)
        completion.guardrail = .init(name: "chat", rule: "answer_injection")
        guard case .completion(let read) = try AuditRecord(entry: completion.encoded()) else {
            Issue.record("it is no completion")
            return
        }
        #expect(completion.entry().gist == .completion(.init(read)))
    }
}
