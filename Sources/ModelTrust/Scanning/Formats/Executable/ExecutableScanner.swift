/// Programs: ELF, PE and APE, Mach-O, WebAssembly, scripts, class files, shared objects under any name.
///
/// A program is never proven. Whether it would be run by whoever loads it cannot be known from it.
enum ExecutableScanner: FormatScanner {
    static let format = "executable"

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool { try kind(input) != nil }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        guard let kind = try kind(input) else { return }
        try context.add(
            ScanFinding(
                rule: "executable",
                verdict: .notProven,
                path: input.path,
                offset: 0,
                message: "it is \(kind): a program and not a model"
            )
        )
    }

    private static let magics: [([UInt8], String)] = [
        ([0x7F, 0x45, 0x4C, 0x46], "an ELF program"),
        ([0xFE, 0xED, 0xFA, 0xCE], "a Mach-O program"), ([0xFE, 0xED, 0xFA, 0xCF], "a Mach-O program"),
        ([0xCE, 0xFA, 0xED, 0xFE], "a Mach-O program"), ([0xCF, 0xFA, 0xED, 0xFE], "a Mach-O program"),
        ([0xCA, 0xFE, 0xBA, 0xBE], "a Mach-O or Java program"), ([0xCA, 0xFE, 0xBA, 0xBF], "a Mach-O program"),
        ([0x00, 0x61, 0x73, 0x6D], "a WebAssembly program"), ([0x64, 0x65, 0x78, 0x0A], "a Dalvik program"),
        ([0x42, 0x43, 0xC0, 0xDE], "LLVM bitcode"),
        ([0x21, 0x3C, 0x61, 0x72, 0x63, 0x68, 0x3E], "a library of objects"),
        ([0x23, 0x21], "a script"), ([0xEF, 0xBB, 0xBF, 0x23, 0x21], "a script"),
        (Array("jartsr='".utf8), "an APE program"), (Array("APEDBG='".utf8), "an APE program"),
        ([0x4C, 0x00, 0x00, 0x00, 0x01, 0x14, 0x02, 0x00], "a Windows shortcut"),
    ]

    private static func kind(_ input: ScanInput) throws(ScanStop) -> String? {
        let head = try input.head(64)
        for (magic, name) in magics where head.starts(with: magic) { return name }
        guard head.starts(with: [0x4D, 0x5A]) else { return nil }
        // An APE begins `MZqFpD` or `MZqFpD='`; a PE has binary bytes behind its two letters.
        let isBinary = head.dropFirst(2).contains { $0 < 0x09 || $0 >= 0x80 }
        return isBinary || head.dropFirst(2).starts(with: "qFpD".utf8) ? "a Windows or APE program" : nil
    }
}
