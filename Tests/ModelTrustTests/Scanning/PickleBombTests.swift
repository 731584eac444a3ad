import Testing

@testable import ModelTrust

/// Few bytes that make many values: a scan ends early and says by which bound; what picklers write of as many is
/// proven.
@Suite struct PickleBombTests {
    private static let count = 500_000
    private static var bare: PickleBuilder { PickleBuilder(protocol: nil) }

    /// So many times the same opcodes, one after the other behind a mark, and a tuple of them.
    private static func tuple(_ opcodes: [UInt8], times: Int = count) -> [UInt8] {
        var bytes: [UInt8] = [0x80, 4, 0x28]
        bytes.reserveCapacity(opcodes.count * times + 8)
        for _ in 0..<times { bytes += opcodes }
        return bytes + [0x74, 0x2E]
    }

    /// Ordered dictionaries, each made by a call of four bytes.
    private static var calls: [UInt8] {
        let name = bare.global("collections", "OrderedDict").op(.memoize, .pop).bytes
        return [0x80, 4] + name + tuple([0x68, 0, 0x29, 0x52]).dropFirst(2)
    }

    /// The calls by which NumPy's numbers are made, and the type of each.
    private static let number = bare.global("numpy._core.multiarray", "scalar").op(.memoize, .pop)
        .global("numpy", "dtype").text("i8").op(.newFalse, .newTrue, .tuple3, .reduce, .mark).small(3).text("<")
        .op(.none, .none, .none).raw([0x4A, 255, 255, 255, 255, 0x4A, 255, 255, 255, 255]).small(0)
        .op(.tuple, .build, .memoize, .pop).bytes

    /// A list of so many of NumPy's numbers, as CPython writes it: 18 bytes for each.
    private static func numbers(_ count: Int) -> [UInt8] {
        var bytes = [0x80, 4] + number + [0x5D, 0x94]
        for index in 0..<count {
            if index.isMultiple(of: 1_000) { bytes.append(0x28) }
            bytes += [0x68, 0, 0x68, 1, 0x43, 8] + [UInt8].little(UInt64(index)) + [0x86, 0x94, 0x52, 0x94]
            if index % 1_000 == 999 { bytes.append(0x65) }
        }
        return bytes + [0x2E]
    }

    private static let bombs: [(name: String, bytes: [UInt8], rule: String)] = [
        ("dictionaries", tuple([0x7D]), "limit-values"),
        ("lists", tuple([0x5D]), "limit-values"),
        ("sets", tuple([0x8F]), "limit-values"),
        ("dictionaries that are remembered", tuple([0x7D, 0x94]), "limit-values"),
        ("dictionaries that are thrown away", tuple([0x7D, 0x30]), "limit-values"),
        ("sets that do not change", tuple([0x28, 0x91]), "limit-values"),
        ("tuples of one thing", tuple([0x4E, 0x85]), "limit-values"),
        ("bytes of no length", tuple([0x43, 0]), "limit-values"),
        ("tuples of nothing", tuple([0x29]), "limit-stack"),
        ("nothings", tuple([0x4E]), "limit-stack"),
        ("the same again", tuple([0x32]).inserted(0x4E, at: 3), "limit-stack"),
        (
            "one thing that is remembered often",
            [0x80, 4, 0x4E] + [UInt8](repeating: 0x94, count: count) + [0x2E], "limit-memo"
        ),
        ("marks", tuple([0x28]), "limit-nesting"),
        ("pickles", [[UInt8]](repeating: [0x80, 4, 0x7D, 0x2E], count: 100_000).flatMap(\.self), "limit-steps"),
        ("lists of one thing", tuple([0x5D, 0x28, 0x4E, 0x65]), "limit-values"),
        ("lists that one thing is appended to", tuple([0x5D, 0x4E, 0x61]), "limit-values"),
        ("dictionaries of one thing", tuple([0x7D, 0x4E, 0x4E, 0x73]), "limit-values"),
        ("calls", calls, "limit-values"),
        ("NumPy's numbers, and nothing else", numbers(200_000), "limit-values"),
        ("names", tuple(Array("cdatetime\ndate\n0".utf8), times: 150_000), "limit-steps"),
    ]

    @Test(arguments: bombs.indices) func `a bomb ends by a bound that it names`(_ index: Int) {
        let (name, bytes, rule) = Self.bombs[index]
        #expect(ScanProbe.rules(bytes) == [rule], "\(name)")
    }

    @Test func `a bomb that is compressed has no more room than its file`() {
        var random = SplitMix(state: 4)
        // What cannot be compressed, so that the whole is not refused for its ratio alone.
        let ballast = (0..<30_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let dictionaries = [UInt8](repeating: 0x7D, count: 600_000)
        let head = [0x80, 4, 0x42] + [UInt8].little(UInt32(ballast.count))
        let archive = ContainerScannerTests.zlib(head + ballast + [0x30, 0x28] + dictionaries + [0x74, 0x2E])
        #expect(ScanProbe.rules(archive) == ["limit-values"])
    }

    /// What CPython writes for a dictionary of words to NumPy's numbers: nine opcodes and 26 bytes for each.
    @Test func `a dictionary of NumPy's numbers is proven however long it is`() {
        var pickle = [0x80, 4] + Self.number + [0x7D, 0x94]
        for number in 0..<60_000 {
            if number.isMultiple(of: 1_000) { pickle.append(0x28) }
            pickle += Self.bare.text("word\(number)").bytes + [0x94, 0x68, 0, 0x68, 1, 0x43, 8]
            pickle += [UInt8].little(UInt64(number)) + [0x86, 0x94, 0x52, 0x94]
            if number % 1_000 == 999 { pickle.append(0x75) }
        }
        #expect(ScanProbe.rules(pickle + [0x2E]) == [])
        #expect(ScanProbe.rules(Self.numbers(50_000)) == [])
    }

    @Test func `a list of a hundred thousand pairs and a list of as many empty lists are proven`() {
        func list(_ item: (Int) -> [UInt8]) -> [UInt8] {
            var bytes: [UInt8] = [0x80, 4, 0x5D, 0x94]
            for start in stride(from: 0, to: 100_000, by: 1_000) {
                bytes += [0x28] + (start..<(start + 1_000)).flatMap(item) + [0x65]
            }
            return bytes + [0x2E]
        }
        #expect(ScanProbe.rules(list { [0x4B, UInt8($0 & 255), 0x4B, 7, 0x86, 0x94] }) == [])
        #expect(ScanProbe.rules(list { _ in [0x5D, 0x94] }) == [])
    }

    /// Long texts take as much memory as they have bytes: of very many, only the beginnings are kept.
    @Test func `names are known whole behind many long texts`() {
        let text = [UInt8](repeating: 0x61, count: 500)
        var bytes: [UInt8] = [0x80, 4, 0x5D]
        for _ in 0..<20_000 { bytes += [0x58] + [UInt8].little(UInt32(500)) + text + [0x30] }
        bytes += Self.bare.text("posix").text("system").op(.stackGlobal).text("id").op(.tuple1, .reduce, .append).done
        #expect(ScanProbe.verdict(bytes) == .unsafe)
    }
}

extension [UInt8] {
    fileprivate func inserted(_ byte: UInt8, at index: Int) -> [UInt8] {
        var copy = self
        copy.insert(byte, at: index)
        return copy
    }
}
