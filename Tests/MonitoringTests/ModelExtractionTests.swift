import Monitoring
import Testing
import ZeroTrust

@Suite struct ModelExtractionTests {
    private static let model = Observation.ModelReference(name: "scorer")

    @Test func `the questions of many people are no copying, however different they are`() {
        var monitor = monitor(for: [.modelExtraction])
        var numbers = SeededNumbers(9)
        for record in 0..<1_000 {
            for (place, caller) in ["frontend", "other"].enumerated() {
                let prompt = PromptTraits(fingerprint: numbers.next(), template: numbers.next(), temperature: 0.7)
                monitor.observe(
                    seen(
                        UInt64(2 * record + place),
                        at: Int64(record) * second,
                        caller,
                        model: Self.model,
                        tokens: 50,
                        prompt: prompt
                    )
                )
            }
        }
        #expect(monitor.findings.findings.isEmpty, "\(monitor.findings.findings.map(\.cause))")
    }

    @Test func `queries that cover a model like a net are found, and a chat is not`() throws {
        var monitor = monitor(for: [.modelExtraction])
        var numbers = SeededNumbers(5)
        for record in 0..<1_000 {
            let thief = PromptTraits(
                fingerprint: numbers.next(),
                template: numbers.next(),
                temperature: 0,
                wantsLogProbabilities: true
            )
            monitor.observe(
                seen(
                    UInt64(2 * record),
                    at: Int64(record) * second,
                    "thief",
                    model: Self.model,
                    tokens: 50,
                    prompt: thief
                )
            )
            // People come back to what they asked before.
            let topic = StableHash.mix(UInt64(record % 40))
            let person = PromptTraits(
                fingerprint: topic ^ 1 << UInt64.random(in: 0..<64, using: &numbers),
                template: topic,
                temperature: 0.8
            )
            monitor.observe(
                seen(
                    UInt64(2 * record + 1),
                    at: Int64(record) * second,
                    "person",
                    model: Self.model,
                    tokens: 60,
                    prompt: person
                )
            )
        }
        let findings = monitor.findings.findings
        #expect(findings.map(\.subject) == ["thief"])
        #expect(findings.first?.atlas.contains("AML.T0024") == true)
    }

    @Test(arguments: [UInt64(500), 0])
    func `the tokens of answers count, whoever asks for more`(answer: UInt64) throws {
        var monitor = monitor(for: [.modelExtraction])
        var numbers = SeededNumbers(11)
        for record in 0..<400 {
            let time = Int64(record) * second
            for (place, caller) in ["thief", "other"].enumerated() {
                let isThief = place == 0
                let id = UInt64(4 * record + place)
                let prompt = PromptTraits(
                    fingerprint: numbers.next(),
                    template: numbers.next(),
                    temperature: isThief ? 0 : 0.8
                )
                monitor.observe(
                    seen(id, at: time, caller, model: Self.model, tokens: isThief ? 10 : 50, prompt: prompt),
                    until: id
                )
                monitor.complete(
                    id,
                    record: id + 2,
                    at: Timestamp(nanoseconds: monday + time),
                    bytes: 1,
                    tokens: isThief ? answer : 0
                )
            }
        }
        let finding = try #require(monitor.findings.findings.first)
        #expect(monitor.findings.findings.count == 1 && finding.subject == "thief")
        let countsAsSign = answer > 0
        #expect(finding.severity == (countsAsSign ? Severity.high : Severity.medium))
        #expect(finding.cause.contains("of the model's tokens") == countsAsSign)
    }
}
