import Testing

@testable import Guardrails
@testable import RegularExpressions

@Suite("Hostile bytes")
struct OutputFuzzTests {
    private static let alphabet =
        Array(
            "{}[]\",:\\u0dea 4111 1111@.-+()/<>=!|_~ghp_eyJ-----BEGIN PRIVATE KEY\n\r\tdata:[DONE]nulltrue".utf8
        ) + [0x00, 0x80, 0xC2, 0xE2, 0x80, 0x8B, 0xF0, 0x9F, 0xFF, 0xED, 0xA0]

    private func bytes(_ random: inout SplitMix, most: Int) -> [UInt8] {
        (0..<Int.random(in: 0...most, using: &random)).map { _ in Self.alphabet.randomElement(using: &random) ?? 0 }
    }

    @Test("No text breaks the filter, whatever way it is cut, and the output is the same")
    func text() throws {
        let rules = try OutputRules(
            OutputPolicy(
                entities: OutputPolicy.everything(.redact).entities,
                secrets: .redact,
                links: .init(allowedHosts: ["a.test"]),
                promptLeak: .redact
            )
        )
        let prompt = PromptIndex(
            systemPrompt: "data [DONE] null true 4111 1111 begin private key data done",
            canaries: ["ghp_eyJ4111begin"]
        )
        var random = SplitMix(seed: 11)
        for _ in 0..<4000 {
            let input = bytes(&random, most: 400)
            var whole = TextFilter(rules, prompt: prompt)
            let expected = whole.feed(input) + whole.finish()
            var cut = TextFilter(rules, prompt: prompt)
            var output: [UInt8] = []
            var rest = input[...]
            while !rest.isEmpty {
                let size = Int.random(in: 1...9, using: &random)
                cut.feed(rest.prefix(size), into: &output)
                rest = rest.dropFirst(size)
                #expect(cut.held <= 256)
            }
            cut.finish(into: &output)
            #expect(output == expected)
            #expect(cut.takeFindings() == whole.takeFindings())
        }
    }

    @Test("No body breaks the filter of answers, and cutting it changes nothing", arguments: AnswerDialect.allCases)
    func answers(_ dialect: AnswerDialect) throws {
        let rules = try OutputRules(.everything(.redact))
        var random = SplitMix(seed: 12)
        for round in 0..<600 {
            let format: AnswerFormat = [.events, .lines, .json, .text][round % 4]
            var input = bytes(&random, most: 60)
            if round % 3 == 0 {
                for _ in 0..<4 {
                    let key = ["content", "text", "delta", "arguments", "id"].randomElement(using: &random) ?? ""
                    let text = String(
                        decoding: bytes(&random, most: 30).filter {
                            $0 >= 0x20 && $0 < 0x80 && $0 != 0x22 && $0 != 0x5C
                        },
                        as: UTF8.self
                    )
                    input += Array(
                        "data: {\"type\":\"x.delta\",\"choices\":[{\"delta\":{\"\(key)\":\"\(text)\"},\"index\":0}],\"\(key)\":\"\(text)\"}\n\n"
                            .utf8
                    )
                }
            }
            func run(_ size: () -> Int) -> ([UInt8], AnswerRefusal?) {
                var filter = OutputFilter(rules, dialect: dialect, format: format)
                var output: [UInt8] = []
                var rest = input[...]
                while !rest.isEmpty {
                    let piece = Array(rest.prefix(size()))
                    rest = rest.dropFirst(piece.count)
                    switch filter.feed(piece) {
                    case .bytes(let bytes): output += bytes
                    case .end(let bytes, let refusal): return (output + bytes, refusal)
                    }
                }
                switch filter.finish() {
                case .bytes(let bytes): return (output + bytes, nil)
                case .end(let bytes, let refusal): return (output + bytes, refusal)
                }
            }
            let whole = run { input.count }
            let cut = run { Int.random(in: 1...7, using: &random) }
            #expect(whole.0 == cut.0)
            #expect(whole.1 == cut.1)
        }
    }

    @Test("No settings and no expression break their readers")
    func readers() {
        var random = SplitMix(seed: 13)
        for _ in 0..<4000 {
            let input = bytes(&random, most: 80)
            _ = try? TOMLReader.read(input, name: "f")
            _ = AnswerText(input)
            if let program = try? RegexProgram(String(decoding: input, as: UTF8.self)),
                program.instructions.count < 2000
            {
                var machine = RegexMachine(program)
                _ = machine.matches(in: input[...], limit: 10)
            }
            _ = try? TokenPattern(String(decoding: input, as: UTF8.self))
        }
        #expect(AnswerText(Array(repeating: UInt8(ascii: "["), count: 100_000)) == nil)
        #expect(throws: RegexError.self) { try RegexProgram(String(repeating: "(", count: 100_000)) }
        #expect(throws: RegexError.self) { try RegexProgram(String(repeating: "(a{1000}){1000}", count: 1)) }
    }

    @Test("Each kind of personal data is at its place among all")
    func places() {
        #expect(EntityType.allCases.enumerated().allSatisfy { $0.element.index == $0.offset })
    }

    @Test("A filter keeps no more than 16 KiB, whatever it is fed with")
    func memory() throws {
        let rules = try OutputRules(.everything(.redact))
        for unit in [
            "a", "4", "1 ", "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAA", "\u{200B}", "é", "a@b.", "key = ",
        ] {
            var filter = TextFilter(rules)
            var most = 0
            var output: [UInt8] = []
            let piece = Array(String(repeating: unit, count: 16).utf8)
            for _ in 0..<2000 {
                filter.feed(piece[...], into: &output)
                _ = filter.takeFindings()
                most = max(most, filter.bytesKept)
                output = []
            }
            #expect(most <= 16 << 10, "\(unit.debugDescription): \(most)")
        }
    }
}
