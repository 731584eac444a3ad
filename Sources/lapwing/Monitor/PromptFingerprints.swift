import AuditLog
import Foundation
import Guardrails
import Monitoring
import Synchronization
import ZeroTrust

/// What is recorded of prompts, so that the monitor can tell the copying of a model from its use: fingerprints by a key that
/// only this node has, and never the text.
final class PromptFingerprints: Sendable {
    /// Whether anybody looks for the copying of models; where nobody does, nothing is recorded.
    let isWanted: Atomic<Bool>
    private let key: PromptKey

    /// Takes up the node's key, or makes one.
    ///
    /// - Throws: ``CommandError`` where it can be neither read nor made.
    init(directory: String, isWanted: Bool = true) throws {
        self.key = try Self.key(in: directory)
        self.isWanted = Atomic(isWanted)
    }

    private static func key(in directory: String) throws -> PromptKey {
        let file = directory + "/prompt.key"
        let files = SystemFiles()
        do {
            if let text = try SecretFile.read(file, files: files) {
                guard let bytes = Hexadecimal.bytes(text), let key = PromptKey(bytes) else {
                    throw CommandError(
                        .unreachable,
                        "`\(file)` is no key of prompts; expected \(PromptKey.length) bytes in hexadecimal; "
                            + "delete it, and a new one is made"
                    )
                }
                return key
            }
            let bytes = (0..<PromptKey.length).map { _ in UInt8.random(in: 0 ... .max) }
            guard let key = PromptKey(bytes) else {
                throw CommandError(.unreachable, "the key of prompts `\(file)` cannot be made")
            }
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try SecretFile.create(file, text: Hexadecimal.text(bytes), files: files)
            return key
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.unreachable, "the key of prompts `\(file)` cannot be used: \(error)")
        }
    }

    /// What is recorded of a request: of the last text that its user wrote, since those before it were recorded already.
    ///
    /// - Returns: nil where there is no such text, or nobody looks at it.
    func callAsFunction(_ request: ModelRequest) -> DecisionRecord.Prompt? {
        guard isWanted.load(ordering: .relaxed) else { return nil }
        guard let text = request.texts.last(where: { $0.channel == .user })?.text, !text.isEmpty else { return nil }
        let root = request.document?.root
        let temperature = root?["temperature"].flatMap { Self.number($0) }
        let probabilities = [root?["logprobs"], root?["top_logprobs"]].contains { value in
            guard let value else { return false }
            return value.bool ?? (Self.number(value).map { $0 > 0 } ?? false)
        }
        let traits = PromptTraits(of: text, key: key, temperature: temperature, wantsLogProbabilities: probabilities)
        return DecisionRecord.Prompt(
            fingerprint: traits.fingerprint,
            template: traits.template,
            temperature: temperature.map { Int(($0 * 1_000).rounded()) },
            wantsLogProbabilities: probabilities,
            tokens: request.counts.inputTokens
        )
    }

    /// A number of a body that is of use as a setting.
    private static func number(_ value: JSONValue) -> Double? {
        guard value.kind == .number, value.range.count <= 32,
            let number = Double(String(decoding: value.document.bytes[value.range], as: UTF8.self)),
            (-1_000...1_000).contains(number)
        else { return nil }
        return number
    }
}
