import Foundation
import Guardrails

/// A text of a training set.
struct CorpusText {
    var text: String
    var isAttack: Bool
    var source: String
    /// Read as a whole, by what a user writes; else by windows, as what a tool or document says.
    var isDirect: Bool
    /// The words that are the attack, where the set tells.
    var payload: String?
    /// The sources that it was put together from, which it is left out of training with.
    var origins: [String] = []
    var weight = 1.0
    /// The pattern that it was made of: texts of one pattern are held back from a model together.
    var fold: Int?
    /// Whether it is a copy that is written so that filters do not read it.
    var isDisguised = false
}

/// The training sets, from `guardrails` in the corpus.
struct Corpus {
    var texts: [CorpusText] = []

    /// What a set counts, where not 1: the index of the corpus tells why.
    private static let weights: [String: Double] = [
        // Role play around plain harmful requests, without a word of overriding.
        "sap200": 0.35,
        // Plain role play and questions labelled as attacks.
        "deepset": 0.5,
        // Machine-made suffixes, of which no two are alike.
        "jbb_artifacts": 0.6,
        "injecagent": 0.6,
        // Small sets of short questions, each unlike the next, as people really ask them.
        "self_instruct_seed": 3, "spikee_fp": 3, "jbb_benign": 2, "xstest": 1.5, "b3_system": 2,
        "injecagent_host": 3,
    ]

    init(folder: String) throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        for file in files where file.hasSuffix(".jsonl") && (file.hasPrefix("benign_") || file.hasPrefix("injection_"))
        {
            let data = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
            for line in data.split(separator: "\n", omittingEmptySubsequences: true) {
                guard let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                    let text = row["text"] as? String
                else { continue }
                let source = row["source"] as? String ?? file
                let kind = row["kind"] as? String ?? ""
                let isAttack = (row["label"] as? Int ?? (file.hasPrefix("injection_") ? 1 : 0)) == 1
                texts.append(
                    CorpusText(
                        text: text,
                        isAttack: isAttack,
                        source: source,
                        isDirect: Self.isDirect(source, kind),
                        payload: row["payload"] as? String,
                        weight: Self.weights[source] ?? 1
                    )
                )
            }
        }
    }

    private static func isDirect(_ source: String, _ kind: String) -> Bool {
        let documents = [
            "document", "tool_output", "tool_result", "web_page", "table", "email", "code:", "tool_description", "docs",
            "issue", "filename", "metadata", "memory", "indirect", "prompt_injection_indirect",
        ]
        if source == "bipia" || source == "bipia_train_clean" { return false }
        return !documents.contains { kind.hasPrefix($0) }
    }
}
