import Testing

@testable import Guardrails

@Suite("Words that are passed over")
struct PlainWordTests {
    @Test("Letters end where one unit after the other says so, wherever a word stands in a text")
    func letters() {
        let plain = PlainWord(nil)
        let others: [UInt8] = [
            0, 0x20, 0x2E, 0x30, 0x40, 0x5B, 0x60, 0x7B, 0x7F, 0x80, 0x94, 0xC6, 0xDB, 0xE1, 0xFA, 0xFE,
        ]
        for other in others {
            for length in [0, 1, 2, 7, 8, 9, 15, 16, 17, 33] {
                for rest in [0, 1, 6, 7, 8, 30] {
                    for start in [0, 1, 5, 11] {
                        let word = (0..<length).map { [0x41, 0x5A, 0x61, 0x7A, 0x95, 0xC5, 0xFF][$0 % 7] as UInt8 }
                        let units = [UInt8](repeating: 0x62, count: start) + word + [other]
                        let all = units + [UInt8](repeating: 0x63, count: rest)
                        let end = unsafe all.withUnsafeBufferPointer { unsafe plain.letters($0, from: start) }
                        #expect(end == start + length, "\(other), \(length) letters at \(start), \(rest) behind")
                    }
                }
            }
        }
    }

    @Test("A unit is a letter among eight where it is one by itself")
    func letterByLetter() {
        let plain = PlainWord(nil)
        for unit in UInt8.min...UInt8.max {
            for place in 0..<8 {
                var units = [UInt8](repeating: 0x62, count: 8) + [0x20]
                units[place] = unit
                let end = unsafe units.withUnsafeBufferPointer { unsafe plain.letters($0, from: 0) }
                let isLetter = UnitClass.isLetter(unit) || UnitClass.isForeign(unit)
                #expect(end == (isLetter ? 8 : place), "\(unit) at \(place)")
            }
        }
    }

    private static let rules = Result { try OutputRules(.everything(.redact)) }

    /// Tokens that are letters alone, which a sentence could have.
    private static let tokens = [
        "LTAIxGkPqZvBnMwRtYhJ", "AKIAQRSTUVWXYZBCDEFG", "EAAAxGkPqZvBnMwRtYhJsDfLcN",
        "SKabcdefABCFEDabDCEFbadcEFABdcefba",
    ]

    @Test(
        "A credential of letters alone is found among words of prose",
        arguments: ["", "so it is ", "say \"", "\\n", "(", "Now. "],
        [" and so on it goes", ". Then more of it", ", and more of it", "\" and more of it", "\nand more of it"]
    )
    func tokensOfLetters(_ before: String, _ after: String) throws {
        let rules = try Self.rules.get()
        for token in Self.tokens {
            let whole = rules.filtered(before + token + after)
            #expect(whole.text == before + "[SECRET]" + after, "\(token)")
            for size in [1, 3, 16] {
                let parted = rules.filtered(before + token + after, by: size)
                #expect(parted.text == whole.text && parted.findings == whole.findings, "\(token) by \(size)")
            }
        }
    }
}
