import Foundation
import Testing

@Suite struct DemoTests {
    @Test(.timeLimit(.minutes(2)))
    func `every call and every model of the demo ends as it must, and the record verifies`() throws {
        let result = try Program.run("demo")
        #expect(result.status == 0, "\(result.output)\n\(result.errors)")
        #expect(result.output.contains("held against the signed checkpoint: verified"), "\(result.output)")
        // Each call that was refused says why, by its record.
        #expect(!result.output.contains("no record"), "\(result.output)")
        for reason in [
            "plaintext", "no_certificate", "unknown_authority", "no_rule_matched", "duplicate_content_length",
            "content_length_with_transfer_encoding", "folded_field",
        ] {
            #expect(result.output.contains(reason), "nothing was refused for \(reason)")
        }
        // The attacks are findings in the same record, with a proof.
        #expect(result.output.contains("findings in the same record"), "\(result.output)")
        #expect(result.output.contains("no policy declares") && result.output.contains("is proven to be in the log"))
        // What is said to models and what they say: by which rule, and at which bytes.
        for rule in [
            "block: injection/override-previous, messages[0].content bytes",
            "sanitise: injection/override-previous, messages[1].content bytes", "pii/CREDIT_CARD", "secret/",
            "answer_schema_violation",
        ] {
            #expect(result.output.contains(rule), "nothing was found by \(rule): \(result.output)")
        }
        // A model's way: what is refused on it, and what becomes of a service whose model is changed.
        for step in [
            "deployment admits the unsigned model", "deployment admits the older release v1",
            "the loader loads a tampered model", "the service is started again from what was changed",
        ] {
            #expect(result.output.contains(step), "\(result.output)")
        }
        #expect(
            result.output.contains("withdrawn in 2 s") || result.output.contains("no /dev/fuse here"),
            "\(result.output)"
        )
    }
}
