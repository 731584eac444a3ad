/// Names of members of zip and tar archives.
enum MemberName {
    /// Why a name is not one to write to, with the verdict; nil where it is.
    ///
    /// A name that leads out of the folder that an archive is unpacked into is unsafe: unpacking it overwrites what lies
    /// there (CVE-2007-4559 and many since).
    static func fault(_ name: String) -> (verdict: ScanVerdict, why: String)? {
        if isPlain(name) { return nil }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if name.hasPrefix("/") || parts.contains("..") { return (.unsafe, "leads out of the archive's folder") }
        if name.contains("\\") || name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
            return (.notProven, "is read differently by different systems")
        }
        if let first = parts.first, first.count == 2, first.hasSuffix(":") { return (.unsafe, "names a drive") }
        guard !name.isEmpty, !parts.dropLast().contains(where: { $0.isEmpty || $0 == "." }), parts.last != "." else {
            return (.notProven, "is not in its plain form")
        }
        return nil
    }

    /// Whether a name is of letters, digits, `-`, `_` and single dots and slashes: most are, and no more has to be asked.
    private static func isPlain(_ name: String) -> Bool {
        var before = UInt8(ascii: "/")
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                break
            case UInt8(ascii: "."), UInt8(ascii: "/"):
                if before == UInt8(ascii: ".") || before == UInt8(ascii: "/") { return false }
            default: return false
            }
            before = byte
        }
        return before != UInt8(ascii: "/") && before != UInt8(ascii: ".")
    }
}
