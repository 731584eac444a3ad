/// Zip archives: PyTorch's, NumPy's, Keras', and any other.
enum ZipScanner: FormatScanner {
    static let format = "zip"

    /// What each member costs beside its records in the directory and what it takes to tell its format, in steps.
    private static let member = 32

    static func recognises(_ input: ScanInput) throws(ScanStop) -> Bool {
        let head = try input.head(4)
        if head == [0x50, 0x4b, 3, 4] || head == [0x50, 0x4b, 5, 6] { return true }
        // Readers look for the end record, so that anything can stand before an archive.
        guard let record = try ZipArchive.endRecord(input) else { return false }
        let end = ByteFields(try input.read(at: record, count: 22))
        let size = UInt64(end.u32(12))
        guard end.u16(10) > 0, size >= 46, size <= record else { return false }
        for start in [record - size, record >= size + 76 ? record - 76 - size : record] where start + 4 <= input.size {
            if try input.read(at: start, count: 4) == [0x50, 0x4b, 1, 2] { return true }
        }
        return false
    }

    static func scan(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        let archive = try ZipArchive(input, context)
        let first = archive.entries.map { $0.offset &+ archive.prefix }.min() ?? 0
        if first > 0 {
            try context.add(
                ScanFinding(
                    rule: "zip-prefix",
                    verdict: .notProven,
                    path: input.path,
                    offset: 0,
                    message: "\(first) bytes stand before the archive; a loader that begins at the start reads them"
                )
            )
            context.scan(try input.member("before the archive", at: 0, count: min(first, input.size)))
        }
        if archive.end < input.size {
            context.scan(try input.member("after the archive", at: archive.end, count: input.size - archive.end))
        }
        let members = ZipMembers(archive, context)
        if let torch = TorchArchive(archive, members) { return try torch.scan(context) }
        if let export = PT2Archive(archive, members) { return try export.scan(context) }
        // Storages, of which there are most, are not looked into; these are.
        try context.budget.step(archive.entries.count * member)
        for entry in archive.entries where !entry.isFolder {
            context.within(input) { () throws(ScanStop) in
                if let member = try members.open(entry) { context.scan(member) }
            }
        }
    }
}
