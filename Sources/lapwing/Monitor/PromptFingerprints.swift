import Foundation
import Guardrails
import Logging
import Monitoring
import ZeroTrust

/// What is recorded of prompts, so that the monitor can tell the copying of a model from its use: fingerprints by a key that
/// only this node has, and never the text.
struct PromptFingerprints: Sendable {
    private let key: PromptKey

    /// Takes up the node's key, or makes one.
    ///
    /// - Throws: ``CommandError`` where it can be neither read nor made.
    init(directory: String) throws {
        let file = directory + "/prompt.key"
        if let attributes = try? FileManager.default.attributesOfItem(atPath: file) {
            let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
            guard attributes[.type] as? FileAttributeType == .typeRegular, mode & 0o077 == 0 else {
                throw CommandError(
                    .unreachable,
                    "the key of prompts `\(file)` can be read by others; delete it, and a new one is made"
                )
            }
            guard let bytes = FileManager.default.contents(atPath: file), let key = PromptKey(bytes) else {
                throw CommandError(
                    .unreachable,
                    "the key of prompts `\(file)` cannot be read; delete it, and a new one is made"
                )
            }
            self.key = key
            return
        }
        let bytes = (0..<PromptKey.length).map { _ in UInt8.random(in: 0 ... .max) }
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        guard let key = PromptKey(bytes),
            FileManager.default.createFile(
                atPath: file,
                contents: Data(bytes),
                attributes: [.posixPermissions: 0o600]
            )
        else { throw CommandError(.unreachable, "the key of prompts `\(file)` cannot be made") }
        self.key = key
    }

    /// What is recorded of a request: of the last text that its user wrote, since those before it were recorded already.
    ///
    /// - Returns: nil where there is no such text.
    func callAsFunction(_ request: ModelRequest) -> DecisionRecord.Prompt? {
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
