/// What training made: the lexicon, a linear head for each kind of channel and the built-in benign scores.
///
/// The file `injection.bin` is little-endian: magic `LWI3`; a word with the number of lexicon bits and the bits, the same
/// for the common words; then for each head the number of weights (a power of two), the weights (one signed byte each), the same for classes of words, the bias, the unit, the number of
/// dense weights and they (signed words), the number of benign scores and they, in order.
package struct InjectionModel: Sendable {
    /// The one of this build; one that knows nothing where the table of it cannot be read.
    ///
    /// Whoever guards with it asks first whether it ``isUsable``.
    package static let shared = InjectionModel(EmbeddedTables.injection) ?? InjectionModel()

    /// Whether training made it: it knows words, and each head weighs them and has benign scores to be held against.
    package var isUsable: Bool {
        lexicon.bits.contains { $0 != 0 }
            && [direct, indirect].allSatisfy { $0.weights.contains { $0 != 0 } && !$0.benignScores.isEmpty }
    }

    /// One linear model.
    package struct Head: Sendable, Equatable {
        /// A weight for each bucket of hashed features.
        package var weights: [Int8]
        /// The same for classes of words.
        package var classWeights: [Int8]
        /// What is added to every sum.
        package var bias: Int32
        /// The sum that is as far from the line as training asked of every text: it comes to a score of 1000.
        package var unit: Int32
        /// Weights of `InjectionFeatures.dense`.
        package var dense: [Int32]
        /// Scores of benign texts that the head had not been trained on, in order.
        package var benignScores: [Int32]

        package init(
            weights: [Int8],
            classWeights: [Int8],
            bias: Int32,
            unit: Int32,
            dense: [Int32],
            benignScores: [Int32]
        ) {
            self.weights = weights
            self.classWeights = classWeights
            self.bias = bias
            self.unit = max(unit, 1)
            self.dense = dense
            self.benignScores = benignScores
        }
    }

    package var lexicon: Lexicon
    /// For what a user writes.
    package var direct: Head
    /// For what tools return and documents say.
    package var indirect: Head

    package init(lexicon: Lexicon, direct: Head, indirect: Head) {
        self.lexicon = lexicon
        self.direct = direct
        self.indirect = indirect
    }

    /// A model that knows nothing, which training starts from.
    package init() {
        let empty = Head(weights: [0, 0], classWeights: [0, 0], bias: 0, unit: 1, dense: [], benignScores: [])
        self.init(lexicon: Lexicon(bits: []), direct: empty, indirect: empty)
    }

    /// Reads a model; nil where the bytes are none.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count > 8, bytes.word(at: 0) == 0x3349_574C else { return nil }
        var offset = 4
        func word() -> Int? {
            guard offset + 4 <= bytes.count else { return nil }
            offset += 4
            return Int(Int32(bitPattern: bytes.word(at: offset - 4)))
        }
        func words(_ count: Int) -> [Int32]? {
            guard count >= 0, count <= (bytes.count - offset) / 4 else { return nil }
            offset += 4 * count
            return (0..<count).map { Int32(bitPattern: bytes.word(at: offset - 4 * count + 4 * $0)) }
        }
        func signedBytes() -> [Int8]? {
            guard let count = word(), count > 1, count & (count - 1) == 0, count <= bytes.count - offset else {
                return nil
            }
            offset += count
            return bytes[offset - count..<offset].map { Int8(bitPattern: $0) }
        }
        func head() -> Head? {
            guard let weights = signedBytes(), let classWeights = signedBytes(), let bias = word(), let unit = word(),
                unit > 0, let denseCount = word(),
                let dense = words(denseCount),
                let scoreCount = word(), let scores = words(scoreCount)
            else { return nil }
            return Head(
                weights: weights,
                classWeights: classWeights,
                bias: Int32(bias),
                unit: Int32(unit),
                dense: dense,
                benignScores: scores
            )
        }
        func bits() -> [UInt64]? {
            guard let count = word(), count >= 64, count & (count - 1) == 0, let halves = words(count / 32) else {
                return nil
            }
            return stride(from: 0, to: halves.count, by: 2).map {
                UInt64(UInt32(bitPattern: halves[$0])) | UInt64(UInt32(bitPattern: halves[$0 + 1])) << 32
            }
        }
        guard let known = bits(), let common = bits(), let direct = head(), let indirect = head(), offset == bytes.count
        else { return nil }
        self.init(lexicon: Lexicon(bits: known, common: common), direct: direct, indirect: indirect)
    }

    /// The file.
    package var serialised: [UInt8] {
        var bytes = Array("LWI3".utf8)
        func add(_ value: Int) {
            let word = UInt32(bitPattern: Int32(truncatingIfNeeded: value))
            for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        for bits in [lexicon.bits, lexicon.common] {
            add(bits.count * 64)
            for word in bits {
                add(Int(Int32(truncatingIfNeeded: word)))
                add(Int(Int32(truncatingIfNeeded: word >> 32)))
            }
        }
        for head in [direct, indirect] {
            for weights in [head.weights, head.classWeights] {
                add(weights.count)
                bytes.append(contentsOf: weights.map { UInt8(bitPattern: $0) })
            }
            add(Int(head.bias))
            add(Int(head.unit))
            add(head.dense.count)
            head.dense.forEach { add(Int($0)) }
            add(head.benignScores.count)
            head.benignScores.forEach { add(Int($0)) }
        }
        return bytes
    }
}
