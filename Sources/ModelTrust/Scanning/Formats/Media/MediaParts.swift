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
