import Foundation
import Testing

@Suite struct DemoTests {
    @Test(.timeLimit(.minutes(2)))
    func `every call of the demo ends as it must, and the record verifies`() throws {
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
    }
}
