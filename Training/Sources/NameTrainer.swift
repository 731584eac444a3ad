import Guardrails

/// Trains the tagger of names: two averaged perceptrons, in whole numbers alone, so that every machine comes to the same
/// weights.
struct NameTrainer {
    /// What one place of a text teaches.
    struct Lesson {
        var features: NameFeatures
        /// The kind of name that begins here, or whether a name goes on (1) or not (0).
        var answer: Int
        var isOpening: Bool
        var group: Int
    }

    var rounds = 5

    /// What texts teach, with some lists; `ordinary` words in small letters are no names.
    static func lessons(_ texts: [NamedText], _ lists: NameLists, ordinary: Set<UInt32>) -> [Lesson] {
        texts.flatMap { text in
            NameLessons.of(
                text.text,
                names: text.names.map { ($0.range, $0.kind) },
                lists: lists,
                ordinary: ordinary,
                isWhole: text.isWhole
            )
            .map { Lesson(features: $0.features, answer: $0.answer, isOpening: $0.isOpening, group: text.group) }
        }
    }

    /// The weights of openings, then those of what goes on.
    func train(_ lessons: [Lesson], where included: (Lesson) -> Bool = { _ in true }) -> (
        opening: [Int8], going: [Int8]
    ) {
        let order = lessons.indices.filter { included(lessons[$0]) }
        let opening = weights(lessons, order.filter { lessons[$0].isOpening }, kinds: 6, width: NameTagger.openingWidth)
        let going = weights(lessons, order.filter { !lessons[$0].isOpening }, kinds: 1, width: NameTagger.goingWidth)
        return (opening, going)
    }

    private func weights(_ lessons: [Lesson], _ chosen: [Int], kinds: Int, width: Int) -> [Int8] {
        var order = chosen
        let mask = UInt32(1) << UInt32(width) - 1
        var now = [Int32](repeating: 0, count: kinds << width)
        // The sum over all steps of each weight, as it was changed.
        var sums = [Int64](repeating: 0, count: kinds << width)
        var random = Random(seed: 20_261_126)
        var step: Int64 = 1
        let last = Int64(rounds * order.count + 1)
        func change(_ features: NameFeatures, _ kind: Int, by amount: Int32) {
            for place in 0..<features.count {
                let row = Int(features.hashes[place] & mask) * kinds + kind
                now[row] += amount
                sums[row] += Int64(amount) * (last - step)
            }
        }
        for _ in 0..<rounds {
            random.shuffle(&order)
            for index in order {
                let lesson = lessons[index]
                let features = lesson.features
                var scores = [Int32](repeating: 0, count: kinds)
                for place in 0..<features.count {
                    let row = Int(features.hashes[place] & mask) * kinds
                    for kind in 0..<kinds { scores[kind] += now[row + kind] }
                }
                // What is right by too little is learnt as well.
                let margin: Int32 = 12
                if kinds == 1 {
                    let side: Int32 = lesson.answer == 1 ? 1 : -1
                    if side * scores[0] <= margin { change(features, 0, by: side) }
                } else {
                    var other = lesson.answer == 0 ? 1 : 0
                    for kind in 0..<kinds where kind != lesson.answer && scores[kind] > scores[other] { other = kind }
                    if scores[lesson.answer] - scores[other] <= margin {
                        change(features, lesson.answer, by: 1)
                        change(features, other, by: -1)
                    }
                }
                step += 1
            }
        }
        let sizes = sums.map { abs($0) }.filter { $0 > 0 }.sorted()
        let largest = max(1, sizes.isEmpty ? 1 : sizes[sizes.count - 1 - sizes.count / 2000])
        return sums.map { Int8(max(-127, min(127, ($0 * 127 + ($0 < 0 ? -largest : largest) / 2) / largest))) }
    }
}
