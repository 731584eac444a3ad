import Testing

@testable import ModelTrust

/// Files of other formats than pickle that would take long, or much memory, and are given up early.
@Suite struct FormatBombTests {
    private static func rules(_ bytes: [UInt8], path: String = "artifact", _ budget: ScanBudget) -> Set<String> {
        let context = ScanContext(budget: budget)
        context.scan(ScanInput(path: path, bytes: bytes))
        return Set(context.findings.map(\.rule))
    }

    @Test func `more arrays and objects than a text of its length has are not proven`() {
        func list(_ element: String, _ count: Int) -> [UInt8] {
            Array(("[" + [String](repeating: element, count: count).joined(separator: ",") + "]").utf8)
        }
        for bomb in ["{}", "[]"] { #expect(ScanProbe.rules(list(bomb, 180_000)) == ["limit-values"], "\(bomb)") }
        #expect(ScanProbe.rules(list(#"["a word","another"]"#, 150_000)) == [])
        #expect(ScanProbe.rules(list("1", 150_000)) == [])
    }

    @Test func `an array of numbers is still numbers, and something else among them is found`() throws {
        let context = ScanContext()
        let node = try JSONText.document(Array(#"[1,2.5,-3,18446744073709551616,{"a":7},4]"#.utf8), context)
        #expect(node.elements?.map(\.unsigned) == [1, nil, nil, nil, nil, 4])
        #expect(node.elements?[4]["a"]?.unsigned == 7)
        let numbers = try JSONText.document(Array("[0, 10]".utf8), context)
        #expect(numbers.elements?.map(\.unsigned) == [0, 10])
        let hidden = #"{"a":[1,2,{"_target_":"os.system"}]}"#
        #expect(ScanProbe.verdict(hidden) == .unsafe)
    }

    @Test func `steps that were not made are given back`() throws {
        let context = ScanContext(budget: ScanBudget(expansion: 0, steps: 5_000))
        for _ in 0..<100 { _ = try JSONText.document(Array(#"{"a":[1,2]}"#.utf8), context) }
        #expect(context.budget.steps == 5_000 - 100 * 4)
    }

    @Test func `a key that stands twice is found among few and among many`() {
        for count in [1, 8, 9, 10_000] {
            var keys = ByteKeys()
            var (fresh, again) = (0, 0)
            for index in 0..<count where keys.insert(Array("key\(index)".utf8)) { fresh += 1 }
            for index in 0..<count where keys.insert(Array("key\(index)".utf8)) { again += 1 }
            #expect(fresh == count && again == 0)
            let (first, second) = (keys.insert([]), keys.insert([]))
            #expect(first && !second)
        }
    }

    @Test func `a header that no model has is not read`() {
        func header(of length: UInt64) -> ScanContext {
            let context = ScanContext()
            let input = ScanInput(path: "model.safetensors", size: length + 8) { (offset, count) throws(ScanStop) in
                let beginning = [UInt8].little(length) + Array("{}".utf8)
                let bytes = (0..<count).map { index in
                    let place = Int(offset) + index
                    return place < beginning.count ? beginning[place] : 0x20
                }
                return bytes
            }
            context.scan(input)
            return context
        }
        #expect(header(of: 1 << 16).verdict == .proven)
        #expect(header(of: 33 << 20).findings.map(\.rule) == ["safetensors-header"])
    }

    @Test(arguments: [(tensors: UInt64(0), keys: UInt64(20_000)), (70_000, 0)])
    func `more keys or tensors than a model has are not read`(tensors: UInt64, keys: UInt64) {
        let counts = Array("GGUF".utf8) + .little(UInt32(3)) + .little(tensors) + .little(keys)
        #expect(ScanProbe.rules(counts + [UInt8](repeating: 0, count: 2_000_000)) == ["limit-values"])
    }

    @Test func `an archive has at most as many members as a zip can count`() {
        var budget = ScanBudget()
        #expect(throws: Never.self) { try budget.check(members: 65_536) }
        #expect(throws: ScanStop.self) { try budget.check(members: 65_537) }
        // A hundred thousand experts of a model take more than a few bytes each.
        budget.limit(toFileOf: 30_000_000)
        #expect(throws: Never.self) { try budget.check(members: 100_003) }
    }

    @Test func `members cost what it takes to tell their format`() {
        var archive = ZipBuilder()
        archive.members = (0..<100).map { ZipBuilder.Member(name: "\($0).txt", bytes: Array("a word or two\n".utf8)) }
        #expect(Self.rules(archive.bytes, ScanBudget(steps: 100_000)) == [])
        #expect(Self.rules(archive.bytes, ScanBudget(steps: 20_000)) == ["limit-steps"])
    }

    @Test func `text that little expands to is looked through only so far`() {
        var archive = ZipBuilder()
        let text = Array(String(repeating: "a word or two\n", count: 100).utf8)
        archive.members = (0..<10).map { ZipBuilder.Member(name: "\($0).txt", bytes: text) }
        var budget = ScanBudget()
        budget.texts = 20_000
        #expect(Self.rules(archive.bytes, budget) == [])
        budget.texts = 10_000
        #expect(Self.rules(archive.bytes, budget) == ["limit-expansion"])
    }

    @Test func `bytes are the same whether pieces are kept or not`() throws {
        var random = SplitMix(state: 9)
        let bytes = (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let file = ScanInput(path: "file", size: UInt64(bytes.count)) { (offset, count) throws(ScanStop) in
            Array(bytes[Int(offset)..<(Int(offset) + count)])
        }
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...2_000, using: &random)
            let start = Int.random(in: 0...(bytes.count - count), using: &random)
            #expect(try file.read(at: UInt64(start), count: count) == Array(bytes[start..<(start + count)]))
        }
        #expect(throws: ScanStop.self) { try file.read(at: 19_999, count: 2) }
    }

    /// What is expanded as it is read would be expanded from its beginning again.
    @Test func `what cannot go back is read at the places that are asked for, and nowhere before`() throws {
        final class Places { var all: [UInt64] = [] }
        let places = Places()
        let stream = ScanInput(path: "stream", size: 1 << 20, goesBack: false) { (offset, count) throws(ScanStop) in
            places.all.append(offset)
            return [UInt8](repeating: 0, count: count)
        }
        var cursor = ByteCursor(stream, from: 5_000)
        for _ in 0..<20_000 { _ = try cursor.byte() }
        #expect(places.all.first == 5_000 && places.all == places.all.sorted())
    }
}
