/// The name of a file of a tiled log (C2SP tlog-tiles): a tile of hashes, or a bundle of entries.
public struct TilePath: Hashable, Sendable {
    /// How many hashes a full tile, or entries a full bundle, holds.
    public static let fullWidth = 256
    /// The highest level that a tree of 2^64 entries has.
    static let maximumLevel = 7

    /// The level; nil for a bundle of entries.
    public let level: Int?
    /// The index of the tile in its level.
    public let index: UInt64
    /// How many hashes or entries it holds: 1 to 256.
    public let width: Int

    /// A tile, or a bundle where there is no level.
    public init(level: Int?, index: UInt64, width: Int = TilePath.fullWidth) {
        precondition((1...Self.fullWidth).contains(width))
        self.level = level
        self.index = index
        self.width = width
    }

    /// The tile with an index, as wide as a tree of a size has it; nil where that tree has no such tile.
    public init?(level: Int?, index: UInt64, treeSize: UInt64) {
        let count = treeSize >> UInt64(8 * (level ?? 0))
        guard index <= count / 256, index < count / 256 || count % 256 > 0 else { return nil }
        self.init(level: level, index: index, width: index < count / 256 ? 256 : Int(count % 256))
    }

    /// Whether the tile is full, so that its bytes never change.
    public var isFull: Bool { width == Self.fullWidth }

    /// The same tile when it is full.
    public var full: TilePath { TilePath(level: level, index: index) }

    /// Whether a tree of a size has all that the tile holds.
    func isCovered(by treeSize: UInt64) -> Bool {
        index * UInt64(Self.fullWidth) + UInt64(width) <= treeSize >> UInt64(8 * (level ?? 0))
    }

    /// The directory that holds the partial forms of this tile.
    var partialDirectory: String { full.description + ".p" }
}

extension TilePath: CustomStringConvertible {
    /// The path below the log's prefix: `tile/0/x001/x234/067.p/112`.
    public var description: String {
        var groups: [String] = []
        var rest = index
        repeat {
            let digits = String(rest % 1000)
            let padded = String(repeating: "0", count: 3 - digits.count) + digits
            groups.append(groups.isEmpty ? padded : "x" + padded)
            rest /= 1000
        } while rest > 0
        let prefix = "tile/" + (level.map { String($0) } ?? "entries") + "/"
        return prefix + groups.reversed().joined(separator: "/") + (isFull ? "" : ".p/\(width)")
    }

    /// Parses a path.
    ///
    /// Returns nil for what ``description`` would not print, and for levels above 63.
    public init?(_ text: some StringProtocol) {
        var parts = text.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }[...]
        guard text.utf8.count <= 64, parts.popFirst() == "tile", let kind = parts.popFirst() else { return nil }
        var level: Int?
        if kind != "entries" {
            guard let value = UInt8(kind), value <= 63, String(value) == kind else { return nil }
            level = Int(value)
        }
        var width = Self.fullWidth
        if parts.count >= 2, let name = parts.dropLast().last, name.hasSuffix(".p"), let last = parts.popLast() {
            guard let value = Int(last), (1..<Self.fullWidth).contains(value), String(value) == last else { return nil }
            width = value
            parts.removeLast()
            parts.append(String(name.dropLast(2)))
        }
        var index: UInt64 = 0
        for (position, part) in parts.enumerated() {
            let digits = position == parts.count - 1 ? part[...] : part.dropFirst()
            guard position == parts.count - 1 || part.first == "x", digits.utf8.count == 3,
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = UInt64(digits)
            else { return nil }
            let (product, overflow) = index.multipliedReportingOverflow(by: 1000)
            let (sum, carry) = product.addingReportingOverflow(value)
            guard !overflow, !carry else { return nil }
            index = sum
        }
        self.init(level: level, index: index, width: width)
        guard description == text else { return nil }
    }
}
