import SPIFFE
import Testing
import ZeroTrust

@testable import ModelTrust

@Suite struct PredicateTests {
    private func statement(_ type: String, _ predicate: String, subjects: Int = 1) -> [UInt8] {
        let subject = #"{"name":"m","digest":{"sha256":"\#(String(repeating: "a", count: 64))"}}"#
        let list = Array(repeating: subject, count: subjects).joined(separator: ",")
        return Array(
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[\#(list)],"predicateType":"\#(type)","predicate":\#(predicate)}"#
                .utf8
        )
    }

    @Test func `every claim is read out of a statement`() throws {
        let cases: [(type: String, predicate: String)] = [
            (Evaluation.type, ReleaseWorld.evaluation()), (ScanResult.type, ReleaseWorld.scan()),
            (TrainingProvenance.type, ReleaseWorld.provenance()), (Approval.type, ReleaseWorld.approval()),
        ]
        for (type, predicate) in cases {
            let attestation = try Attestation(payload: statement(type, predicate), signer: Principal("s"), source: "f")
            #expect(attestation.subject.name == "m")
        }
    }

    @Test(arguments: [
        (Evaluation.type, #"{}"#, "`predicate.suite` is missing"),
        (Approval.type, #"{"environment":"p","approvedAt":"yesterday"}"#, "`predicate.approvedAt` is not a time"),
        (Approval.type, #"{"environment":"p","approvedAt":"2026-11-24T12:00:00Z","unless":1}"#, "`predicate.unless`"),
        (
            ScanResult.type, #"{"verdict":"fine","scanner":"x","scannedAt":"2026-11-24T12:00:00Z"}"#,
            "`predicate.verdict`"
        ),
        (
            TrainingProvenance.type, #"{"buildDefinition":{},"runDetails":{}}"#,
            "`predicate.runDetails.builder` is missing"
        ),
        (
            TrainingProvenance.type,
            #"{"buildDefinition":{"resolvedDependencies":[{"name":"d"}]},"runDetails":{"builder":{"id":"b"}}}"#,
            "`predicate.buildDefinition.resolvedDependencies[0].digest` is missing"
        ), ("https://example.org/claim", "{}", "is not a claim that is known here"),
        (Approval.type, "[]", "is not an object"),
        (Approval.type, #"{"environment":"p","environment":"q"}"#, "a name stands twice"),
    ])
    func `a claim with a mistake is refused with its place`(type: String, predicate: String, message: String) {
        do {
            _ = try Attestation(payload: statement(type, predicate), signer: Principal("s"), source: "f")
            Issue.record("it was read")
        } catch { #expect(error.description.contains(message), "\(error)") }
    }

    @Test(arguments: [0, 2]) func `a statement speaks of one artifact`(count: Int) {
        #expect(throws: PredicateError.self) {
            try Attestation(
                payload: statement(Approval.type, ReleaseWorld.approval(), subjects: count),
                signer: Principal("s"),
                source: "f"
            )
        }
    }

    @Test func `a result that is no finite number is no result`() {
        for value in ["1e999", "\"0.9\"", "null", "true"] {
            #expect(throws: (any Error).self) {
                let _: Evaluation = try ReleaseWorld.read(ReleaseWorld.evaluation(accuracy: value))
            }
        }
    }

    @Test func `an index says the same after it was written and read`() throws {
        let index = ReleaseWorld.index(
            rollback: true,
            revokedDigests: [ReleaseWorld.digest("7")],
            revokedSigners: ["spiffe://cluster.local/x"]
        )
        #expect(try ReleaseIndex(payload: index.payload) == index)
    }

    @Test(arguments: [
        (#""version":7"#, #""version":0"#), (#""version":7"#, #""version":-1"#), (#""sequence":1"#, #""sequence":2"#),
        (#""environment":"production""#, #""environment":"""#), (#""releases":["#, #""releases":[1,"#),
        (#""expiresAt""#, #""expires""#), (#"bbbb"#, "aaaa"), (#""sequence":1"#, #""sequence":1,"rollback":"yes""#),
        (#""version":7"#, #""version":8"#), ("release-index/v1", "release-index/v2"),
    ])
    func `an index with a mistake is refused`(part: String, replacement: String) throws {
        let text = String(decoding: ReleaseWorld.index().payload, as: UTF8.self)
        let changed = text.replacing(part, with: replacement)
        #expect(changed != text)
        #expect(throws: PredicateError.self) { try ReleaseIndex(payload: Array(changed.utf8)) }
    }

    @Test func `what is remembered is read as it was written`() throws {
        let memory = ReleaseMemory(version: 3, digest: ReleaseWorld.digest("4"), sequences: ["a\"b": 2])
        #expect(try ReleaseMemory(text: Array(memory.text.utf8)) == memory)
        #expect(throws: PredicateError.self) { try ReleaseMemory(text: Array("{}".utf8)) }
    }

    @Test func `changed bytes are read or refused, and nothing else`() throws {
        var random = SystemRandomNumberGenerator()
        let samples = [statement(Evaluation.type, ReleaseWorld.evaluation()), ReleaseWorld.index().payload]
        for sample in samples {
            for _ in 0..<500 {
                var bytes = sample
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
                }
                _ = try? Attestation(payload: bytes, signer: Principal("s"), source: "f")
                _ = try? ReleaseIndex(payload: bytes)
            }
        }
    }
}
