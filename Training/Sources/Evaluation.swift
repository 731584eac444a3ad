import Guardrails

/// How a head does on texts that it had not seen.
struct Evaluation {
    /// The score of each text: of its best window, where it is read by windows.
    static func scores(_ examples: [Example], by head: InjectionModel.Head, where included: (Example) -> Bool) -> [Int:
        Int32]
    {
        var scores: [Int: Int32] = [:]
        for example in examples where included(example) {
            let score = InjectionClassifier.score(example.features, by: head) + example.suspicion
            scores[example.text] = max(scores[example.text] ?? .min, score)
        }
        return scores
    }

    /// The share of attacks above the score that a share of benign texts exceeds.
    static func share(above threshold: Int32, of scores: [Int32]) -> Double {
        scores.isEmpty ? 0 : Double(scores.count { $0 > threshold }) / Double(scores.count)
    }

    static func threshold(_ benign: [Int32], rate: Double) -> Int32 {
        let sorted = benign.sorted()
        guard !sorted.isEmpty else { return .max }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * (1 - rate)))]
    }

    /// The share of pairs of an attack and a benign text in which the attack scores higher.
    static func areaUnderCurve(_ attacks: [Int32], _ benign: [Int32]) -> Double {
        guard !attacks.isEmpty, !benign.isEmpty else { return 0 }
        let sorted = benign.sorted()
        var wins = 0.0
        for attack in attacks {
            var low = 0
            var high = sorted.count
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] < attack { low = middle + 1 } else { high = middle }
            }
            var equal = low
            while equal < sorted.count, sorted[equal] == attack { equal += 1 }
            wins += Double(low) + Double(equal - low) / 2
        }
        return wins / Double(attacks.count) / Double(sorted.count)
    }
}

func percent(_ value: Double) -> String {
    let tenths = Int((value * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}

func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
