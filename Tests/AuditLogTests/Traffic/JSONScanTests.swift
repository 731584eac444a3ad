import Testing

@testable import AuditLog

@Suite struct JSONScanTests {
    /// What `JSONScan.string` has to find, one byte at a time.
    private func end(of text: [UInt8]) -> Int? {
        guard text.first == UInt8(ascii: "\"") else { return nil }
        var offset = 1
        while offset < text.count {
            switch text[offset] {
            case UInt8(ascii: "\""): return offset
            case 0..<0x20: return nil
            case UInt8(ascii: "\\"): offset += 2
            default: offset += 1
            }
        }
        return nil
    }

    @Test func `any byte at any place of a string is seen`() {
        for length in 0..<26 {
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var text = [UInt8(ascii: "\"")] + Array(repeating: UInt8(ascii: "a"), count: length)
                    text[1 + place] = byte
                    text += Array("\": 1".utf8)
                    var offset = 0
                    let found = JSONScan.string(text.span, &offset)
                    #expect(found == end(of: text).map { 1..<$0 })
                    if let found { #expect(offset == found.upperBound + 1) }
                }
            }
        }
    }

    @Test func `random strings end where they end`() {
        var random = SeededGenerator(state: 8)
        let bytes: [UInt8] = [0x00, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x5b, 0x5c, 0x5d, 0x61, 0x7f, 0x80, 0xa2, 0xdc, 0xff]
        for _ in 0..<20_000 {
            let length = Int.random(in: 0..<40, using: &random)
            let text = [UInt8(ascii: "\"")] + (0..<length).map { _ in bytes.randomElement(using: &random) ?? 0 }
            var offset = 0
            #expect(JSONScan.string(text.span, &offset) == end(of: text).map { 1..<$0 }, "\(text)")
        }
    }
}
