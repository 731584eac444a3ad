import Foundation
import Testing

@testable import Guardrails

/// A small, repeatable campaign: texts that are changed at random are read as Foundation reads them, or refused for a
/// reason that Foundation does not know.
@Suite struct JSONFuzzTests {
    private static let seeds = [
        #"{"model":"m","messages":[{"role":"user","content":"h\u00e9llo \ud83d\ude00"}],"n":1,"t":0.5e-2,"s":false}"#,
        #"[[],{},"",0,-1.5E+10,true,null,{"a":{"b":{"c":[1,2,3]}}}]"#,
        #"{"ключ":"значение","emoji":"😀","esc":"\"\\\/\b\f\n\r\t"}"#,
    ]
    private static let bytes =
        Array(#"{}[]",:\/u0123456789abcdefE+-. tnl"#.utf8) + [0x00, 0x7F, 0x80, 0xC3, 0xED, 0xF4, 0xFF]

    /// What Python's reader lets through, and we do not.
    private static let ours: Set<JSONFailure.Code> = [.duplicateKey, .tooLarge, .tooDeep, .loneSurrogate]

    @Test func `changed texts are read as another reader reads them`() throws {
        var random = SeededRandom(seed: 0x1a9)
        let texts = (0..<6_000).map { round in
            var text = Array(Self.seeds[round % Self.seeds.count].utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text[place] = Self.bytes.randomElement(using: &random) ?? 0
                case 1: text.insert(Self.bytes.randomElement(using: &random) ?? 0, at: place)
                case 2: text.remove(at: place)
                default: text.replaceSubrange(place..., with: text.prefix(place / 2))
                }
                if text.isEmpty { text = [0x20] }
            }
            return text
        }
        guard let others = try Self.python(texts) else {
            print("JSON against Python: skipped, there is no /usr/bin/python3")
            return
        }
        var (read, refused) = (0, 0)
        for (text, isJSON) in zip(texts, others) {
            do {
                let document = try JSONDocument(text)
                read += 1
                #expect(isJSON, "\(String(decoding: text, as: UTF8.self))")
                check(document.root, within: 0..<text.count)
            } catch {
                refused += 1
                #expect((0...text.count).contains(error.offset))
                #expect(!isJSON || Self.ours.contains(error.code), "\(error): \(String(decoding: text, as: UTF8.self))")
            }
        }
        print("JSON against Python: \(read + refused) passed, \(read) of them read, 0 failed")
        #expect(read > 100 && refused > 100)
    }

    /// Whether Python's reader takes each text, nil where there is no Python.
    private static func python(_ texts: [[UInt8]]) throws -> [Bool]? {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") else { return nil }
        let script = """
            import json, sys
            def none(name): raise ValueError(name)
            for line in sys.stdin:
                try:
                    json.loads(bytes.fromhex(line).decode("utf-8"), parse_constant=none)
                    print(1)
                except (ValueError, RecursionError):
                    print(0)
            """
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("json-\(UUID())")
        let lines = texts.map { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\n" }.joined()
        try Data(lines.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", script]
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return said.split(separator: 0x0A).map { $0 == Data("1".utf8) }
    }

    /// Values lie in one another, and every string can be decoded.
    private func check(_ value: JSONValue, within outer: Range<Int>) {
        #expect(outer.contains(value.range.lowerBound) && value.range.upperBound <= outer.upperBound)
        for element in value.elements { check(element, within: value.range) }
        for (key, member) in value.members {
            #expect(key.string != nil)
            check(member, within: value.range)
        }
        if value.kind == .string { #expect(value.string != nil) }
    }

    @Test func `random bytes end in a refusal or a value`() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<4_000 {
            let text = (0..<Int.random(in: 0...64, using: &random)).map { _ in
                Self.bytes.randomElement(using: &random) ?? 0
            }
            _ = try? JSONDocument(text)
        }
    }
}
