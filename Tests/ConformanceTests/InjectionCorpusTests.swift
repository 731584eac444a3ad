import Foundation
import Guardrails
import Testing

/// The corpus's training sets at one operating point: both kinds of error, obfuscations, and time.
///
/// These are the sets that the model was trained on; what a source scores when it is left out of training is in
/// `Training/README.md`.
@Suite struct InjectionCorpusTests {
    private struct Row: Decodable {
        let text: String
        let label: Int?
        let kind: String?
        let source: String?
    }

    private static let folder: String? = {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !root.isEmpty else {
            print("suite injection: skipped, since LAPWING_CORPUS is not set")
            return nil
        }
        return root + "/guardrails"
    }()

    /// Every n-th text of the sets, with its channel, or more of them where that makes too few.
    private static func cases(every step: Int, atLeast fewest: Int = 0) throws -> [InjectionEvaluation.Case] {
        let cases = try cases(every: step)
        return cases.count < fewest && step > 1 ? try Self.cases(every: step / 2, atLeast: fewest) : cases
    }

    private static func cases(every step: Int) throws -> [InjectionEvaluation.Case] {
        guard let folder else { return [] }
        let documents = [
            "document", "tool_", "web_page", "table", "email", "code:", "docs", "issue", "filename", "metadata",
            "memory", "indirect", "prompt_injection_indirect",
        ]
        var cases: [InjectionEvaluation.Case] = []
        for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        where file.hasSuffix(".jsonl") && (file.hasPrefix("benign_") || file.hasPrefix("injection_")) {
            let lines = try String(contentsOfFile: folder + "/" + file, encoding: .utf8).split(separator: "\n")
            for (index, line) in lines.enumerated() where index.isMultiple(of: step) {
                let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
                let isDocument =
                    row.source == "bipia" || row.source == "bipia_train_clean"
                    || documents.contains { row.kind?.hasPrefix($0) ?? false }
                cases.append(
                    .init(
                        text: LabelledText(row.text, channel: isDocument ? .retrieved : .user),
                        isAttack: row.label == 1,
                        source: row.source ?? file
                    )
                )
            }
        }
        return cases
    }

    @Test func `benign texts are let through and attacks caught, at one operating point`() throws {
        guard Self.folder != nil else { return }
        let cases = try Self.cases(every: 9)
        #expect(cases.contains { $0.isAttack } && cases.contains { !$0.isAttack })
        let report = InjectionEvaluation(cases, by: InjectionDetector())
        let total = report.total
        for row in report.rows {
            print(
                "injection \(row.source): caught \(row.caught) of \(row.attacks), flagged \(row.flagged) of \(row.benign)"
            )
        }
        print("measure injection benign: \(total.flagged) of \(total.benign) flagged")
        print("measure injection attacks: \(total.caught) of \(total.attacks) caught")
        #expect(total.flagged * 100 <= total.benign)
        #expect(total.caught * 2 >= total.attacks)
    }

    @Test func `no disguise loses more than three of a hundred attacks that are caught plainly`() throws {
        guard Self.folder != nil else { return }
        let attacks = try Self.cases(every: 120, atLeast: 320).filter { $0.isAttack && $0.text.text.utf8.count < 1200 }
            .filter { $0.text.text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }
        try #require(!attacks.isEmpty, "the corpus has no attack")
        let detector = InjectionDetector()
        let plain = attacks.filter { detector.judge([$0.text]).outcome == .block }
        // A detector that catches nothing loses nothing.
        try #require(plain.count * 2 >= attacks.count, "\(plain.count) of \(attacks.count) are caught plainly")
        var failures = 0
        for disguise in Disguise.all {
            let caught = plain.count {
                detector.judge([LabelledText(disguise.apply($0.text.text), channel: $0.text.channel)]).outcome == .block
            }
            print("injection in \(disguise): \(caught) of \(plain.count)")
            let isKept = caught * 100 >= plain.count * 97
            if !isKept { failures += 1 }
            // Of few texts, three in a hundred are less than one: what chance makes of it for one of so many disguises is
            // let pass.
            let lost = Double(plain.count - caught)
            let expected = Double(plain.count) * 0.03
            #expect(lost <= expected + 3 * expected.squareRoot(), "\(disguise): \(caught) of \(plain.count)")
        }
        print(
            "measure injection disguises: \(Disguise.all.count - failures) of \(Disguise.all.count) lose at most three in a hundred"
        )
    }
}
