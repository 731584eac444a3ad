import Foundation
import Guardrails

/// `guardrail-training names CORPUS NAMES.txt OUTPUT [--held-out]`: the tagger of names.
enum NameTraining {
    private static let kinds: [String: NameKind] = [
        "PERSON": .person, "PREFIX": .person, "LOCATION": .location, "GPE": .location, "ADDRESS": .address,
        "ZIP": .address,
        "ORGANIZATION": .organization, "NRP": .group,
    ]

    static func run(corpus: String, lists: String, output: String, judges: Bool) throws {
        let source = NameSource(try String(contentsOfFile: lists, encoding: .utf8))
        let marked = try self.marked(corpus + "/pii_presidio_generated_large.jsonl")
        let benign = try Self.benign(corpus)
        // What people write small as well says little of a name.
        var counts: [String: Int] = [:]
        for text in benign {
            let words = String(String.UnicodeScalarView(text.text)).split { !$0.isLetter }
            for word in words where word.allSatisfy({ $0.isASCII && $0.isLowercase }) {
                counts[String(word), default: 0] += 1
            }
        }
        let ordinary = counts.filter { $0.value >= 6 }.keys.sorted()
        let common = Set(ordinary.flatMap { NameLists.hashes($0).map(\.hash) })
        let listed = Set((source.lists[.given] ?? []).map { $0.lowercased() }).union(
            (source.lists[.family] ?? []).map { $0.lowercased() }
        )
        var composition = NameComposition(
            source: source,
            words: ordinary.filter { !listed.contains($0) },
            random: Random(seed: 7)
        )
        let own = composition.make(50_000) + plain(Random(seed: 8))
        report("\(own.count) texts of our own, \(marked.count) of the corpus, \(benign.count) without names")
        let part = source.tables(whole: false, without: common)
        let whole = source.tables(whole: true, without: common)
        let trainer = NameTrainer()
        // The texts of the corpus are few and count as often as makes them a tenth.
        let lessons =
            NameTrainer.lessons(own + benign, part, ordinary: common)
            + (0..<3).flatMap { _ in NameTrainer.lessons(marked, part, ordinary: common) }
        report("\(lessons.count) lessons [\(elapsed())]")
        if judges {
            let folds = 5
            var score = NameScore()
            for fold in 0..<folds {
                let weights = trainer.train(lessons) { $0.group < 0 || $0.group % folds != fold }
                let tagger = NameTagger(lists: whole, opening: weights.opening, going: weights.going)
                let before = score
                for text in marked where text.group % folds == fold {
                    score.add(text, tagger.names(in: text.text), shows: fold == 0)
                }
                report("fold \(fold): \(score.since(before)) [\(elapsed())]")
            }
            report("templates left out: \(score)")
        }
        let weights = trainer.train(lessons)
        let tagger = NameTagger(lists: whole, opening: weights.opening, going: weights.going)
        if judges {
            var flagged = 0
            var words = 0
            for (index, text) in benign.enumerated() {
                let names = tagger.names(in: text.text)
                if index % 40 == 0 {
                    for name in names {
                        report(
                            "  ~ \(name.kind) "
                                + String(String.UnicodeScalarView(text.text[name.range])).debugDescription
                        )
                    }
                }
                flagged += names.count
                words += text.text.count { $0 == " " }
            }
            report("texts of the corpus without marks: \(flagged) names in \(words) words")
        }
        try Data(tagger.serialised).write(to: URL(fileURLWithPath: output))
        report("\(tagger.serialised.count) bytes [\(elapsed())]")
    }

    private static func plain(_ random: Random) -> [NamedText] {
        var random = random
        return (0..<4000).map { _ in
            var text = NamedText()
            for _ in 0...random.below(2) {
                text.add(random.pick(NameSeeds.plain).replacing("{D}", with: String(random.below(400) + 1)) + " ")
            }
            return text
        }
    }

    private static func marked(_ file: String) throws -> [NamedText] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            guard let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                let words = row["text"] as? String, let spans = row["spans"] as? [[String: Any]]
            else { return nil }
            var text = NamedText()
            text.add(words)
            text.group = row["template_id"] as? Int ?? 0
            var names: [NamedText.Name] = []
            for span in spans {
                guard let start = span["start"] as? Int, let end = span["end"] as? Int,
                    let kind = kinds[span["type"] as? String ?? ""], start < end, end <= text.text.count
                else { continue }
                names.append(NamedText.Name(range: start..<end, kind: kind))
            }
            // What an address is written of is one name.
            for name in names.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
                if let last = text.names.last, last.kind == .address || name.kind == .address || last.range.count < 5,
                    last.kind != .organization, last.kind != .person || name.kind == .person,
                    name.range.lowerBound - last.range.upperBound < 5,
                    name.range.lowerBound >= last.range.upperBound,
                    text.text[last.range.upperBound..<name.range.lowerBound].allSatisfy({
                        $0.properties.isWhitespace || $0 == ","
                    })
                {
                    text.names[text.names.count - 1] = NamedText.Name(
                        range: last.range.lowerBound..<name.range.upperBound,
                        kind: last.kind == .person ? .person : .address
                    )
                } else {
                    text.names.append(name)
                }
            }
            return text
        }
    }

    /// Texts of which it is only known that most capitals in them are no names.
    private static func benign(_ folder: String) throws -> [NamedText] {
        var texts: [NamedText] = []
        for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        where file.hasPrefix("benign_") && file.hasSuffix(".jsonl") {
            let lines = try String(contentsOfFile: folder + "/" + file, encoding: .utf8).split(separator: "\n")
            for line in lines.enumerated().filter({ $0.offset % max(1, lines.count / 300) == 0 }).map(\.element) {
                guard let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                    let words = row["text"] as? String
                else { continue }
                var text = NamedText()
                text.add(String(words.prefix(500)))
                text.isWhole = false
                texts.append(text)
                if texts.count % 4 == 0 {
                    text.text = Array(String(words.prefix(500)).lowercased().unicodeScalars)
                    texts.append(text)
                }
                if texts.count % 9 == 0 {
                    text.text = Array(String(words.prefix(300)).uppercased().unicodeScalars)
                    texts.append(text)
                }
            }
        }
        return texts
    }
}

/// How many characters of names are found, whatever kind they are said to be.
struct NameScore: CustomStringConvertible {
    private var gold = 0
    private var said = 0
    private var both = 0

    mutating func add(_ text: NamedText, _ found: [(range: Range<Int>, kind: NameKind)], shows: Bool) {
        let truth = Set(text.names.flatMap { Array($0.range) })
        let answer = Set(found.flatMap { Array($0.range) })
        gold += truth.count
        said += answer.count
        both += truth.intersection(answer).count
        if shows, truth.symmetricDifference(answer).count > 5 {
            var shown = ""
            for (place, scalar) in text.text.enumerated() {
                if found.contains(where: { $0.range.lowerBound == place }) { shown += "[" }
                if text.names.contains(where: { $0.range.lowerBound == place }) { shown += "<" }
                shown.unicodeScalars.append(scalar)
                if text.names.contains(where: { $0.range.upperBound == place + 1 }) { shown += ">" }
                if found.contains(where: { $0.range.upperBound == place + 1 }) { shown += "]" }
            }
            if shown.count < 260 { report("  " + shown.debugDescription) }
        }
    }

    func since(_ other: NameScore) -> NameScore {
        var score = self
        score.gold -= other.gold
        score.said -= other.said
        score.both -= other.both
        return score
    }

    var description: String {
        let precision = Double(both) / Double(max(1, said))
        let recall = Double(both) / Double(max(1, gold))
        let f1 = 2 * precision * recall / max(1e-9, precision + recall)
        return "\(gold) characters, P \(percent(precision)) R \(percent(recall)) F1 \(percent(f1))"
    }
}
