/// A zip archive read as strictly as its format allows (PKWARE's APPNOTE 6.3.10).
///
/// A zip says everything twice, and readers differ in which they believe. What does not agree is a finding, and what
/// any reader might see is scanned all the same: that a file is broken is no reason to look away from what is in it.
struct ZipArchive {
    private static let endSize = 22
    private static let longestComment = 65_535
    /// What a record of the directory costs, with the member's own header, in steps.
    private static let record = 32

    let input: ScanInput
    private let context: ScanContext
    /// The members, in the order of the central directory.
    private(set) var entries: [ZipEntry] = []
    /// Bytes before the first member.
    private(set) var prefix: UInt64 = 0
    /// Where the end record is over, with its comment.
    private(set) var end: UInt64 = 0

    /// Reads the directory and the local headers; what is wrong goes to the context.
    ///
    /// - Throws: ``ScanStop`` where there is no directory to go by.
    init(_ input: ScanInput, _ context: ScanContext) throws(ScanStop) {
        self.input = input
        self.context = context
        guard let record = try Self.endRecord(input) else {
            throw ScanStop(rule: "zip-directory", message: "there is no end record, so that nobody knows what is in it")
        }
        let (count, size, start) = try directory(record)
        try readEntries(count: count, size: size, at: start)
        try readLocalHeaders(until: start)
    }

    // MARK: The end record

    /// The offset of the last end record, which is the one that readers take.
    static func endRecord(_ input: ScanInput) throws(ScanStop) -> UInt64? {
        guard input.size >= UInt64(endSize) else { return nil }
        let count = Int(min(input.size, UInt64(endSize + longestComment)))
        let start = input.size - UInt64(count)
        let tail = try input.read(at: start, count: count)
        var index = count - endSize
        while index >= 0 {
            if tail[index] == 0x50, tail[index + 1] == 0x4b, tail[index + 2] == 5, tail[index + 3] == 6 {
                return start + UInt64(index)
            }
            index -= 1
        }
        return nil
    }

    private mutating func directory(_ offset: UInt64) throws(ScanStop) -> (UInt64, UInt64, UInt64) {
        let end = ByteFields(try input.read(at: offset, count: Self.endSize))
        self.end = min(offset + UInt64(Self.endSize) + UInt64(end.u16(20)), input.size)
        if end.u16(20) > 0 {
            try report("zip-comment", .notProven, at: offset, "the archive has a comment, in which anything can hide")
        }
        if self.end < input.size || UInt64(end.u16(20)) > input.size - offset - UInt64(Self.endSize) {
            try report("zip-suffix", .notProven, at: self.end, "the archive's end record is not at the end of the file")
        }
        guard end.u16(4) == 0 || end.u16(4) == .max, end.u16(6) == 0 || end.u16(6) == .max else {
            throw ScanStop(rule: "zip-directory", offset: offset, message: "it is one of several volumes")
        }
        var (count, size, start) = (UInt64(end.u16(10)), UInt64(end.u32(12)), UInt64(end.u32(16)))
        var directoryEnd = offset
        if let long = try longRecord(before: offset) {
            for (short, long, mask) in [
                (count, long.count, 0xffff), (size, long.size, 0xffff_ffff), (start, long.start, 0xffff_ffff),
            ]
            where short != long && short != UInt64(mask) {
                try report("zip-mismatch", .notProven, at: offset, "the two end records do not agree")
                break
            }
            (count, size, start, directoryEnd) = (long.count, long.size, long.start, long.offset)
        } else if end.u16(8) != end.u16(10) {
            try report("zip-mismatch", .notProven, at: offset, "the end record has two numbers of members")
        }
        guard size <= directoryEnd, start <= directoryEnd - size else {
            throw ScanStop(rule: "zip-directory", offset: offset, message: "the directory lies outside the file")
        }
        prefix = directoryEnd - size - start
        return (count, size, directoryEnd - size)
    }

    /// The zip64 end record, which stands right before its locator and the end record.
    private func longRecord(
        before end: UInt64
    ) throws(ScanStop) -> (count: UInt64, size: UInt64, start: UInt64, offset: UInt64)? {
        guard end >= 76 else { return nil }
        let bytes = ByteFields(try input.read(at: end - 76, count: 76))
        guard bytes.u32(56) == 0x0706_4b50 else { return nil }
        guard bytes.u32(0) == 0x0606_4b50, bytes.u64(4) == 44, bytes.u32(16) == 0, bytes.u32(20) == 0,
            bytes.u64(24) == bytes.u64(32), bytes.u64(64) <= end - 76
        else { throw ScanStop(rule: "zip-directory", offset: end - 20, message: "the zip64 end record is broken") }
        return (bytes.u64(32), bytes.u64(40), bytes.u64(48), end - 76)
    }

    // MARK: The directory

    private mutating func readEntries(count: UInt64, size: UInt64, at start: UInt64) throws(ScanStop) {
        var reader = PickleReader(input, at: start)
        let end = start + size
        var names: Set<String> = []
        while reader.offset < end {
            try context.budget.step(Self.record)
            try context.budget.check(members: entries.count + 1)
            guard end - reader.offset >= 46 else { throw Self.broken(reader.offset) }
            let fields = ByteFields(try reader.run(46, keeping: 46))
            guard fields.u32(0) == 0x0201_4b50 else { throw Self.broken(reader.offset - 46) }
            let lengths = (UInt64(fields.u16(28)), UInt64(fields.u16(30)), UInt64(fields.u16(32)))
            guard lengths.0 + lengths.1 + lengths.2 <= end - reader.offset else { throw Self.broken(reader.offset) }
            let name = try reader.run(lengths.0, keeping: 65_535)
            let extra = try reader.run(lengths.1, keeping: 65_535)
            try reader.skip(lengths.2)
            let isUnix = fields.u16(4) >> 8 == 3
            var entry = ZipEntry(
                name: try memberName(name, flags: fields.u16(8)),
                flags: fields.u16(8),
                method: fields.u16(10),
                crc: fields.u32(16),
                compressedSize: UInt64(fields.u32(20)),
                size: UInt64(fields.u32(24)),
                offset: UInt64(fields.u32(42)),
                mode: isUnix ? fields.u16(40) : 0,
                hasComment: lengths.2 > 0
            )
            var long = try ZipExtra(extra, path: input.path, context).long[...]
            if entry.size == 0xffff_ffff { entry.size = long.popFirst() ?? entry.size }
            if entry.compressedSize == 0xffff_ffff { entry.compressedSize = long.popFirst() ?? entry.compressedSize }
            if entry.offset == 0xffff_ffff { entry.offset = long.popFirst() ?? entry.offset }
            try check(entry)
            // PyTorch's reader takes names for the same that differ in case.
            if !names.insert(Self.caseless(entry.name)).inserted {
                try report(
                    "zip-duplicate",
                    .notProven,
                    name: entry.name,
                    "is there twice: readers differ in which they take"
                )
            }
            entries.append(entry)
        }
        if UInt64(entries.count) != count {
            try report("zip-mismatch", .notProven, at: start, "the end record counts other members than there are")
        }
    }

    /// A name in lower case, as most are.
    private static func caseless(_ name: String) -> String {
        let isLower = name.utf8.allSatisfy { $0 < 0x80 && !(0x41...0x5A).contains($0) }
        return isLower ? name : name.lowercased()
    }

    private func memberName(_ bytes: [UInt8], flags: UInt16) throws(ScanStop) -> String {
        let name = String(decoding: bytes, as: UTF8.self)
        let isText = bytes.allSatisfy { $0 < 0x80 } || flags & 1 << 11 != 0 && name.utf8.elementsEqual(bytes)
        if !isText { try report("zip-name", .notProven, name: name, "has a name that readers decode differently") }
        return name
    }

    private func check(_ entry: ZipEntry) throws(ScanStop) {
        let isFolder = entry.isFolder
        if let fault = MemberName.fault(isFolder ? String(entry.name.dropLast()) : entry.name) {
            try report("zip-name", fault.verdict, name: entry.name, "has a name that \(fault.why)")
        }
        if entry.hasComment { try report("zip-comment", .notProven, name: entry.name, "has a comment") }
        let type = entry.mode & 0xf000
        if type != 0, type != 0x8000, type != 0x4000 {
            let verdict = type == 0xa000 ? ScanVerdict.unsafe : .notProven
            try report("zip-link", verdict, name: entry.name, "is a link or a device, not a file")
        }
        if isFolder, entry.size != 0 {
            try report("zip-size", .notProven, name: entry.name, "is a folder with bytes")
        }
    }

    // MARK: The local headers

    private mutating func readLocalHeaders(until directory: UInt64) throws(ScanStop) {
        var position = prefix
        let order = entries.indices.sorted { entries[$0].offset < entries[$1].offset }
        for (place, index) in order.enumerated() {
            let entry = entries[index]
            let (start, overflows) = entry.offset.addingReportingOverflow(prefix)
            guard !overflows, start <= directory, directory - start >= 30 else { throw Self.broken(entry.offset) }
            if start != position {
                let what = start < position ? "overlap" : "leave a gap"
                try report("zip-gap", .notProven, at: position, name: entry.name, "and what is before it \(what)")
            }
            let fields = ByteFields(try input.read(at: start, count: 30))
            guard fields.u32(0) == 0x0403_4b50 else { throw Self.broken(start) }
            let lengths = (Int(fields.u16(26)), Int(fields.u16(28)))
            let rest = try input.read(at: start + 30, count: lengths.0 + lengths.1)
            entries[index].dataStart = start + 30 + UInt64(rest.count)
            try compare(entry, fields, name: rest.prefix(lengths.0), extra: rest.dropFirst(lengths.0))
            guard directory >= entries[index].dataStart, entry.compressedSize <= directory - entries[index].dataStart
            else {
                throw Self.broken(start)
            }
            position = entries[index].dataStart + entry.compressedSize
            if entry.flags & ZipEntry.descriptor != 0 {
                let next = place + 1 < order.count ? entries[order[place + 1]].offset &+ prefix : directory
                position += try descriptor(entry, at: position, until: next)
            }
        }
        if position != directory {
            try report("zip-gap", .notProven, at: position, "bytes lie between the last member and the directory")
        }
    }

    /// Compares what the local header says with the directory.
    private func compare(
        _ entry: ZipEntry,
        _ local: ByteFields,
        name: ArraySlice<UInt8>,
        extra: ArraySlice<UInt8>
    ) throws(ScanStop) {
        var differs: [String] = []
        if !name.elementsEqual(entry.name.utf8) { differs.append("name") }
        if local.u16(6) != entry.flags { differs.append("flags") }
        if local.u16(8) != entry.method { differs.append("method") }
        var long = try ZipExtra(Array(extra), path: input.path, context).long[...]
        let crc = local.u32(14)
        var (compressed, size) = (UInt64(local.u32(18)), UInt64(local.u32(22)))
        if size == 0xffff_ffff { size = long.popFirst() ?? size }
        if compressed == 0xffff_ffff { compressed = long.popFirst() ?? compressed }
        let isLater = entry.flags & ZipEntry.descriptor != 0 && crc == 0 && compressed == 0 && size == 0
        if !isLater {
            if crc != entry.crc { differs.append("CRC") }
            if compressed != entry.compressedSize || size != entry.size { differs.append("size") }
        }
        guard differs.isEmpty else {
            let what = differs.joined(separator: " and ")
            return try report(
                "zip-mismatch",
                .notProven,
                name: entry.name,
                "has another \(what) in its own header than in the directory"
            )
        }
    }

    /// The bytes of a data descriptor, whose four forms only its length and contents tell apart.
    private func descriptor(_ entry: ZipEntry, at position: UInt64, until next: UInt64) throws(ScanStop) -> UInt64 {
        guard next > position, next - position <= 24 else {
            try report("zip-mismatch", .notProven, name: entry.name, "has no data descriptor, though it says so")
            return 0
        }
        let fields = ByteFields(try input.read(at: position, count: Int(next - position)))
        let count = fields.bytes.count
        let start = count == 16 && fields.u32(0) == 0x0807_4b50 || count == 24 ? 4 : 0
        var agrees = [12, 16, 20, 24].contains(count)
        if agrees {
            let isLong = count - start == 20
            agrees = (start == 0 || fields.u32(0) == 0x0807_4b50) && fields.u32(start) == entry.crc
            agrees = agrees && (isLong ? fields.u64(start + 4) : UInt64(fields.u32(start + 4))) == entry.compressedSize
            agrees = agrees && (isLong ? fields.u64(start + 12) : UInt64(fields.u32(start + 8))) == entry.size
        }
        if !agrees {
            try report(
                "zip-mismatch",
                .notProven,
                name: entry.name,
                "has a data descriptor that the directory contradicts"
            )
        }
        return UInt64(count)
    }

    // MARK: Findings

    private static func broken(_ offset: UInt64) -> ScanStop {
        ScanStop(rule: "zip-directory", offset: offset, message: "the directory does not describe the file")
    }

    private func report(
        _ rule: String,
        _ verdict: ScanVerdict,
        at offset: UInt64? = nil,
        name: String? = nil,
        _ message: String
    ) throws(ScanStop) {
        let shown = name.map { "`\(PickleText.clean($0, limit: 120))` " } ?? ""
        try context.add(
            ScanFinding(rule: rule, verdict: verdict, path: input.path, offset: offset, message: shown + message)
        )
    }
}

/// The extra field of a member: records of a number, a length and bytes.
struct ZipExtra {
    /// The 64-bit numbers of the zip64 record, in order.
    private(set) var long: [UInt64] = []

    /// - Throws: ``ScanStop`` where the findings are too many; a broken field is a finding.
    init(_ bytes: [UInt8], path: String, _ context: ScanContext) throws(ScanStop) {
        if bytes.isEmpty { return }
        let fields = ByteFields(bytes)
        var index = 0
        var fault: String?
        while index < bytes.count {
            guard bytes.count - index >= 4, bytes.count - index - 4 >= Int(fields.u16(index + 2)) else {
                fault = "a member's extra field is broken"
                break
            }
            let count = Int(fields.u16(index + 2))
            switch fields.u16(index) {
            case 0x0001: long = stride(from: index + 4, to: index + 4 + count - 7, by: 8).map { fields.u64($0) }
            // Info-ZIP's second name for the member.
            case 0x7075: fault = "a member has a second name in its extra field"
            default: break
            }
            index += 4 + count
        }
        guard let fault else { return }
        try context.add(ScanFinding(rule: "zip-extra", verdict: .notProven, path: path, message: fault))
    }
}
