import Testing

@testable import ModelTrust

/// What Python, NumPy, Keras and tokenizers write, and must not be refused.
@Suite struct WrittenByLibrariesTests {
    private static var bare: PickleBuilder { PickleBuilder(protocol: nil) }

    /// Protocols 0 to 2 have Python 2's names.
    @Test(arguments: ["long", "unicode"]) func `Python 2's names of types are those of today`(_ name: String) {
        #expect(ScanProbe.verdict(PickleBuilder(protocol: 2).global("__builtin__", name).done) == .proven)
        let dictionary = PickleBuilder(protocol: 2).global("collections", "defaultdict").global("__builtin__", name)
            .op(.tuple1, .reduce).done
        #expect(ScanProbe.verdict(dictionary) == .proven)
        #expect(ScanProbe.verdict(PickleBuilder(protocol: 4).global("builtins", name).done) != .proven)
    }

    @Test func `an ellipsis and a UUID are values`() {
        #expect(ScanProbe.verdict(PickleBuilder().global("builtins", "Ellipsis").done) == .proven)
        let uuid = PickleBuilder().global("uuid", "UUID").op(.emptyTuple, .newObj, .emptyDict).text("int").small(7)
            .op(.setItem, .build).done
        #expect(ScanProbe.verdict(uuid) == .proven)
    }

    @Test func `a line of protocol 0 is as long as its array`() {
        let text = [UInt8](repeating: 0x61, count: 3 << 20)
        let pickle = Array("c_codecs\nencode\n(V".utf8) + text + Array("\nVlatin1\ntR.".utf8)
        #expect(ScanProbe.verdict(pickle) == .proven)
        #expect(ScanProbe.verdict(Array("(lS'".utf8) + text + Array("'\na.".utf8)) == .proven)
        #expect(
            ScanProbe.verdict(Array("(lV".utf8) + text + Array("\na".utf8) + PickleBuilder.command.dropFirst(2))
                == .unsafe
        )
    }

    /// `numpy.ma.array([1, 2], mask=[0, 1], dtype='u1')`.
    private static func masked(data: [UInt8], type: String = "u1") -> [UInt8] {
        let dtype = bare.global("numpy", "dtype").text(type).op(.newFalse, .newTrue, .tuple3, .reduce)
            .op(.mark).small(3).text("|").op(.none, .none, .none)
            .raw([0x4A, 0xFF, 0xFF, 0xFF, 0xFF, 0x4A, 0xFF, 0xFF, 0xFF, 0xFF]).small(0).op(.tuple, .build)
        return PickleBuilder(protocol: 3).global("numpy.ma.core", "_mareconstruct").op(.mark)
            .global("numpy.ma", "MaskedArray").global("numpy", "ndarray").small(0).op(.tuple1).raw([0x43, 1, 0x62])
            .op(.tuple, .reduce, .mark).small(1).small(2).op(.tuple1).raw(dtype.bytes).op(.newFalse)
            .raw([0x43, UInt8(data.count)] + data).raw([0x43, 2, 0, 1]).op(.none, .tuple, .build).done
    }

    @Test func `an array with a mask is an array`() {
        #expect(ScanProbe.verdict(Self.masked(data: [1, 2])) == .proven)
        #expect(ScanProbe.verdict(Self.masked(data: [1, 2, 3])) != .proven)
        #expect(ScanProbe.verdict(Self.masked(data: [1, 2], type: "O")) != .proven)
    }

    /// `numpy.rec.array([(1,), (2,)], dtype=[('x', 'u1')])`, whose field may lie elsewhere.
    private static func records(offset: UInt8 = 0, size: UInt8 = 1, flags: UInt8 = 16, field: String = "u1") -> [UInt8]
    {
        let plain = bare.global("numpy", "dtype").text(field).op(.newFalse, .newTrue, .tuple3, .reduce)
            .op(.mark).small(3).text("|").op(.none, .none, .none)
            .raw([0x4A, 0xFF, 0xFF, 0xFF, 0xFF, 0x4A, 0xFF, 0xFF, 0xFF, 0xFF])
            .small(flags == 16 ? 0 : flags).op(.tuple, .build)
        let type = bare.global("numpy", "dtype").global("numpy", "record").op(.newFalse, .newTrue, .tuple3, .reduce)
            .op(.mark).small(3).text("|").op(.none).text("x").op(.tuple1, .emptyDict).text("x").raw(plain.bytes)
            .small(offset).op(.tuple2, .setItem).small(size).small(1).small(flags).op(.tuple, .build)
        return PickleBuilder(protocol: 4).global("numpy.core.multiarray", "_reconstruct")
            .global("numpy.rec", "recarray").small(0).op(.tuple1).raw([0x43, 1, 0x62]).op(.tuple3, .reduce)
            .op(.mark).small(1).small(2).op(.tuple1).raw(type.bytes).op(.newFalse).raw([0x43, 2, 7, 9])
            .op(.tuple, .build).done
    }

    @Test func `an array of records is an array, and its fields lie within its elements`() {
        #expect(ScanProbe.verdict(Self.records()) == .proven)
        #expect(ScanProbe.verdict(Self.records(offset: 1)) != .proven)
        #expect(ScanProbe.verdict(Self.records(offset: 0, size: 2)) != .proven)
        #expect(ScanProbe.verdict(Self.records(field: "u8")) != .proven)
        #expect(ScanProbe.verdict(Self.records(field: "O")) != .proven)
    }

    /// NumPy takes an array's numbers for pointers where the type's flags say so.
    @Test func `a type of numbers has no flags of objects`() {
        for flags: UInt8 in [1, 2, 4, 63] { #expect(ScanProbe.verdict(Self.records(flags: flags)) != .proven) }
    }

    @Test func `an array of texts is a list of them`() {
        func texts(_ data: PickleBuilder) -> [UInt8] {
            let type = Self.bare.global("numpy._core._internal", "_convert_to_stringdtype_kwargs").small(1)
                .op(.tuple1, .reduce)
            return PickleBuilder(protocol: 4).global("numpy._core.multiarray", "_reconstruct")
                .global("numpy", "ndarray").small(0).op(.tuple1).raw([0x43, 1, 0x62]).op(.tuple3, .reduce)
                .op(.mark).small(1).small(1).op(.tuple1).raw(type.bytes).op(.newFalse).raw(data.bytes)
                .op(.tuple, .build).done
        }
        #expect(ScanProbe.verdict(texts(Self.bare.op(.emptyList).text("abc").op(.append))) == .proven)
        #expect(ScanProbe.verdict(texts(Self.bare.raw([0x43, 16] + [UInt8](repeating: 1, count: 16)))) != .proven)
    }

    @Test func `a generator's seed is a sequence of its own class`() {
        func seed(_ name: String) -> [UInt8] {
            PickleBuilder(protocol: 2).global("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence")
                .global("numpy.random.bit_generator", name).small(1).op(.none, .tuple3, .reduce).small(2).op(.tuple1)
                .op(.build).done
        }
        #expect(ScanProbe.verdict(seed("SeedSequence")) == .proven)
        #expect(ScanProbe.verdict(seed("BitGenerator")) != .proven)
    }

    @Test(arguments: ["[PAD]\n[UNK]\n[CLS]\nthe\n##ing\n", "[unused0]\n!\n\"\n#\n", "[metadata]\nname = value\n"])
    func `a vocabulary that begins with a bracket is text`(_ text: String) {
        #expect(ScanProbe.verdict(text) == .proven)
    }

    @Test(arguments: ["[1, 2", "[{\"a\": 1]", "[\"a\"\n"]) func `JSON that breaks off is not proven`(_ text: String) {
        #expect(ScanProbe.verdict(text) != .proven)
    }

    @Test func `a functional model of Keras 3 names its tensors`() {
        let text = """
            {"module": "keras", "class_name": "Functional", "config": {"layers": [{"module": "keras.layers", \
            "class_name": "Dense", "config": {"units": 3}, "registered_name": null, "inbound_nodes": [{"args": \
            [{"class_name": "__keras_tensor__", "config": {"shape": [null, 4], "keras_history": ["i", 0, 0]}}], \
            "kwargs": {}}]}]}, "registered_name": "Functional"}
            """
        #expect(ScanProbe.verdict(text) == .proven)
    }
}
