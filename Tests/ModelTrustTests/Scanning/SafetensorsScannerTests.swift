import Testing

@testable import ModelTrust

@Suite struct SafetensorsScannerTests {
    private static func file(_ header: String, data: Int = 0) -> [UInt8] {
        .little(UInt64(header.utf8.count)) + Array(header.utf8) + [UInt8](repeating: 7, count: data)
    }

    private static let tensor = #"{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}"#

    @Test(arguments: [
        #"{"w":\#(tensor)}"#,
        #"{"__metadata__":{"format":"pt"},"w":\#(tensor)}"#,
        #"{"w":\#(tensor)}        "#,
        #"{"b":{"dtype":"U8","shape":[8],"data_offsets":[8,16]},"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}"#,
        #"{"w":\#(tensor),"none":{"dtype":"F64","shape":[0,7],"data_offsets":[16,16]}}"#,
        #"{"n":{"dtype":"F4","shape":[32],"data_offsets":[0,16]}}"#,
    ])
    func `a header that says what there is is proven`(header: String) {
        #expect(ScanProbe.verdict(Self.file(header, data: 16)) == .proven)
    }

    @Test(arguments: [
        // What the common library takes and this format does not have.
        #"{"w":\#(tensor),"w":\#(tensor)}"#,
        #"{"__metadata__":{"a":"1","a":"2"},"w":\#(tensor)}"#,
        #" {"w":\#(tensor)}"#,
        "{\"w\":\(tensor)}\n",
        #"{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16],"x":1}}"#,
        // Shapes, types and places that do not agree.
        #"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,16]}}"#,
        #"{"w":{"dtype":"F33","shape":[2,2],"data_offsets":[0,16]}}"#,
        #"{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[16,0]}}"#,
        #"{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16,16]}}"#,
        #"{"w":{"dtype":"F32","shape":[2,2.0],"data_offsets":[0,16]}}"#,
        #"{"w":{"dtype":"F32","shape":[2,-2],"data_offsets":[0,16]}}"#,
        #"{"w":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}"#,
        #"{"w":{"dtype":"U8","shape":[8],"data_offsets":[8,16]}}"#,
        #"{"w":\#(tensor),"v":\#(tensor)}"#,
        #"{"w":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,16]}}"#,
        #"{"n":{"dtype":"F4","shape":[33],"data_offsets":[0,16]}}"#,
        #"{"../w":\#(tensor)}"#,
        #"{"a/../../w":\#(tensor)}"#,
        #"{"/etc/w":\#(tensor)}"#,
        #"{"w\u0000":\#(tensor)}"#,
        #"{"__metadata__":{"a":1},"w":\#(tensor)}"#,
        #"{"__metadata__":[],"w":\#(tensor)}"#,
        #"{"w":[]}"#,
        "[]",
        "null",
    ])
    func `a header that lies, or that parsers read differently, is not proven`(header: String) {
        #expect(ScanProbe.verdict(Self.file(header, data: 16)) == .notProven)
    }

    /// The lengths whose first bytes are PROTO, and what a pickle would have to go on with; and those of MessagePack's
    /// extensions and maps.
    @Test(arguments: [
        0x0080, 0x0280, 0x0580, 0x010280, 0x280280, 0x5d0480, 0x00C8, 0x10C8, 0x02C7, 0x2BC9, 0x00D4, 0x01D5, 0x03D8,
        0xA181, 0xA08F, 0xBF8F, 0xD98A, 0xDB82, 0x01A188,
    ])
    func `a header whose length begins like a pickle or MessagePack is a header`(length: Int) {
        let header = #"{"w":\#(Self.tensor)}"#
        let padded = header + String(repeating: " ", count: length - header.utf8.count)
        #expect(ScanProbe.verdict(Self.file(padded, data: 16)) == .proven)
    }

    @Test func `a header whose length begins a pickle that runs into it is both`() throws {
        // PROTO 2, and BINUNICODE over the end of the length: the next opcode is for the header to say.
        for (second, isPickle) in [(UInt8(0), false), (1, true), (5, true)] {
            let head: [UInt8] = [0x80, 2, 0x58, second, 0, 0, 0, 0] + Array(#"{"w":{}}"#.utf8)
            #expect(try PickleScanner.recognises(ScanInput(path: "w", bytes: head)) == isPickle)
        }
    }

    @Test func `lengths beyond the file or the format are not proven`() {
        let whole = Self.file(#"{"w":\#(Self.tensor)}"#, data: 16)
        for length in [0, 1, UInt64(whole.count), 100_000_000, 100_000_001, 1 << 63, .max] {
            #expect(ScanProbe.verdict(.little(length) + whole.dropFirst(8)) == .notProven)
        }
        #expect(ScanProbe.verdict(whole + [0]) == .notProven)
        #expect(ScanProbe.verdict(whole.dropLast(1)) == .notProven)
    }

    @Test func `a changed file never stops the scanner`() {
        let whole = Self.file(#"{"__metadata__":{"format":"pt"},"w":\#(Self.tensor)}"#, data: 16)
        ScanProbe.mutate(whole, seed: 1) { _ = ScanProbe.verdict($0) }
    }
}

extension ScanProbe {
    static func verdict(_ bytes: ArraySlice<UInt8>) -> ScanVerdict { verdict(Array(bytes)) }
}
