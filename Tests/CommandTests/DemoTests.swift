import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct DemoTests {
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
        // The service's gateway passes on what it is asked while the model is proved to be loaded, and no longer.
        #expect(
            result.output.contains("its gateway refuses to pass it on") || result.output.contains("no /dev/fuse here"),
            "\(result.output)"
        )
    }

    @Test(.timeLimit(.minutes(2)))
    func `a demo that goes on has a console, in which the attacks are findings with proofs`() throws {
        let directory = try TemporaryDirectory()
        let output = try directory.write("", to: "out")
        let demo = Process()
        demo.executableURL = URL(fileURLWithPath: try Program.path)
        demo.arguments = ["demo", "--keep"]
        demo.standardOutput = FileHandle(forWritingAtPath: output)
        demo.standardError = FileHandle(forWritingAtPath: try directory.write("", to: "err"))
        try demo.run()
        defer { demo.stop() }
        let end = ContinuousClock.now + .seconds(90)
        var text = ""
        while ContinuousClock.now < end, !text.contains("Ctrl-C stops it") {
            Thread.sleep(forTimeInterval: 0.2)
            text = try String(contentsOfFile: output, encoding: .utf8)
        }
        let link = try ConsoleLink(text: text)
        var client = link.client
        try client.enter(link.token)
        let page = try client.ask("/").body
        #expect(page.contains("no policy declares") && page.contains("class=\"path undeclared\""), "\(page)")
        let finding = try #require(page.firstMatch(of: /href="(\/findings\/M1-[0-9]+)"/)?.1)
        let proof = try #require(
            try client.ask(String(finding)).body.firstMatch(of: /href="(\/proofs\/[0-9]+\.tlog-proof)"/)?.1
        )
        #expect(try client.ask(String(proof)).body.hasPrefix("c2sp.org/tlog-proof@v1"))
        // What was kept is the test's to remove.
        let kept = try #require(text.firstMatch(of: /\/tmp\/lapwing-demo-[0-9]+/)?.output)
        demo.stop()
        try? FileManager.default.removeItem(atPath: String(kept))
    }
}
