/// What some loader opens and no scan looks into: LZ4 frames, Zstandard, 7-Zip, RAR, Python's compiled code, R's objects,
/// documents, and models of formats that nobody reads here.
///
/// It is never proven, also where a model names the file as its raw data.
enum ForeignScanner: FormatScanner {
    static let format = "foreign"

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool { try kind(input) != nil }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let kind = try kind(input) else { return }
        try context.add(
            ScanFinding(
                rule: "foreign-format",
                verdict: .notProven,
                path: input.path,
                offset: 0,
                message: "it is \(kind), which no scan looks into\(advice(kind))"
            )
        )
    }

    /// What somebody who wants it proven can do; joblib and NumPy write the formats that are looked through as well.
    private static func advice(_ kind: String) -> String {
        if kind.hasSuffix("frame") { return "; expand it, or compress with zlib, gzip, bzip2, xz or LZMA instead" }
        if kind.hasSuffix("archive") { return "; unpack it, or pack it with zip or tar instead" }
        return kind.hasSuffix("model") ? "; have it converted to ONNX" : ""
    }

    private static let magics: [([UInt8], String)] = [
        ([0x04, 0x22, 0x4D, 0x18], "an LZ4 frame"), ([0x02, 0x21, 0x4C, 0x18], "an LZ4 frame"),
        ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard frame"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7-Zip archive"),
        ([0x52, 0x61, 0x72, 0x21, 0x1A, 0x07], "a RAR archive"),
        (Array("MSCF".utf8), "a cabinet archive"), (Array("%PDF-".utf8), "a PDF document"),
        (Array("%!PS".utf8), "a PostScript program"), (Array("CBM1".utf8), "a CatBoost model"),
        // What R unserialises can run code (CVE-2024-27322); its third form is text.
        (Array("RDX".utf8), "a file of R's objects"), (Array("RDA".utf8), "a file of R's objects"),
        (Array("A\n2\n".utf8), "a file of R's objects"), (Array("A\n3\n".utf8), "a file of R's objects"),
    ]

    private static func kind(_ input: ScanInput) throws(ScanStop) -> String? {
        let head = try input.head(8)
        for (magic, name) in magics where head.starts(with: magic) { return name }
        // CPython's `importlib/_bootstrap_external.py`: a number of the version, and CR LF.
        guard head.count == 8, head[2] == 0x0D, head[3] == 0x0A else { return nil }
        let version = Int(head[0]) | Int(head[1]) << 8
        return 3000...3800 ~= version || 62011...62218 ~= version ? "Python's compiled code" : nil
    }
}
