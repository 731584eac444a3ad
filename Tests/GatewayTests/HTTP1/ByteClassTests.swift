import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5))) struct ByteClassTests {
    @Test func `what is not printable is found wherever it stands`() {
        for length in 0...24 {
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                    bytes[place] = byte
                    // A second one behind it changes nothing.
                    for other in [UInt8(ascii: "~"), 0x00, 0xff] where place + 1 < length {
                        bytes[place + 1] = other
                        let found = bytes.span.skipPrintable(0..<length)
                        let first = bytes.firstIndex { $0 < 0x20 || $0 > 0x7e } ?? length
                        // The last seven are left to whoever looks at each.
                        #expect(found == first || found > length - 8 && found <= first, "\(bytes)")
                    }
                }
            }
        }
    }

    @Test func `only the range is looked at`() {
        let bytes = [0x00] + [UInt8](repeating: 0x20, count: 16) + [0x00]
        #expect(bytes.span.skipPrintable(1..<17) == 17)
        #expect(bytes.span.skipPrintable(0..<18) == 0)
        #expect(bytes.span.skipPrintable(3..<18) == 11)
    }
}
