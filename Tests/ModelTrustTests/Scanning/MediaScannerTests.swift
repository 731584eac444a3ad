import Testing

@testable import ModelTrust

@Suite struct MediaScannerTests {
    private static func chunk(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
        [0, 0, 0, UInt8(bytes.count)] + Array(name.utf8) + bytes + [1, 2, 3, 4]
    }

    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    private static let header = chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])
    private static let png =
        signature + header + chunk("tEXt", Array("a\0b".utf8)) + chunk("IDAT", [1, 2, 3]) + chunk("IEND", [])
    private static let jpeg: [UInt8] =
        [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xC0, 0, 3, 9, 0xFF, 0xDA, 0, 3, 1]
        + [7, 8, 0xFF, 0, 9, 0xFF, 0xD3, 5, 0xFF, 0xD9]
    private static let gif: [UInt8] =
        Array("GIF89a".utf8) + [1, 0, 1, 0, 0x80, 0, 0] + [0, 0, 0, 255, 255, 255]
        + [0x21, 0xF9, 4, 0, 0, 0, 0, 0] + [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B]

    private static func riff(_ kind: String, _ parts: [UInt8]) -> [UInt8] {
        Array("RIFF".utf8) + .little(UInt32(4 + parts.count)) + Array(kind.utf8) + parts
    }

    private static let wave = riff(
        "WAVE",
        Array("fmt ".utf8) + .little(UInt32(2)) + [1, 2] + Array("data".utf8) + .little(UInt32(3)) + [1, 2, 3, 0]
    )
    private static let webp = riff("WEBP", Array("VP8L".utf8) + .little(UInt32(3)) + [1, 2, 3])
    private static let whole = [png, jpeg, gif, wave, webp]

    /// Three pixels by two, of 24 bits each: rows of twelve bytes.
    private static func bitmap(
        length: Int? = nil,
        reserved: UInt8 = 0,
        start: Int = 54,
        header: UInt8 = 40,
        height: Int32 = 2,
        planes: UInt8 = 1,
        bits: UInt8 = 24,
        compression: UInt8 = 0,
        used: Int = 0,
        then pixels: [UInt8] = [UInt8](repeating: 7, count: 24)
    ) -> [UInt8] {
        Array("BM".utf8) + .little(UInt32(length ?? 54 + pixels.count)) + [reserved, 0, 0, 0] + .little(UInt32(start))
            + [header, 0, 0, 0, 3, 0, 0, 0] + .little(UInt32(bitPattern: height)) + [planes, 0, bits, 0]
            + [compression, 0, 0, 0] + [UInt8](repeating: 0, count: 12) + .little(UInt32(used)) + [0, 0, 0, 0] + pixels
    }

    @Test func `a bitmap has as many bytes as its measures say, and nothing between them`() {
        #expect(ScanProbe.scan(Self.bitmap()).findings == [])
        #expect(ScanProbe.scan(Self.bitmap(height: -2)).findings == [])
        #expect(
            ScanProbe.verdict(Self.bitmap(bits: 32, compression: 3, then: [UInt8](repeating: 7, count: 24))) != .proven
        )
        let command = [UInt8](repeating: 7, count: 24) + PickleBuilder.command
        #expect(ScanProbe.verdict(Self.bitmap(then: command)) == .unsafe)
        for other in [
            Self.bitmap(length: 79), Self.bitmap(reserved: 1), Self.bitmap(start: 58), Self.bitmap(start: 50),
            Self.bitmap(header: 12), Self.bitmap(header: 41), Self.bitmap(height: 0), Self.bitmap(height: 3),
            Self.bitmap(height: .min), Self.bitmap(planes: 2), Self.bitmap(bits: 25), Self.bitmap(bits: 8),
            Self.bitmap(compression: 1), Self.bitmap(compression: 4), Self.bitmap(used: 1), Self.bitmap(used: 1 << 30),
        ] { #expect(ScanProbe.verdict(other) != .proven, "\(other.prefix(54))") }
    }

    @Test(arguments: whole) func `a picture or a sound that is whole is proven`(bytes: [UInt8]) {
        let scan = ScanProbe.scan(bytes)
        #expect(scan.findings == [])
        #expect(scan.formats.map(\.format) == ["media"])
    }

    @Test(arguments: whole) func `what follows its end is refused and looked through`(bytes: [UInt8]) {
        let pickle = ScanProbe.scan(bytes + PickleBuilder.command)
        #expect(pickle.verdict == .unsafe)
        #expect(pickle.findings.map(\.rule).contains("trailing-bytes"))
        #expect(ScanProbe.verdict(bytes + [0]) == .notProven)
        #expect(ScanProbe.verdict(bytes + ZipBuilder(("a/data.pkl", PickleBuilder.command)).bytes) == .unsafe)
    }

    @Test(arguments: whole) func `one that breaks off is refused`(bytes: [UInt8]) {
        for count in 12..<bytes.count { #expect(ScanProbe.verdict(Array(bytes[..<count])) != .proven) }
    }

    @Test func `a part that the format does not know is refused`() {
        let png = Self.signature + Self.header + Self.chunk("evIL", [1]) + Self.chunk("IEND", [])
        #expect(ScanProbe.rules(png) == ["media-part"])
        #expect(ScanProbe.rules(Self.signature + Self.chunk("IEND", [])) == ["media-part"])
        #expect(ScanProbe.rules(Self.riff("WAVE", Array("evil".utf8) + .little(UInt32(0)))) == ["media-part"])
        #expect(ScanProbe.rules(Self.riff("WEBP", Array("VP8 ".utf8) + .little(UInt32(9)) + [1])) == ["media-part"])
        #expect(ScanProbe.verdict(Array("GIF89a".utf8)) == .notProven)
    }

    @Test(arguments: whole) func `a changed one never stops the scanner`(bytes: [UInt8]) {
        ScanProbe.mutate(bytes, rounds: 200, seed: UInt64(bytes.count)) { _ = ScanProbe.verdict($0) }
    }
}
