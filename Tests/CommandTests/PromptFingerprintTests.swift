import Foundation
import Guardrails
import Synchronization
import Testing
import ZeroTrust

@testable import lapwing

/// What is recorded of prompts, and the key that it is made with.
@Suite(.timeLimit(.minutes(5))) struct PromptFingerprintTests {
    private static func request(_ text: String, _ settings: String = "") throws -> ModelRequest {
        let body =
            #"{"model":"m","messages":[{"role":"user","content":"an older one"},{"role":"assistant","content":"yes"},"#
            + #"{"role":"user","content":"\#(text)"},{"role":"system","content":"be kind"}]\#(settings)}"#
        return try DialectReader(.openAIChat).read(RequestBody(path: "/v1/chat/completions", bytes: Array(body.utf8)))
    }

    private static func message(of work: () throws -> Void) -> String? {
        do { try work() } catch { return (error as? CommandError)?.message ?? "another error: \(error)" }
        return nil
    }

    @Test func `what is recorded is of the last text of the user, and of what was asked for with it`() throws {
        let directory = try TemporaryDirectory()
        let prompts = try PromptFingerprints(directory: directory.path)
        let plain = try #require(prompts(try Self.request("what is the capital of the moon")))
        #expect(plain.temperature == nil && !plain.wantsLogProbabilities)
        let other = try #require(prompts(try Self.request("how many legs does a spider have")))
        #expect(other.fingerprint != plain.fingerprint && other.template != plain.template)
        for (settings, temperature, wants) in [
            (#","temperature":0.25,"logprobs":true"#, 250, true), (#","temperature":1,"top_logprobs":5"#, 1_000, true),
            (#","temperature":0,"logprobs":false,"top_logprobs":0"#, 0, false),
        ] {
            let prompt = try #require(prompts(try Self.request("what is the capital of the moon", settings)))
            #expect(prompt.fingerprint == plain.fingerprint && prompt.template == plain.template)
            #expect(prompt.temperature == temperature, "\(settings)")
            #expect(prompt.wantsLogProbabilities == wants, "\(settings)")
        }
        prompts.isWanted.store(false, ordering: .relaxed)
        #expect(prompts(try Self.request("what is the capital of the moon")) == nil)
    }

    @Test func `a second start has the key of the first, and another node has another`() throws {
        let (directory, elsewhere) = (try TemporaryDirectory(), try TemporaryDirectory())
        let request = try Self.request("what is the capital of the moon")
        let first = try #require(try PromptFingerprints(directory: directory.path)(request))
        let second = try #require(try PromptFingerprints(directory: directory.path)(request))
        let other = try #require(try PromptFingerprints(directory: elsewhere.path + "/deeper")(request))
        #expect(first == second)
        #expect(first.template != other.template)
        let file = directory.path + "/prompt.key"
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["prompt.key"])
    }

    @Test func `a key that others can read is refused, and so is a file that holds none`() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/prompt.key"
        _ = try PromptFingerprints(directory: directory.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let heard = Self.message { _ = try PromptFingerprints(directory: directory.path) }
        #expect(heard?.contains("can be read by others") == true, "\(heard ?? "no error")")
        for bytes in [[], Array("0123".utf8), Array(repeating: 0xff, count: 16)] as [[UInt8]] {
            try Data(bytes).write(to: URL(fileURLWithPath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            let told = Self.message { _ = try PromptFingerprints(directory: directory.path) }
            #expect(told?.contains("is no key of prompts") == true, "\(told ?? "no error")")
        }
    }
}
