/// The bytes of one artifact, or of one member of it: read where they are needed, never whole.
///
/// A file of any size costs no more memory than the reads that a scanner makes.
final class ScanInput {
    /// The file and the members within it, each behind `!/`.
    let path: String
    /// How many bytes there are.
    let size: UInt64
    /// What the container says that this member is, where that and not the content decides.
    var role: ScanRole?
    /// The folder that the artifact lies in, where it is known.
    var folder: ScanFolder?
    /// What was found when it was looked at as a text, which several formats do.
    var text: KnownText = .unknown
    /// The numbers of its fields as a message of Protocol Buffers, once they have been looked at; none where it is none.
    var shape: Set<UInt64>??
    /// What was found when it was read as YAML, to tell whether it is some.
    var yaml: YAMLDocuments?
    private let source: Source
    private var pieces = ScanPieces()
    /// The first bytes, by which most formats are told; nil until they are asked for.
    private var beginning: [UInt8]?
    private static let longestBeginning = 256

    private enum Source {
        case memory([UInt8])
        case part(of: ScanInput, from: UInt64)
        case reader((_ offset: UInt64, _ count: Int) throws(ScanStop) -> [UInt8], goesBack: Bool)
    }

    /// Bytes in memory.
    init(path: String, bytes: [UInt8]) {
        self.path = path
        self.size = UInt64(bytes.count)
        self.source = .memory(bytes)
    }

    /// Bytes that a function reads: a file's, or what something expands to, which does not go back but by beginning anew.
    ///
    /// It returns fewer than asked for only at the end.
    init(
        path: String,
        size: UInt64,
        goesBack: Bool = true,
        reader: @escaping (UInt64, Int) throws(ScanStop) -> [UInt8]
    ) {
        self.path = path
        self.size = size
        self.source = .reader(reader, goesBack: goesBack)
    }

    private init(path: String, size: UInt64, source: Source) {
        self.path = path
        self.size = size
        self.source = source
    }

    /// A stored member: some of these bytes under a path of their own.
    func member(_ name: String, at offset: UInt64, count: UInt64) throws(ScanStop) -> ScanInput {
        guard offset <= size, count <= size - offset else { throw Self.outside(offset) }
        return ScanInput(path: path + "!/" + name, size: count, source: .part(of: self, from: offset))
    }

    /// Exactly these bytes.
    func read(at offset: UInt64, count: Int) throws(ScanStop) -> [UInt8] {
        guard count >= 0, offset <= size, UInt64(count) <= size - offset else { throw Self.outside(offset) }
        switch source {
        case .memory(let bytes):
            return count == bytes.count ? bytes : Array(bytes[Int(offset)..<(Int(offset) + count)])
        case .part(let whole, let start): return try whole.read(at: start + offset, count: count)
        case .reader(let read, let goesBack):
            guard goesBack, let piece = pieces.piece(of: offset, count: count, outOf: size) else {
                return try Self.whole(offset, count, read)
            }
            if let kept = pieces.kept(offset, count) { return kept }
            pieces.keep(try Self.whole(piece.lowerBound, piece.count, read), at: piece.lowerBound)
            return pieces.kept(offset, count) ?? []
        }
    }

    private static func whole(
        _ offset: UInt64,
        _ count: Int,
        _ read: (UInt64, Int) throws(ScanStop) -> [UInt8]
    ) throws(ScanStop) -> [UInt8] {
        let bytes = try read(offset, count)
        guard bytes.count == count else {
            throw ScanStop(rule: "unreadable", offset: offset, message: "the file became shorter while it was read")
        }
        return bytes
    }

    /// The first bytes, as many as there are up to a number.
    func head(_ count: Int) throws(ScanStop) -> [UInt8] {
        guard count <= Self.longestBeginning else { return try read(at: 0, count: Int(min(UInt64(count), size))) }
        if beginning == nil { beginning = try read(at: 0, count: Int(min(UInt64(Self.longestBeginning), size))) }
        let known = beginning ?? []
        return count >= known.count ? known : Array(known[..<count])
    }

    /// Whether it lies in a container.
    var isMember: Bool { path.utf8.contains(UInt8(ascii: "!")) && path.contains("!/") }

    /// The file's own name, without the folders and containers it is in.
    private(set) lazy var name = MemberPath.name(of: path)

    private static func outside(_ offset: UInt64) -> ScanStop {
        ScanStop(rule: "truncated", offset: offset, message: "it ends before what it declares")
    }
}

/// What a container says that a member of it is.
enum ScanRole: Hashable, Sendable {
    /// Code of a TorchScript archive: a member under `code/`.
    case torchScript
}
