import Foundation
import ZeroTrust

/// M6: queries that look like the making of a copy of a model.
///
/// Three signs are looked for over the last thousand prompts of an identity to a model: low temperature or probabilities asked
/// for, with prompts that never repeat; prompts as far from one another as chance would have it, next to none of a shape that
/// was there before; and most of the model's tokens, asked and answered, going to one caller. The first and another make a finding. The others
/// say nothing by themselves: a frontend that many people use is like that, too. It needs the traits of prompts; what has none
/// is not judged.
struct ModelExtraction: Detector {
    private var pairs: [Pair: Queries] = [:]
    private var models: [UInt64: Share] = [:]
    private let maximumPairs: Int

    /// Prompts before a pair is judged, and between judgements.
    static let step = 200

    private struct Pair: Hashable, Comparable {
        var caller: UInt32
        var model: UInt64

        static func < (left: Pair, right: Pair) -> Bool { (left.caller, left.model) < (right.caller, right.model) }
    }

    private struct Share {
        var tokens: UInt64 = 0
        var callers: Set<UInt32> = []
    }

    fileprivate struct Queries {
        var prompts: [UInt64] = []
        var templates = HyperLogLog(precision: 10)
        /// Distances to the nearest prompt before: how many, their sum, and the sum of their squares.
        var distances = 0.0
        var sum = 0.0
        var squares = 0.0
        var count: UInt64 = 0
        var cold: UInt64 = 0
        var probing: UInt64 = 0
        var repeated: UInt64 = 0
        var tokens: UInt64 = 0
    }

    init(maximumPairs: Int = 4_096) {
        self.maximumPairs = maximumPairs
    }

    mutating func observe(_ seen: Observed, _ book: inout Casebook) {
        let observation = seen.observation
        guard let prompt = observation.prompt, let model = observation.model, observation.decision != .deny else {
            return
        }
        let number = Self.number(of: model)
        if models[number] != nil || models.count < 4_096 {
            models[number, default: Share()].tokens &+= observation.tokens
            if (models[number]?.callers.count ?? 2) < 2 { models[number]?.callers.insert(seen.caller) }
        }
        let pair = Pair(caller: seen.caller, model: number)
        guard pairs[pair] != nil || pairs.count < maximumPairs else { return }
        var queries = pairs.removeValue(forKey: pair) ?? Queries()
        queries.add(prompt, observation.tokens)
        if queries.count.isMultiple(of: UInt64(Self.step)) { judge(queries, pair, model, seen, &book) }
        pairs[pair] = queries
    }

    /// Adds what an answer took to what its request did.
    mutating func complete(_ seen: Observed) {
        let observation = seen.observation
        guard let model = observation.model, observation.decision != .deny, observation.tokens > 0 else { return }
        let number = Self.number(of: model)
        models[number]?.tokens &+= observation.tokens
        pairs[Pair(caller: seen.caller, model: number)]?.tokens &+= observation.tokens
    }

    private static func number(of model: Observation.ModelReference) -> UInt64 {
        StableHash.of(model.digest.isEmpty ? model.name : model.digest)
    }

    private func judge(
        _ queries: Queries,
        _ pair: Pair,
        _ model: Observation.ModelReference,
        _ seen: Observed,
        _ book: inout Casebook
    ) {
        let (signs, isProbing) = self.signs(queries, pair)
        guard isProbing, signs.count >= 2 else { return }
        let name = model.name.isEmpty ? model.digest : model.name
        let key = FindingKey(.modelExtraction, UInt64(pair.caller), pair.model)
        let severity: Severity = signs.count >= 3 ? .high : .medium
        book.report(key, seen, severity: severity, amount: Double(signs.count)) { names in
            Signal(
                type: .modelExtraction,
                severity: severity,
                subject: names[pair.caller],
                object: name,
                cause:
                    "the \(queries.count) queries of `\(names[pair.caller])` to `\(name)` look like the making of a copy: "
                    + signs.joined(separator: "; "),
                measure: .init(baseline: 0, observed: Double(signs.count), threshold: 2, unit: "signs of three")
            )
        }
    }

    private func signs(_ queries: Queries, _ pair: Pair) -> (signs: [String], isProbing: Bool) {
        var signs: [String] = []
        let count = Double(queries.count)
        let mean = queries.sum / max(queries.distances, 1)
        let deviation = max(queries.squares / max(queries.distances, 1) - mean * mean, 0).squareRoot()
        // The nearest of n fingerprints of 64 bits that have nothing to do with one another is 14 to 18 bits away.
        let shapes = queries.templates.estimate / count
        if queries.distances >= 100, mean >= 12, deviation <= 5, shapes >= 0.9 {
            signs.append(
                "prompts are as far from one another as chance has it, and \(Coverage.percent(min(shapes, 1))) have a shape "
                    + "of their own"
            )
        }
        let isUnique = Double(queries.repeated) / count < 0.02
        let isProbing = isUnique && (Double(queries.cold) / count >= 0.8 || Double(queries.probing) / count >= 0.5)
        if isProbing {
            signs.append("low temperature or token probabilities are asked for, and no prompt is asked twice")
        }
        if let share = models[pair.model], share.callers.count > 1, share.tokens > 0,
            Double(queries.tokens) / Double(share.tokens) >= 0.5
        {
            signs.append(
                "\(Coverage.percent(Double(queries.tokens) / Double(share.tokens))) of the model's tokens go to it"
            )
        }
        return (signs, isProbing)
    }

    func write(to writer: inout StateWriter) {
        writer.write(UInt64(pairs.count))
        for (pair, queries) in pairs.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt64(pair.caller))
            writer.write(pair.model)
            queries.write(to: &writer)
        }
        writer.write(UInt64(models.count))
        for (model, share) in models.sorted(by: { $0.key < $1.key }) {
            writer.write(model)
            writer.write(share.tokens)
            writer.write(UInt64(share.callers.count))
            for caller in share.callers.sorted() { writer.write(UInt64(caller)) }
        }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        (pairs, models) = ([:], [:])
        for _ in 0..<(try reader.count(of: 20)) {
            let pair = Pair(caller: UInt32(clamping: try reader.number()), model: try reader.number())
            pairs[pair] = try Queries(from: &reader)
        }
        for _ in 0..<(try reader.count(of: 3)) {
            let model = try reader.number()
            var share = Share(tokens: try reader.number())
            for _ in 0..<(try reader.count(of: 1)) { share.callers.insert(UInt32(clamping: try reader.number())) }
            models[model] = share
        }
    }
}

extension ModelExtraction.Queries {
    /// Takes one prompt in.
    fileprivate mutating func add(_ prompt: PromptTraits, _ amount: UInt64) {
        var nearest = 64
        for known in prompts { nearest = min(nearest, SimHash.distance(known, prompt.fingerprint)) }
        if nearest == 0 { repeated += 1 }
        if prompts.count >= 32 {
            distances += 1
            sum += Double(nearest)
            squares += Double(nearest * nearest)
        }
        if prompts.count < ModelExtraction.reservoirSize {
            prompts.append(prompt.fingerprint)
        } else {
            prompts[Int(count % UInt64(ModelExtraction.reservoirSize))] = prompt.fingerprint
        }
        templates.insert(StableHash.mix(prompt.template))
        count += 1
        if let temperature = prompt.temperature, temperature <= 0.2 { cold += 1 }
        if prompt.wantsLogProbabilities { probing += 1 }
        tokens &+= amount
    }

    fileprivate func write(to writer: inout StateWriter) {
        writer.write(UInt64(prompts.count))
        for prompt in prompts { writer.write(prompt) }
        templates.write(to: &writer)
        for value in [distances, sum, squares] { writer.write(value) }
        for value in [count, cold, probing, repeated, tokens] { writer.write(value) }
    }

    fileprivate init(from reader: inout StateReader) throws(MonitoringError) {
        self.init()
        for _ in 0..<(try reader.count(of: 1)) { prompts.append(try reader.number()) }
        guard prompts.count <= ModelExtraction.reservoirSize else { throw reader.damaged("a list of prompts") }
        templates = try HyperLogLog(from: &reader)
        distances = try reader.double()
        sum = try reader.double()
        squares = try reader.double()
        count = try reader.number()
        cold = try reader.number()
        probing = try reader.number()
        repeated = try reader.number()
        tokens = try reader.number()
    }
}

extension ModelExtraction {
    /// Prompts of a pair that are compared with.
    fileprivate static let reservoirSize = 1_000
}
