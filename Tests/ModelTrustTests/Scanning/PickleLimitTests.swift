import Testing

@testable import ModelTrust

/// Harmless names by which a pickle asks for more than a machine has, or for an attribute that Python would call.
@Suite struct PickleLimitTests {
    private static func call(_ module: String, _ name: String, _ argument: PickleBuilder) -> [UInt8] {
        PickleBuilder(protocol: 2).global(module, name).raw(argument.bytes).op(.tuple1, .reduce).done
    }
    private static var bare: PickleBuilder { PickleBuilder(protocol: nil) }

    @Test func `a power of ten that would be multiplied out is not proven`() {
        #expect(ScanProbe.verdict(Self.call("fractions", "Fraction", Self.bare.text("1/3"))) == .proven)
        #expect(ScanProbe.verdict(Self.call("fractions", "Fraction", Self.bare.text("1e999999999"))) != .proven)
        let decimal = Self.bare.global("decimal", "Decimal").text("1e999999999").op(.tuple1, .reduce)
        #expect(ScanProbe.verdict(decimal.done) == .proven)
        for name in ["int", "str", "float", "bool", "complex"] {
            #expect(ScanProbe.verdict(Self.call("builtins", name, decimal)) != .proven, "\(name)")
        }
    }

    @Test func `bytes out of nothing are counted over all calls`() {
        func zeros(_ calls: Int) -> [UInt8] {
            var pickle = PickleBuilder(protocol: 2).op(.mark)
            for _ in 0..<calls {
                pickle = pickle.global("builtins", "bytearray").raw([0x4A, 0, 0, 0x10, 0]).op(.tuple1, .reduce)
            }
            return pickle.op(.tuple).done
        }
        #expect(ScanProbe.verdict(zeros(4)) == .proven)
        #expect(ScanProbe.rules(zeros(40)).contains("limit-expansion"))
    }

    @Test func `what lies in the memo is not copied without end`() {
        let size = 1 << 20
        func copies(_ value: [UInt8], _ call: PickleBuilder, _ more: PickleBuilder, _ calls: Int) -> [UInt8] {
            var pickle = PickleBuilder(protocol: 3).raw(value).raw([0x71, 0, 0x30]).op(.mark)
            for _ in 0..<calls { pickle = pickle.raw(call.bytes + [0x68, 0] + more.bytes).op(.reduce) }
            return pickle.op(.tuple).done
        }
        let zeros = [UInt8](repeating: 0x61, count: size)
        let bytes = [0x42] + [UInt8].little(UInt32(size)) + zeros
        let text = [0x58] + [UInt8].little(UInt32(size)) + zeros
        let list = [UInt8]([0x5D, 0x28]) + [UInt8](repeating: 0x4E, count: 100_000) + [0x65]
        let latin = Self.bare.text("latin1").op(.tuple2)
        let kinds: [(String, [UInt8], PickleBuilder, PickleBuilder)] = [
            ("bytes", bytes, Self.bare.global("builtins", "bytearray"), Self.bare.op(.tuple1)),
            ("text", text, Self.bare.global("_codecs", "encode"), latin),
            ("list", list, Self.bare.global("builtins", "set"), Self.bare.op(.tuple1)),
        ]
        for (name, value, call, more) in kinds {
            #expect(ScanProbe.verdict(copies(value, call, more, 2)) == .proven, "\(name)")
            #expect(ScanProbe.rules(copies(value, call, more, 100)).contains("limit-expansion"), "\(name)")
        }
    }

    /// One element with strides of zero is a tensor of any size, which a device gets whole.
    @Test(arguments: [(size: UInt8(100), isProven: true), (255, false)])
    func `a tensor that is copied to a device is as large as its shape`(size: UInt8, isProven: Bool) {
        let storage = Self.bare.op(.mark).text("storage").global("torch", "FloatStorage").text("0").text("cpu").small(1)
            .op(.tuple, .binPersID)
        let tensor = Self.bare.global("torch._utils", "_rebuild_tensor_v2").op(.mark).raw(storage.bytes).small(0)
            .op(.mark).small(size).small(size).small(size).op(.tuple, .mark).small(0).small(0).small(0)
            .op(.tuple, .newFalse).global("collections", "OrderedDict").op(.emptyTuple, .reduce, .tuple, .reduce)
        let copy = PickleBuilder(protocol: 2).global("torch._utils", "_rebuild_device_tensor_from_cpu_tensor")
            .op(.mark).raw(tensor.bytes).global("torch", "float32").text("xla:0").op(.newFalse, .tuple, .reduce).done
        let context = ScanContext()
        let verdict: ScanVerdict
        do throws(ScanStop) {
            _ = try PickleScanner.scan(
                PickleReader(ScanInput(path: "data.pkl", bytes: copy)),
                loader: .torch,
                context
            )
            verdict = context.verdict
        } catch { verdict = error.verdict }
        #expect((verdict == .proven) == isProven)
    }

    @Test func `a size is not counted out`() {
        let sizes = Self.bare.op(.mark).small(2).small(3).op(.tuple)
        #expect(ScanProbe.verdict(Self.call("torch", "Size", sizes)) == .proven)
        let range = Self.bare.global("builtins", "range").raw([0x4A, 0xFF, 0xFF, 0xFF, 0x7F]).op(.tuple1, .reduce)
        #expect(ScanProbe.verdict(Self.call("torch", "Size", range)) != .proven)
    }

    @Test func `an array is made empty before its state follows`() {
        func array(_ length: UInt8) -> [UInt8] {
            PickleBuilder(protocol: 3).global("numpy.core.multiarray", "_reconstruct").global("numpy", "ndarray")
                .small(length).op(.tuple1).raw([0x43, 1, 0x62]).op(.tuple3, .reduce).done
        }
        #expect(ScanProbe.verdict(array(0)) == .proven)
        #expect(ScanProbe.verdict(array(9)) != .proven)
    }

    @Test(arguments: ["requires", "__class__"]) func `a tensor is given no attribute that Python looks up`(
        _ name: String
    ) {
        let pickle = PickleBuilder(protocol: 2).global("torch._utils", "_rebuild_parameter_with_state").op(.mark, .none)
            .op(.newFalse, .none, .emptyDict).text(name).op(.none, .setItem, .tuple, .reduce).done
        #expect((ScanProbe.verdict(pickle) == .proven) == (name == "requires"))
    }

    /// What joblib before 1.2 writes for an array of bytes, with more fields where they are said.
    private static func joblib(_ data: [UInt8], fields: PickleBuilder = bare) -> [UInt8] {
        let type = bare.global("numpy", "dtype").text("u1").op(.newFalse, .newTrue, .tuple3, .reduce)
            .op(.mark).small(3).text("|").op(.none, .none, .none)
            .raw([0x4A, 0xFF, 0xFF, 0xFF, 0xFF, 0x4A, 0xFF, 0xFF, 0xFF, 0xFF]).small(0).op(.tuple, .build)
        return PickleBuilder(protocol: 3).global("joblib.numpy_pickle", "NumpyArrayWrapper").op(.emptyTuple, .newObj)
            .op(.emptyDict, .mark).text("subclass").global("numpy", "ndarray")
            .text("shape").raw([0x4A] + [UInt8].little(UInt32(data.count))).op(.tuple1).text("order").text("C")
            .text("dtype").raw(type.bytes).text("allow_mmap").op(.newFalse).raw(fields.bytes).op(.setItems, .build)
            .raw(data).done
    }

    @Test func `opcodes behind many that do nothing are no array`() {
        #expect(ScanProbe.verdict(Self.joblib([0, 1, 2, 3])) == .proven)
        for padding in [10, 100_000] {
            let nothing = (0..<2 * padding).map { index in UInt8(index.isMultiple(of: 2) ? 0x4E : 0x30) }
            let verdict = ScanProbe.verdict(Self.joblib(nothing + Array(PickleBuilder.command.dropFirst(2))))
            #expect(verdict != .proven, "\(padding)")
        }
    }

    @Test func `opcodes behind what only this reader refuses are no array`() {
        let asides: [[UInt8]] = [
            [0x80, 2], [0x49] + Array("0x1\n0".utf8), [0x46] + Array("1_0\n0".utf8), [0x4E, 0x4E, 0x62, 0x30],
            [0x4E, 0x28, 0x65, 0x30], [0x4E, 0x72, 0, 0, 2, 0, 0x6A, 0, 0, 2, 0, 0x30, 0x30],
        ]
        for aside in asides {
            let data = aside + PickleBuilder.command.dropFirst(2)
            #expect(ScanProbe.verdict(Self.joblib(data)) != .proven, "\(aside)")
        }
        for noise: [UInt8] in [
            [0x49, 0x31, 0xFE, 0x0A], [0x72, 9, 8, 7, 6, 0xFF], [0x80, 0x3F], [0x4B, 1, 0x4B, 1, 0x62],
            [0x4E, 0x4E, 0x61], [0x95, 1, 2, 3, 4, 5, 6, 7, 8],
        ] {
            #expect(ScanProbe.verdict(Self.joblib(noise)) == .proven, "\(noise)")
        }
    }

    @Test func `arrays without bytes are read by pickle once, and not each from each`() {
        let array = Self.joblib([]).dropFirst(2).dropLast()
        let arrays = [[UInt8]](repeating: Array(array), count: 200).joined()
        #expect(ScanProbe.verdict([0x80, 3, 0x28] + arrays + [0x74, 0x2E]) == .proven)
    }

    @Test func `the stand-in of an array has no method of its own`() {
        let fields = Self.bare.text("read").global("builtins", "slice")
        #expect(ScanProbe.verdict(Self.joblib([0, 1, 2, 3], fields: fields)) == .unsafe)
    }
}
