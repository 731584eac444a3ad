import Foundation
import Monitoring
import Testing
import ZeroTrust

/// M6 on prompts that somebody else wrote: ordinary use of a model is none, and the same prompts asked as somebody asks who
/// copies the model are one.
@Suite struct PromptSetTests {
    private static func prompts(_ file: URL) throws -> [String] {
        struct Row: Decodable { let text: String }
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").prefix(1_000).map {
            try JSONDecoder().decode(Row.self, from: Data($0.utf8)).text
        }
    }

    private static func findings(_ prompts: [String], temperature: Double, probing: Bool) throws -> Int {
        var settings = MonitorSettings()
        settings.disabled = Set(FindingType.allCases).subtracting([.modelExtraction])
        var monitor = Monitor(settings: settings)
        let key = try #require(PromptKey(0..<16))
        for (index, prompt) in prompts.enumerated() {
            let traits = PromptTraits(of: prompt, key: key, temperature: temperature, wantsLogProbabilities: probing)
            monitor.observe(
                Observation(
                    source: .lapwing,
                    record: UInt64(index),
                    time: Timestamp(nanoseconds: Int64(index) * 1_000_000_000),
                    caller: "frontend",
                    callee: "ml",
                    verb: "POST",
                    model: .init(name: "chat"),
                    tokens: 100,
                    prompt: traits
                )
            )
        }
        return monitor.findings.findings.count
    }

    @Test func `ordinary prompts are no copying of a model, and the same asked coldly are`() throws {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !root.isEmpty else {
            print("suite prompt sets: skipped, since LAPWING_CORPUS is not set")
            return
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: root + "/guardrails")
        var (ordinary, copying, sets) = (0, 0, 0)
        for file in files.sorted() where file.hasPrefix("benign_") && file.hasSuffix(".jsonl") {
            let prompts = try Self.prompts(URL(filePath: "\(root)/guardrails/\(file)"))
            guard prompts.count >= 200 else { continue }
            sets += 1
            let isOrdinary = try Self.findings(prompts, temperature: 0.7, probing: false) == 0
            let isCopying = try Self.findings(prompts, temperature: 0, probing: true) > 0
            if isOrdinary { ordinary += 1 }
            if isCopying { copying += 1 }
            print(
                "prompt set \(file): ordinary use \(isOrdinary ? "is none" : "IS A FINDING"), copying \(isCopying ? "found" : "not found")"
            )
        }
        try #require(sets >= 8)
        print("measure model-extraction: \(ordinary) of \(sets) sets without a finding in ordinary use")
        print("measure model-extraction: \(copying) of \(sets) sets found where they are asked coldly")
        #expect(ordinary == sets)
        #expect(copying * 2 >= sets)
    }
}
