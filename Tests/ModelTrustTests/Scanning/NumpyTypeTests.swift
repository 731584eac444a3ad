import Testing

@testable import ModelTrust

/// States of NumPy's data types: what NumPy writes is proven, and what makes it read or write elsewhere is not.
@Suite struct NumpyTypeTests {
    /// A value of a state, as a pickle has it.
    indirect enum Part: Sendable {
        case none, number(Int), text(String), bytes(String), tuple([Part]), dictionary([(Part, Part)])
        case type(String, [Part]?)

        var pickle: [UInt8] {
            switch self {
            case .none: [PickleOpcode.none.rawValue]
            case .number(let value): [PickleOpcode.binInt.rawValue] + .little(Int32(truncatingIfNeeded: value))
            case .text(let text): PickleBuilder(protocol: nil).text(text).bytes
            case .bytes(let text): [PickleOpcode.shortBinBytes.rawValue, UInt8(text.utf8.count)] + Array(text.utf8)
            case .tuple(let parts):
                [PickleOpcode.mark.rawValue] + parts.flatMap(\.pickle) + [PickleOpcode.tuple.rawValue]
            case .dictionary(let pairs):
                [PickleOpcode.emptyDict.rawValue, PickleOpcode.mark.rawValue]
                    + pairs.flatMap { $0.pickle + $1.pickle } + [PickleOpcode.setItems.rawValue]
            case .type(let name, let state):
                PickleBuilder(protocol: nil).global("numpy", "dtype").text(name).op(
                    .newFalse,
                    .newTrue,
                    .tuple3,
                    .reduce
                )
                .bytes + (state.map { Part.tuple($0).pickle + [PickleOpcode.build.rawValue] } ?? [])
            }
        }
    }

    /// An array of one element.
    private static func verdict(_ name: String, _ state: [Part], _ data: [UInt8]) -> ScanVerdict {
        let array = PickleBuilder().global("numpy._core.multiarray", "_reconstruct").global("numpy", "ndarray").small(0)
            .op(.tuple1).raw(Part.bytes("b").pickle).op(.tuple3, .reduce, .mark).small(1).small(1).op(.tuple1)
            .raw(Part.type(name, state).pickle).op(.newFalse).raw(data).op(.tuple, .build).done
        return ScanProbe.verdict(array)
    }

    private static func bytes(_ count: Int) -> [UInt8] {
        Part.bytes(String(repeating: "a", count: count)).pickle
    }

    private static let object = PickleBuilder(protocol: nil).op(.emptyList).small(1).op(.append).bytes

    private static func plain(
        _ order: String,
        size: Int = -1,
        alignment: Int = -1,
        flags: Int = 0,
        version: Int = 3
    ) -> [Part] {
        [
            .number(version), .text(order), .none, .none, .none, .number(size), .number(alignment), .number(flags),
        ]
    }

    private static func record(_ fields: [(String, String, Int)], size: Int, flags: Int, names: [String]? = nil)
        -> [Part]
    {
        [
            .number(3), .text("|"), .none, .tuple((names ?? fields.map(\.0)).map { .text($0) }),
            .dictionary(fields.map { (.text($0.0), .tuple([.type($0.1, nil), .number($0.2)])) }), .number(size),
            .number(1), .number(flags),
        ]
    }

    private static func elements(_ inner: String, _ count: Int, size: Int, flags: Int) -> [Part] {
        [
            .number(3), .text("|"), .tuple([.type(inner, nil), .tuple([.number(count)])]), .none, .none, .number(size),
            .number(8), .number(flags),
        ]
    }

    private static func time(_ unit: [Part]) -> [Part] { plain("<", version: 4) + [.tuple([.none, .tuple(unit)])] }

    @Test func `states as NumPy writes them are proven`() {
        let second: [Part] = [.bytes("s"), .number(1), .number(1), .number(1)]
        let states: [(String, [Part], [UInt8])] = [
            ("f8", Self.plain("<"), Self.bytes(8)), ("f8", Self.plain(">"), Self.bytes(8)),
            ("i1", Self.plain("|"), Self.bytes(1)), ("O8", Self.plain("|", flags: 63), Self.object),
            ("U3", Self.plain("<", size: 12, alignment: 4, flags: 8), Self.bytes(12)),
            ("S3", Self.plain("|", size: 3, alignment: 1), Self.bytes(3)), ("M8", Self.time(second), Self.bytes(8)),
            ("f4", Self.plain("<", version: 4) + [.dictionary([(.text("a"), .number(1))])], Self.bytes(4)),
            ("V12", Self.record([("a", "f8", 0), ("b", "i4", 8)], size: 12, flags: 16), Self.bytes(12)),
            ("V12", Self.record([("a", "f8", 0), ("b", "i4", 8)], size: 12, flags: 144), Self.bytes(12)),
            ("V4", Self.record([("a", "f4", 0), ("b", "i4", 0)], size: 4, flags: 16), Self.bytes(4)),
            ("V12", Self.record([("a", "O8", 0), ("b", "i4", 8)], size: 12, flags: 27), Self.object),
        ]
        for (name, state, data) in states { #expect(Self.verdict(name, state, data) == .proven, "\(name) \(state)") }
    }

    @Test func `states by which NumPy takes bytes for pointers, or reads elsewhere, are not proven`() {
        let objects = [0, 1, 27, 31, 55, 62, 127, -1].map { ("O8", Self.plain("|", flags: $0), Self.object) }
        let numbers = [1, 2, 4, 8, 16, 63].map { ("f8", Self.plain("<", flags: $0), Self.bytes(8)) }
        let records = [0, 8, 27, 17, 63].map {
            ("V12", Self.record([("a", "f8", 0), ("b", "i4", 8)], size: 12, flags: $0), Self.bytes(12))
        }
        let others: [(String, [Part], [UInt8])] = [
            ("O8", Self.plain(">", flags: 63), Self.object), ("f8", Self.plain("|"), Self.bytes(8)),
            ("O8", Array(Self.plain("|", flags: 63).prefix(7)), Self.object),
            ("U3", Self.plain("<", size: -1, alignment: 4, flags: 8), Self.bytes(12)),
            ("U3", Self.plain("<", size: 12, alignment: 0, flags: 8), Self.bytes(12)),
            ("U3", [.number(1), .text("<"), .none, .none, .number(1 << 20), .number(12)], Self.bytes(12)),
            ("M8", Self.plain("<"), Self.bytes(8)),
            ("M8", Self.time([.bytes("s"), .number(0), .number(1), .number(1)]), Self.bytes(8)),
            ("f4", Self.plain("<", version: 4) + [.text("a")], Self.bytes(4)),
            ("V12", Self.record([("a", "O8", 0), ("b", "i4", 8)], size: 12, flags: 16), Self.object),
            ("V8", Self.record([("a", "O8", 0), ("b", "i4", 0)], size: 8, flags: 27), Self.object),
            ("V4", Self.record([("a", "f4", 0)], size: 4, flags: 16, names: ["a", "b"]), Self.bytes(4)),
            ("V4", Self.record([("a", "f4", 0)], size: 4, flags: 16, names: []), Self.bytes(4)),
            ("f4", Self.record([("a", "f4", 0)], size: 4, flags: 16), Self.bytes(4)),
            ("V16", Self.elements("O8", 2, size: 16, flags: 27), Self.object),
            ("V16", Self.elements("f8", 2, size: 16, flags: 0), Self.bytes(16)),
        ]
        for (name, state, data) in objects + numbers + records + others {
            #expect(Self.verdict(name, state, data) > .proven, "\(name) \(state)")
        }
    }
}
