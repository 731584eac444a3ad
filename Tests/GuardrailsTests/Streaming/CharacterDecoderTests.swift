import Testing

@testable import Guardrails

@Suite("Units of characters")
struct CharacterDecoderTests {
    private struct Decoded: Equatable {
        var units: [UInt8] = []
        /// Where the bytes of each unit end.
        var ends: [Int] = []
    }

    /// What becomes of bytes that come in pieces.
    private func decoded(_ bytes: [UInt8], inPiecesOf size: Int) -> Decoded {
        var decoder = CharacterDecoder()
        var units = [UInt8](repeating: 0, count: bytes.count)
        var count = 0
        for end in Array(stride(from: size, to: bytes.count, by: size)) + [bytes.count] {
            let isFinal = end == bytes.count
            count = unsafe bytes[..<end].withUnsafeBufferPointer { bytes in
                unsafe units.withUnsafeMutableBufferPointer { units in
                    let room = unsafe UnsafeMutableBufferPointer(rebasing: units[count...])
                    return unsafe decoder.decode(bytes, into: room, first: count, isFinal: isFinal)
                }
            }
        }
        let ends = (0..<count).map { decoder.offset(before: $0 + 1, base: 0) }
        return Decoded(units: Array(units[..<count]), ends: ends)
    }

    private func units(_ text: String) -> [UInt8] { decoded(Array(text.utf8), inPiecesOf: .max).units }

    @Test("Each character is one unit, whatever it takes to write it, and plain where it stands for a plain one")
    func characters() {
        #expect(units("a1 é") == [0x61, 0x31, 0x20, TextUnits.letter])
        #expect(units("\u{FF14}\u{1D7D2}\u{0664}\u{0968}") == Array("4442".utf8))
        #expect(units("a\u{2014}b\u{3000}c") == Array("a-b c".utf8))
        #expect(units("\u{65E5}\u{672C}\u{4DC0}") == [TextUnits.ideograph, TextUnits.ideograph, TextUnits.other])
        #expect(units("\u{1F600}\0") == [TextUnits.other, TextUnits.other])
        #expect(units("\u{5BC6}\u{7801}") == [0x82, 0x88])
    }

    @Test("A word that tells a password has the same units in small letters and in capital ones")
    func words() {
        for (small, capital) in [("пароль", "ПАРОЛЬ"), ("κωδικός", "ΚΩΔΙΚΌΣ")] {
            #expect(units(small).dropLast() == units(capital).dropLast())
            #expect(units(small).allSatisfy(UnitClass.isForeign))
        }
    }

    @Test("A character that is not seen belongs to the one after it, up to 32 of them")
    func unseen() {
        let few = decoded(Array("4\u{200B}\u{AD}1".utf8), inPiecesOf: .max)
        #expect(few == Decoded(units: Array("41".utf8), ends: [1, 7]))
        let many = units(String(repeating: "\u{200B}", count: 33) + "1")
        #expect(many == [TextUnits.other, 0x31])
    }

    @Test("A byte that is part of no character is a unit of its own")
    func invalid() {
        // A lone continuation, a form that is too long, half of a surrogate pair, beyond the last code point.
        for bytes in [[0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]] {
            let found = decoded(bytes + [0x61], inPiecesOf: .max)
            let other = [UInt8](repeating: TextUnits.other, count: bytes.count)
            #expect(found == Decoded(units: other + [0x61], ends: Array(1...bytes.count + 1)), "\(bytes)")
        }
    }

    @Test("How the bytes are cut makes no difference", arguments: 1...9)
    func pieces(size: Int) {
        let text = "Card 4\u{200B}111 \u{FF11}\u{1D7CF}, 日本語のパスワード, \u{1F600}é\0 and plain words of ASCII behind."
        let bytes = Array(text.utf8) + [0xE2, 0x82, 0x41, 0xC3]
        #expect(decoded(bytes, inPiecesOf: size) == decoded(bytes, inPiecesOf: .max))
    }

    @Test("What went out is dropped, and the units behind it keep their bytes")
    func drops() {
        let bytes = Array("é4\u{200B}1日b".utf8)
        var decoder = CharacterDecoder()
        var units = [UInt8](repeating: 0, count: bytes.count)
        let count = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe units.withUnsafeMutableBufferPointer {
                unsafe decoder.decode(bytes, into: $0, first: 0, isFinal: true)
            }
        }
        #expect(count == 5)
        let gone = decoder.offset(before: 2, base: 0)
        #expect(gone == 3)
        decoder.drop(gone, movingUnitsBy: 2, from: 2)
        #expect((1...3).map { decoder.offset(before: $0, base: 0) } == [4, 7, 8])
    }
}
