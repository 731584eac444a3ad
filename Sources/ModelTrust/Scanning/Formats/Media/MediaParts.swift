/// Goes through the parts of pictures and sounds; each function returns where the file is over by its own account.
enum MediaParts {
    /// Chunks of PNG (third edition, section 5.6) and of its extensions, APNG among them.
    private static let chunks: Set<String> = [
        "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV", "cLLI", "tEXt",
        "zTXt", "iTXt", "bKGD", "hIST", "pHYs", "sPLT", "eXIf", "tIME", "acTL", "fcTL", "fdAT", "oFFs", "vpAg",
    ]
    /// Chunks of WebP (RFC 9649) and of WAVE with its common tags.
    private static let parts: Set<String> = [
        "VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP", "EXIF", "XMP ", "fmt ", "data", "fact", "LIST", "cue ",
        "smpl", "bext", "id3 ", "ID3 ", "PEAK", "iXML", "JUNK", "junk", "inst", "plst",
    ]

    static func png(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) -> UInt64 {
        var reader = PickleReader(input, at: 8)
        var isFirst = true
        while true {
            try context.budget.step(4)
            let start = reader.offset
            let count = try big(&reader, 4)
            let name = try name(&reader)
            guard chunks.contains(name), isFirst == (name == "IHDR") else { throw unknown(name, at: start) }
            isFirst = false
            // Its bytes, and their CRC.
            try reader.skip(count + 4)
            if name == "IEND" { return reader.offset }
        }
    }

    /// Segments of JPEG (T.81, annex B), and the picture between them.
    static func jpeg(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) -> UInt64 {
        var reader = PickleReader(input, at: 2)
        while true {
            try context.budget.step(4)
            let start = reader.offset
            guard try reader.byte() == 0xFF else { throw unknown("", at: start) }
            var marker = try reader.byte()
            while marker == 0xFF { marker = try reader.byte() }
            switch marker {
            case 0xD9: return reader.offset
            case 0x01, 0xD0...0xD7: continue
            case 0xC0...0xCF, 0xDA...0xDF, 0xE0...0xEF, 0xFE: break
            default: throw unknown("0x" + String(marker, radix: 16), at: start)
            }
            let count = try big(&reader, 2)
            guard count >= 2 else { throw unknown("0x" + String(marker, radix: 16), at: start) }
            try reader.skip(count - 2)
            if marker == 0xDA { reader = try PickleReader(input, at: picture(input, from: reader.offset, context)) }
        }
    }

    /// Where the bytes of a JPEG's picture are over: at a marker that is no part of them.
    private static func picture(
        _ input: ScanInput,
        from start: UInt64,
        _ context: ScanContext
    ) throws(ScanStop) -> UInt64 {
        var offset = start
        while offset + 1 < input.size {
            // The largest picture that is gone through has 256 MiB.
            try context.budget.step(1_024)
            let bytes = try input.read(at: offset, count: Int(min(1 << 16, input.size - offset)))
            for index in 0..<(bytes.count - 1) where bytes[index] == 0xFF {
                if bytes[index + 1] != 0, bytes[index + 1] != 0xFF, !(0xD0...0xD7 ~= bytes[index + 1]) {
                    return offset + UInt64(index)
                }
            }
            offset += UInt64(bytes.count - 1)
        }
        throw ScanStop(rule: "truncated", offset: start, message: "the picture has no end")
    }

    static func gif(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) -> UInt64 {
        var reader = PickleReader(input, at: 10)
        let flags = try reader.byte()
        // The background and the shape of a pixel.
        try reader.skip(2)
        try colours(flags, &reader)
        while true {
            try context.budget.step(4)
            let start = reader.offset
            switch try reader.byte() {
            case 0x3B: return reader.offset
            case 0x21: try reader.skip(1)
            case 0x2C:
                try reader.skip(8)
                try colours(try reader.byte(), &reader)
                try reader.skip(1)
            case let kind: throw unknown("0x" + String(kind, radix: 16), at: start)
            }
            while case let count = try reader.byte(), count > 0 {
                try context.budget.step()
                try reader.skip(UInt64(count))
            }
        }
    }

    /// Passes over a table of colours, where the flags say that there is one.
    private static func colours(_ flags: UInt8, _ reader: inout PickleReader) throws(ScanStop) {
        if flags & 0x80 != 0 { try reader.skip(3 << UInt64(flags & 7 + 1)) }
    }

    /// A bitmap of Windows: its headers, a table of colours, and rows of as many bytes as its measures say.
    static func bitmap(_ input: ScanInput) throws(ScanStop) -> UInt64 {
        var reader = PickleReader(input, at: 10)
        let start = try reader.number(4)
        let header = try reader.number(4)
        // BITMAPINFOHEADER and those that came after it.
        guard [40, 52, 56, 108, 124].contains(header) else { throw unknown("", at: 14) }
        let width = Int32(truncatingIfNeeded: try reader.number(4))
        let height = Int32(truncatingIfNeeded: try reader.number(4))
        let planes = try reader.number(2)
        let bits = try reader.number(2)
        let compression = try reader.number(4)
        try reader.skip(12)
        let used = try reader.number(4)
        guard planes == 1, [1, 4, 8, 16, 24, 32].contains(bits), width > 0, height != 0,
            compression == 0 || compression == 3 && bits >= 16
        else { throw unknown("", at: 18) }
        let colours = bits <= 8 && used == 0 ? 1 << bits : used
        guard colours <= 256 else { throw unknown("", at: 46) }
        // Masks of colours stand behind the shortest header, and within the others.
        let masks: UInt64 = compression == 3 && header == 40 ? 12 : 0
        guard start == 14 + header + masks + 4 * colours else { throw unknown("", at: 10) }
        let row = (UInt64(width) * bits + 31) / 32 * 4
        let end = start + row * UInt64(height.magnitude)
        guard end <= input.size else {
            throw ScanStop(rule: "truncated", offset: start, message: "it has not as many bytes as it says")
        }
        return end
    }

    static func riff(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) -> UInt64 {
        var reader = PickleReader(input, at: 4)
        let end = try 8 + reader.number(4)
        guard end >= 12, end <= input.size else {
            throw ScanStop(rule: "truncated", offset: 4, message: "it has not as many bytes as it says")
        }
        try reader.skip(4)
        while reader.offset < end {
            try context.budget.step(4)
            let start = reader.offset
            guard end - start >= 8 else { throw unknown("", at: start) }
            let name = try name(&reader)
            guard parts.contains(name) else { throw unknown(name, at: start) }
            let count = try reader.number(4)
            guard count <= end - reader.offset else { throw unknown(name, at: start) }
            try reader.skip(count)
            // A chunk of an odd length has a byte behind it; some writers leave it out of the last.
            if count & 1 == 1, reader.offset < end { try reader.skip(1) }
        }
        return end
    }

    private static func big(_ reader: inout PickleReader, _ count: Int) throws(ScanStop) -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<count { value = value << 8 | UInt64(try reader.byte()) }
        return value
    }

    private static func name(_ reader: inout PickleReader) throws(ScanStop) -> String {
        String(decoding: try reader.run(4, keeping: 4), as: UTF8.self)
    }

    private static func unknown(_ name: String, at offset: UInt64) -> ScanStop {
        ScanStop(
            rule: "media-part",
            offset: offset,
            element: name.isEmpty ? nil : PickleText.clean(name, limit: 8),
            message: "a part stands here that the format does not know; save the picture or sound anew, or leave it out"
        )
    }
}
