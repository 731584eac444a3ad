/// Opens the members of a zip archive, and checks that each is what the directory says of it.
final class ZipMembers {
    /// Up to what size a stored member's CRC is checked where it is no more than numbers.
    ///
    /// The CRC finds accidents and no attack: whoever changes the bytes changes it too. Of weights, which no scan reads,
    /// the signature's digest says that they are whole.
    static let checked: UInt64 = 64 << 20

    let archive: ZipArchive
    private let context: ScanContext
    /// Made when a member is asked for by its name.
    private lazy var byName = Dictionary(
        archive.entries.indices.lazy.map { (self.archive.entries[$0].name, $0) },
        uniquingKeysWith: { $1 }
    )

    init(_ archive: ZipArchive, _ context: ScanContext) {
        self.archive = archive
        self.context = context
    }

    /// The names of the files in it.
    var names: [String] { archive.entries.filter { !$0.isFolder }.map(\.name) }

    /// Opens a member by its name.
    func open(_ name: String) throws(ScanStop) -> ScanInput? {
        guard let index = byName[name] else { return nil }
        return try open(archive.entries[index])
    }

    /// The bytes that a member holds; nil, with a finding, where nobody can read them.
    func open(_ entry: ZipEntry) throws(ScanStop) -> ScanInput? {
        if entry.flags & ~ZipEntry.allowedFlags != 0, !isSealed(entry) {
            try report(
                "zip-flags",
                entry,
                "has flags (0x\(String(entry.flags, radix: 16))) that some readers obey and others do not"
            )
        }
        let raw = try archive.input.member(entry.name, at: entry.dataStart, count: entry.compressedSize)
        if isSealed(entry) { return try sealed(entry, raw) }
        let member: ScanInput
        switch entry.method {
        case 0:
            member = raw
            if entry.size != entry.compressedSize {
                try report("zip-size", entry, "is stored and yet has two sizes")
            } else if entry.size <= Self.checked, try checksum(of: raw) != entry.crc {
                try report("zip-crc", entry, "does not have the CRC that the directory says")
            }
        case 8:
            let expansion = try Expansion.expand(raw, .deflate, path: raw.path, context)
            member = expansion.input
            if expansion.input.size != entry.size || expansion.consumed != entry.compressedSize {
                try report("zip-size", entry, "expands to another size than the directory says")
            } else if expansion.crc != entry.crc {
                try report("zip-crc", entry, "does not have the CRC that the directory says")
            }
        default:
            throw ScanStop(
                rule: "zip-method",
                element: entry.name,
                message:
                    "`\(PickleText.clean(entry.name, limit: 120))` is compressed by \(Self.method(entry.method)), which is not read; store it or deflate it instead"
            )
        }
        member.folder = ScanFolder { (name) throws(ScanStop) in
            guard MemberName.fault(name) == nil else { return nil }
            return try self.open(MemberPath.folder(of: entry.name) + name)
        }
        return member
    }

    /// A method in words (APPNOTE 4.4.5).
    private static func method(_ number: UInt16) -> String {
        let names: [UInt16: String] = [9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz"]
        return names[number].map { "\($0) (method \(number))" } ?? "method \(number)"
    }

    /// Whether a member is really encrypted: by PKWARE's cipher, stored bytes are twelve more than the file's.
    private func isSealed(_ entry: ZipEntry) -> Bool {
        guard entry.flags & ZipEntry.encrypted != 0 else { return false }
        return entry.method == 8 || entry.method == 0 && entry.compressedSize == entry.size &+ 12
    }

    /// What is encrypted cannot be looked through, and no loader of models can open it either: none asks for a
    /// password.
    ///
    /// A loader that ignores the flag would read the bytes as they stand, so those must be of no format.
    private func sealed(_ entry: ZipEntry, _ raw: ScanInput) throws(ScanStop) -> ScanInput? {
        if try context.isKnown(raw) { return raw }
        if entry.method == 8, let plain = try inflated(entry, raw) {
            try report("zip-flags", entry, "is said to be encrypted and is not")
            return plain
        }
        try context.add(
            ScanFinding(
                rule: "zip-encrypted",
                verdict: .proven,
                path: raw.path,
                message:
                    "it is encrypted, so that neither this scan nor any loader reads it; scan what it is decrypted to"
            )
        )
        return nil
    }

    /// What a member that is said to be encrypted expands to, where its bytes are really a deflated file.
    private func inflated(_ entry: ZipEntry, _ raw: ScanInput) throws(ScanStop) -> ScanInput? {
        do throws(ScanStop) {
            let expansion = try Expansion.expand(raw, .deflate, path: raw.path, context)
            let isPlain =
                expansion.crc == entry.crc || expansion.input.size == entry.size
                || expansion.consumed == entry.compressedSize
            return isPlain ? expansion.input : nil
        } catch {
            guard error.rule.hasPrefix("limit-") else { return nil }
            throw error
        }
    }

    private func checksum(of input: ScanInput) throws(ScanStop) -> UInt32 {
        var crc = CRC32()
        var offset: UInt64 = 0
        while offset < input.size {
            let bytes = try input.read(at: offset, count: Int(min(1 << 18, input.size - offset)))
            crc.update(bytes)
            offset += UInt64(bytes.count)
        }
        return crc.value
    }

    private func report(_ rule: String, _ entry: ZipEntry, _ message: String) throws(ScanStop) {
        try context.add(
            ScanFinding(
                rule: rule,
                verdict: .notProven,
                path: archive.input.path,
                element: entry.name,
                message: "`\(PickleText.clean(entry.name, limit: 120))` \(message)"
            )
        )
    }
}

/// Paths of members within an archive.
enum MemberPath {
    /// The folder that a member lies in, with its slash; empty at the top.
    static func folder(of name: String) -> String {
        let bytes = Array(name.utf8)
        return bytes.lastIndex(of: UInt8(ascii: "/")).map { String(decoding: bytes[...$0], as: UTF8.self) } ?? ""
    }

    /// What stands behind the last slash.
    static func name(of path: String) -> String {
        let bytes = Array(path.utf8)
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(decoding: bytes[(slash + 1)...], as: UTF8.self)
    }
}
