import AuditLog
import Foundation
import Testing

/// A tree of 300 entries, read from a directory in which it has grown to 600: its partial files may be there or not.
@Suite struct `Tile reader` {
    private let fixture: LogFixture
    private let partial = ["tile/0/001.p/44", "tile/entries/001.p/44"]
    private let leaves: [MerkleHash]

    init() throws {
        fixture = try LogFixture()
        let entries = LogFixture.entries(600)
        leaves = entries.map { MerkleHash.leaf($0) }
        try fixture.fill(entries)
        // No checkpoint of 300 was published; the level above has no full form yet.
        try install("tile/1/000.p/1", Data(contentsOf: url("tile/1/000.p/2")).prefix(32))
    }

    private func url(_ file: String) -> URL { URL(fileURLWithPath: "\(fixture.log)/\(file)") }

    /// Puts a file there, made of the beginning of another.
    private func install(_ file: String, _ bytes: Data) throws {
        let url = url(file)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try bytes.write(to: url)
    }

    private func read() throws -> (root: MerkleHash, leaves: [MerkleHash]) {
        let reader = TileReader(directory: fixture.log, size: 300)
        let entries = try (0...1).flatMap { try reader.entries(bundle: $0) }
        return (try MerkleTree.root(size: 300, from: reader), entries.map { MerkleHash.leaf($0) })
    }

    @Test(arguments: ["gone", "empty", "a byte short", "one short", "one more", "a byte more", "of zeros"])
    func `a partial file that is gone or damaged is read from the full one`(damage: String) throws {
        let whole = try Data(contentsOf: url("tile/0/001")).prefix(44 * 32)
        let bundle = try Data(contentsOf: url("tile/entries/001"))
        let entries = bundle.prefix(44 * 42)
        #expect(try #require(EntryBundle.entries(Array(entries)[...])).count == 44)
        for (file, right, next) in [(partial[0], whole, 32), (partial[1], entries, 42)] {
            switch damage {
            case "gone": try? FileManager.default.removeItem(at: url(file))
            case "empty": try install(file, Data())
            case "a byte short": try install(file, right.dropLast())
            case "one short": try install(file, right.dropLast(next))
            case "one more": try install(file, right + right.prefix(next))
            case "a byte more": try install(file, right + [0])
            default: try install(file, Data(count: 7))
            }
        }
        let found = try read()
        #expect(found.leaves == Array(leaves.prefix(300)))
        let edge = try MerkleTree.root(size: 300, from: TileReader(directory: fixture.log, size: 600))
        #expect(found.root == edge)
    }

    @Test(arguments: ["tile/0/001", "tile/entries/001"])
    func `where the full file is no better, the file that is damaged is named`(full: String) throws {
        let place = full == "tile/0/001" ? partial[0] : partial[1]
        try install(place, Data([1, 2, 3]))
        let right = try Data(contentsOf: url(full))
        let unit = full == "tile/0/001" ? 32 : 42
        for wrong in [Data(), right.dropLast(), right.dropLast(unit), right + right.prefix(unit), right + [0]] {
            try wrong.write(to: url(full))
            let error = #expect(throws: AuditLogError.self) { try read() }
            #expect(error?.code == .corrupt && error?.message.contains("`\(place)` is damaged") == true)
            let fault = try fixture.verify().fault
            #expect(fault?.file == full, "\(fault?.description ?? "no fault")")
        }
        try FileManager.default.removeItem(at: url(full))
        try FileManager.default.removeItem(at: url(place))
        let error = #expect(throws: AuditLogError.self) { try read() }
        #expect(error?.message.contains("`\(place)` is missing") == true)
    }
}
