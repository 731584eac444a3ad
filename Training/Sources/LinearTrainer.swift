import Guardrails

/// A training example: features, side, and how much it counts.
struct Example {
    var features: InjectionFeatures
    var isAttack: Bool
    var source: String
    /// The text that it is of, so that windows of one text stay together.
    var text: Int
    var weight: Double = 1
    /// What its score is raised by once it is made, since its words were hidden.
    var suspicion: Int32 = 0
}

/// A linear support vector machine with squared hinge loss, trained by dual coordinate descent.
///
/// Only the four operations and roots of IEEE doubles are used, in one order, so that every machine comes to the same
/// weights.
struct LinearTrainer {
    var bits = 19
    var cost = 1.0
    var rounds = 12
    /// What the unit vector of classes is multiplied by.
    var classScale = 1.0
    var classBits = 13
    /// What a dense count is multiplied by beside the unit vector of hashed features.
    var denseScale = 0.15
    /// How far sources of attacks are brought to the same weight, whatever their size, in quarters: 0 not at all, 4 wholly.
    var balance = 0

    struct Model {
        var weights: [Double]
        var classWeights: [Double]
        var dense: [Double]
        var bias: Double
    }

    func train(_ examples: [Example], where included: (Example) -> Bool = { _ in true }) -> Model {
        let size = 1 << bits
        let mask = UInt32(size - 1)
        let classMask = UInt32(1 << classBits - 1)
        var classWeights = [Double](repeating: 0, count: 1 << classBits)
        let denseCount = InjectionFeatures.denseCount
        var weights = [Double](repeating: 0, count: size)
        var dense = [Double](repeating: 0, count: denseCount)
        var bias = 0.0
        var order = examples.indices.filter { included(examples[$0]) && !examples[$0].features.hashes.isEmpty }
        let factors = sourceFactors(order.map { examples[$0] })
        var alphas = [Double](repeating: 0, count: examples.count)
        var random = Random(seed: 20_261_125)
        for _ in 0..<rounds {
            random.shuffle(&order)
            for index in order {
                let example = examples[index]
                let hashes = example.features.hashes
                let value = 1 / Double(example.features.count).squareRoot()
                var margin = bias
                var sum = 0.0
                for hash in hashes { sum += weights[Int(hash & mask)] }
                margin += sum * value
                let classes = example.features.classes
                let classValue = classScale / Double(example.features.classCount).squareRoot()
                var classSum = 0.0
                for hash in classes { classSum += classWeights[Int(hash & classMask)] }
                margin += classSum * classValue
                var norm = 2.0 + classScale * classScale
                for place in 0..<denseCount {
                    let count = Double(example.features.dense[place]) * denseScale
                    margin += dense[place] * count
                    norm += count * count
                }
                let side = example.isAttack ? 1.0 : -1.0
                let factor = example.isAttack ? factors[example.source] ?? 1 : 1
                let diagonal = 1 / (2 * cost * example.weight * factor)
                let gradient = side * margin - 1 + diagonal * alphas[index]
                let old = alphas[index]
                let new = max(old - gradient / (norm + diagonal), 0)
                guard new != old else { continue }
                alphas[index] = new
                let step = (new - old) * side
                let each = step * value
                for hash in hashes { weights[Int(hash & mask)] += each }
                let classEach = step * classValue
                for hash in classes { classWeights[Int(hash & classMask)] += classEach }
                for place in 0..<denseCount {
                    dense[place] += step * Double(example.features.dense[place]) * denseScale
                }
                bias += step
            }
        }
        return Model(weights: weights, classWeights: classWeights, dense: dense, bias: bias)
    }

    /// What the weight of each source of attacks is multiplied by, so that a large one does not drown the others; the weight
    /// of all together stays.
    private func sourceFactors(_ examples: [Example]) -> [String: Double] {
        var totals: [String: Double] = [:]
        for example in examples where example.isAttack { totals[example.source, default: 0] += example.weight }
        // What has less weight than this is not learnt by heart.
        let least = 40.0
        let factors = totals.mapValues { total in
            let quarter = (1 / max(total, least)).squareRoot().squareRoot()
            return (0..<balance).reduce(1) { factor, _ in factor * quarter }
        }
        let sources = totals.keys.sorted()
        let whole = sources.reduce(0) { $0 + (totals[$1] ?? 0) }
        let scaled = sources.reduce(0) { $0 + (totals[$1] ?? 0) * (factors[$1] ?? 1) }
        return factors.mapValues { $0 * whole / scaled }
    }

    /// The model in eight bits a weight.
    func quantise(_ model: Model) -> InjectionModel.Head {
        let classes = model.classWeights.map { $0 * classScale }
        let magnitudes = (model.weights + classes).map { abs($0) }.filter { $0 > 0 }.sorted()
        // One weight in ten thousand is cut off.
        let largest = magnitudes.isEmpty ? 1 : magnitudes[magnitudes.count - 1 - magnitudes.count / 10_000]
        let scale = 127 / largest
        let weights = model.weights.map { Int8(max(-127, min(127, ($0 * scale).rounded()))) }
        return InjectionModel.Head(
            weights: weights,
            classWeights: classes.map { Int8(max(-127, min(127, ($0 * scale).rounded()))) },
            bias: Int32((model.bias * scale * 256).rounded()),
            unit: Int32((scale * 256).rounded()),
            dense: model.dense.map { Int32(($0 * denseScale * scale * 256).rounded()) },
            benignScores: []
        )
    }
}

/// SplitMix64: the same numbers everywhere.
struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    mutating func shuffle(_ values: inout [Int]) {
        guard values.count > 1 else { return }
        for index in stride(from: values.count - 1, to: 0, by: -1) { values.swapAt(index, below(index + 1)) }
    }

    mutating func pick<Element>(_ values: [Element]) -> Element { values[below(values.count)] }
}
