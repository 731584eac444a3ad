import AuditLog
import Testing

@Suite struct `Tile path` {
    @Test(arguments: [
        (0, 0, 256, "tile/0/000"), (1, 999, 256, "tile/1/999"), (2, 1000, 1, "tile/2/x001/000.p/1"),
        (0, 1_234_067, 256, "tile/0/x001/x234/067"), (63, 5, 255, "tile/63/005.p/255"),
        (nil, 1_234_067, 112, "tile/entries/x001/x234/067.p/112"),
        (nil, .max, 256, "tile/entries/x018/x446/x744/x073/x709/x551/615"),
    ] as [(Int?, UInt64, Int, String)])
    func `is written and read as the specification says`(level: Int?, index: UInt64, width: Int, text: String) {
        let path = TilePath(level: level, index: index, width: width)
        #expect(path.description == text)
        #expect(TilePath(text) == path)
    }

    @Test(arguments: [
        "", "tile", "tile/0", "tile/0/", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000",
        "tile/0/x000/001", "tile/0/001/002", "tile/0/x01/002", "tile/0/x001", "tile/0/000.p", "tile/0/000.p/0",
        "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/1/", "tile/entry/000", "/tile/0/000", "tile/0/../000",
        "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/٠٠٠", "tile/+1/000",
    ])
    func `refuses every other text`(text: String) {
        #expect(TilePath(text) == nil)
    }

    @Test func `a tree of 256 has one full tile and one of width 1 above it`() {
        #expect(TilePath(level: 0, index: 0, treeSize: 256)?.description == "tile/0/000")
        #expect(TilePath(level: 0, index: 1, treeSize: 256) == nil)
        #expect(TilePath(level: 1, index: 0, treeSize: 256)?.description == "tile/1/000.p/1")
    }

    @Test func `a tree of 70000 has the tiles that the specification counts`() {
        #expect(TilePath(level: 0, index: 272, treeSize: 70_000)?.isFull == true)
        #expect(TilePath(level: 0, index: 273, treeSize: 70_000)?.width == 112)
        #expect(TilePath(level: 0, index: 274, treeSize: 70_000) == nil)
        #expect(TilePath(level: 1, index: 0, treeSize: 70_000)?.isFull == true)
        #expect(TilePath(level: 1, index: 1, treeSize: 70_000)?.width == 17)
        #expect(TilePath(level: 2, index: 0, treeSize: 70_000)?.width == 1)
        #expect(TilePath(level: 3, index: 0, treeSize: 70_000) == nil)
    }
}

@Suite struct `Entry bundle` {
    @Test func `entries are read one after the other`() throws {
        let entries = try #require(EntryBundle.entries([0, 1, 7, 0, 0, 0, 2, 8, 9]))
        #expect(entries.map(Array.init) == [[7], [], [8, 9]])
        #expect(EntryBundle.entries([])?.isEmpty == true)
    }

    @Test(arguments: [[0], [0, 1], [0, 0, 1], [255, 255, 0]] as [[UInt8]])
    func `a bundle that ends within an entry is refused`(bytes: [UInt8]) {
        #expect(EntryBundle.entries(bytes[...]) == nil)
    }

    @Test func `a bundle of more than 256 entries is refused`() {
        #expect(EntryBundle.entries([UInt8](repeating: 0, count: 512)[...])?.count == 256)
        #expect(EntryBundle.entries([UInt8](repeating: 0, count: 514)[...]) == nil)
    }
}
