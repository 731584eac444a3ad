import Crypto
import Glibc
import ZeroTrust

/// The demo's model: it sorts a message to a support desk into a queue, and writes the first lines of an answer.
///
/// `scripts/make-demo-model` trains it. The classifier is a logistic regression over hashed words and pairs of words;
/// the answers come from a trigram model, a token at a time.
struct TicketModel: Sendable {
    /// A queue and how sure the model is of it.
    struct Score: Sendable {
        let label: String
        let probability: Double
    }

    /// SHA-256 of the file that it was read from, in hexadecimal.
    let digest: String
    /// The queues, in the order of the weights.
    let labels: [String]

    private let buckets: Int
    private let weights: [Float]
    private let bias: [Float]
    private let vocabulary: [String]
    private let continuations: [Context: [Continuation]]

    private struct Context: Hashable {
        let label: Int
        let first: Int
        let second: Int
    }

    private struct Continuation {
        let token: Int
        let count: Int
    }

    /// Loads the model from the bytes of its file.
    ///
    /// - Throws: ``SafetensorsError`` where the file is not exactly what the training script writes.
    init(_ bytes: [UInt8]) throws(SafetensorsError) {
        let file = try SafetensorsFile(bytes)
        guard file.metadata["format"] == "lapwing-demo-1", let names = file.metadata["labels"],
            let shape = file.tensors["classifier.weight"]?.shape, shape.count == 2, shape[1] > 0
        else { throw SafetensorsError("it is not the demo's model") }
        labels = names.split(separator: ",").map(String.init)
        buckets = shape[1]
        weights = try file.floats("classifier.weight", shape: [labels.count, buckets])
        bias = try file.floats("classifier.bias", shape: [labels.count])
        vocabulary = String(decoding: try file.bytes("language.vocabulary"), as: UTF8.self)
            .split(separator: "\n").map(String.init)
        continuations = try Self.continuations(in: file, vocabulary: vocabulary.count)
        digest = Hexadecimal.text(SHA256.hash(data: bytes))
        guard vocabulary.count > labels.count, labels.indices.allSatisfy({ vocabulary[1 + $0] == "<\(labels[$0])>" })
        else {
            throw SafetensorsError("the vocabulary does not start with the labels")
        }
    }

    private static func continuations(
        in file: SafetensorsFile,
        vocabulary: Int
    ) throws(SafetensorsError) -> [Context: [Continuation]] {
        let contexts = try file.integers("language.contexts")
        let ends = try file.integers("language.ends")
        let following = try file.integers("language.following")
        let counts = try file.integers("language.counts")
        guard contexts.count == 3 * ends.count, following.count == counts.count, ends.last == following.count,
            following.allSatisfy({ $0 < vocabulary }), counts.allSatisfy({ $0 > 0 })
        else { throw SafetensorsError("the language model's tensors do not fit together") }
        var continuations: [Context: [Continuation]] = [:]
        var start = 0
        for (index, end) in ends.enumerated() {
            guard end > start else { throw SafetensorsError("the language model has an empty context") }
            let context = Context(
                label: contexts[3 * index],
                first: contexts[3 * index + 1],
                second: contexts[3 * index + 2]
            )
            continuations[context] = (start..<end).map { Continuation(token: following[$0], count: counts[$0]) }
            start = end
        }
        return continuations
    }
}

extension TicketModel {
    /// The queues that a message may belong to, the likeliest first.
    func scores(of text: String) -> [Score] {
        let active = features(of: text)
        let scale = active.isEmpty ? 0 : 1 / Double(active.count).squareRoot()
        let raw = labels.indices.map { label in
            Double(bias[label]) + scale * active.reduce(0.0) { $0 + Double(weights[label * buckets + $1]) }
        }
        let highest = raw.max() ?? 0
        let powers = raw.map { exp($0 - highest) }
        let total = powers.reduce(0, +)
        return zip(labels, powers).map { Score(label: $0, probability: $1 / total) }
            .sorted { $0.probability > $1.probability }
    }

    /// The tokens of an answer to a message, each with the space that belongs before it.
    ///
    /// The same message gets the same answer.
    func answer(to text: String, maximumTokens: Int = 64) -> [String] {
        guard let label = scores(of: text).first?.label, let index = labels.firstIndex(of: label) else { return [] }
        var context = Context(label: 1 + index, first: 1 + index, second: 1 + index)
        var random = UInt64(Self.hash(text.utf8))
        var tokens: [String] = []
        while tokens.count < maximumTokens, let choices = continuations[context] {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let total = choices.reduce(0) { $0 + $1.count }
            var ticket = Int(random >> 33) % total
            let choice = choices.first { continuation in
                ticket -= continuation.count
                return ticket < 0
            }
            guard let token = choice?.token, token != 0 else { break }
            let word = vocabulary[token]
            tokens.append(tokens.isEmpty || word == "." || word == "," || word == "?" ? word : " " + word)
            context = Context(label: context.label, first: context.second, second: token)
        }
        return tokens
    }

    /// The buckets of a text's words and pairs of neighbouring words.
    private func features(of text: String) -> Set<Int> {
        let words = text.lowercased().utf8
            .split {
                !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
            .map { Array($0) }
        let pairs = zip(words, words.dropFirst()).map { $0 + [UInt8(ascii: " ")] + $1 }
        return Set((words + pairs).map { Int(Self.hash($0)) % buckets })
    }

    /// The 32-bit FNV-1a hash.
    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }
}
