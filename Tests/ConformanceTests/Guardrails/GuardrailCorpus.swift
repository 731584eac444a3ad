import Foundation
import Testing

/// The corpus' folder `guardrails`, where there is one.
enum GuardrailCorpus {
    static let folder: URL? = {
        guard let corpus = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !corpus.isEmpty else {
            print("guardrails: skipped, LAPWING_CORPUS is not set")
            return nil
        }
        return URL(filePath: corpus).appending(path: "guardrails")
    }()

    /// How much larger a campaign is than in CI.
    static let scale = max(1, Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1)

    struct Secret: Decodable {
        let text: String
        let label: Int
        let rule: String
    }

    struct Personal: Decodable {
        struct Span: Decodable {
            let start: Int
            let end: Int
            let type: String
        }
        let text: String
        let spans: [Span]
    }

    static func secrets() throws -> [Secret] { try lines("secrets_gitleaks_cases.jsonl") }

    static func personal() throws -> [Personal] { try lines("pii_presidio_generated_large.jsonl") }

    /// The texts of the sets that hold no attack.
    static func benign(limit: Int) throws -> [String] {
        struct Line: Decodable { let text: String }
        guard let folder else { return [] }
        var texts: [String] = []
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path()).filter {
            $0.hasPrefix("benign_")
        }
        for name in names.sorted() {
            let read: [Line] = try lines(name)
            texts += read.prefix(limit).map(\.text)
        }
        return texts
    }

    private static func lines<Row: Decodable>(_ name: String) throws -> [Row] {
        guard let folder else { return [] }
        let data = try Data(contentsOf: folder.appending(path: name))
        let decoder = JSONDecoder()
        return try data.split(separator: 0x0A).map { try decoder.decode(Row.self, from: Data($0)) }
    }
}

/// A small generator of numbers that gives the same ones for the same seed.
struct CampaignRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
