import CZlib
import Testing

@testable import ModelTrust

/// Arrays, tar archives and compressed streams.
@Suite struct ContainerScannerTests {
    // MARK: npy

    private static func npy(_ header: String, _ data: [UInt8]) -> [UInt8] {
        NpyHeader.magic + [1, 0] + le16(UInt16(header.utf8.count)) + Array(header.utf8) + data
    }

    private static let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n"

    static let array = npy(header, Array(repeating: 0, count: 16))

    @Test func `an array is as large as its header says`() {
        #expect(scanned(Self.npy(Self.header, Array(repeating: 0, count: 16))).verdict == .proven)
        #expect(scanned(Self.npy(Self.header, Array(repeating: 0, count: 15))).verdict == .notProven)
        #expect(scanned(Self.npy(Self.header, Array(repeating: 0, count: 160))).verdict == .notProven)
        let behind = Self.npy(Self.header, Array(repeating: 0, count: 16) + PickleBuilder.command)
        #expect(scanned(behind).verdict == .unsafe)
    }

    @Test(arguments: [
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': (2,), }\n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }\n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }\n",
        "{'descr': '<f8', 'fortran_order': False}\n",
        "{'descr': '<f8', 'descr': '|O', 'shape': (2,)}\n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }; import os\n",
        "[[[[[[[[[[[[[[",
    ]) func `a header that is not NumPy's is not proven`(_ header: String) {
        #expect(scanned(Self.npy(header, Array(repeating: 0, count: 16))).verdict == .notProven)
    }

    @Test func `an array of objects is the pickle that it is`() {
        let header = "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n"
        #expect(scanned(Self.npy(header, PickleBuilder.plain)).verdict == .proven)
        #expect(scanned(Self.npy(header, PickleBuilder.command)).verdict == .unsafe)
    }

    // MARK: tar

    static func tar(_ name: String, _ data: [UInt8], type: String = "0", link: String = "") -> [UInt8] {
        func field(_ text: String, _ count: Int) -> [UInt8] {
            Array((Array(text.utf8) + Array(repeating: 0, count: count)).prefix(count))
        }
        let octal = String(data.count, radix: 8)
        var header = field(name, 100) + field("0000644", 8) + field("0", 8) + field("0", 8)
        header += field(String(repeating: "0", count: 11 - octal.count) + octal, 12) + field("0", 12)
        header += Array(repeating: 0x20, count: 8) + field(type, 1) + field(link, 100) + field("ustar", 6)
        header += Array("00".utf8)
        header += Array(repeating: 0, count: 512 - header.count)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        header.replaceSubrange(148..<156, with: field(String(repeating: "0", count: 6 - sum.count) + sum, 8))
        return header + data + Array(repeating: 0, count: (512 - data.count % 512) % 512)
    }

    private static let end = [UInt8](repeating: 0, count: 1024)

    @Test func `members of a tar are looked through`() {
        #expect(scanned(Self.tar("./a.pkl", PickleBuilder.plain) + Self.end).findings == [])
        #expect(scanned(Self.tar("a.pkl", PickleBuilder.command) + Self.end).verdict == .unsafe)
        #expect(scanned(Self.tar("a.pkl", PickleBuilder.plain)).findings.map(\.rule) == ["tar-end"])
    }

    @Test(arguments: [
        ("../a", "0", ""), ("/a", "0", ""), ("a", "2", "../../etc/passwd"), ("a", "1", "/etc/passwd"), ("a", "3", ""),
        ("a", "6", ""),
    ]) func `a tar that reaches out of its folder is unsafe`(name: String, type: String, link: String) {
        let archive = Self.tar(name, type == "0" ? PickleBuilder.plain : [], type: type, link: link) + Self.end
        #expect(scanned(archive).verdict == .unsafe)
    }

    @Test func `what follows the end of a tar is looked through`() {
        let context = scanned(Self.tar("a", PickleBuilder.plain) + Self.end + PickleBuilder.command)
        #expect(context.verdict == .unsafe)
        #expect(context.findings.contains { $0.rule == "trailing-bytes" })
    }

    @Test func `a name in an extended header counts`() {
        let record = "16 path=../evil\n"
        let archive = Self.tar("x", Array(record.utf8), type: "x") + Self.tar("a", PickleBuilder.plain) + Self.end
        #expect(scanned(archive).verdict == .unsafe)
    }

    // MARK: Compression

    static func zlib(_ data: [UInt8]) -> [UInt8] {
        var count = compressBound(UInt(data.count))
        // Sound: zlib writes at most as many bytes as the bound, and says how many.
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, filled in
            let status = unsafe compress2(buffer.baseAddress, &count, data, UInt(data.count), 9)
            filled = status == Z_OK ? Int(count) : 0
        }
    }

    @Test func `what is compressed is looked through`() {
        #expect(scanned(Self.zlib(PickleBuilder.plain)).findings == [])
        #expect(scanned(Self.zlib(PickleBuilder.command)).verdict == .unsafe)
        #expect(scanned(Self.zlib(Self.zlib(PickleBuilder.command))).verdict == .unsafe)
        #expect(scanned(Self.zlib(PickleBuilder.plain) + [0]).findings.map(\.rule) == ["trailing-bytes"])
        #expect(scanned(Array(Self.zlib(PickleBuilder.plain).dropLast())).verdict == .notProven)
    }

    @Test func `a bomb is stopped by what it expands to`() {
        let bomb = Self.zlib(Array(repeating: 0, count: 8 << 20))
        #expect(scanned(bomb).findings.map(\.rule) == ["limit-ratio"])
        // Raw deflate is zlib without its two bytes in front and its four behind.
        let zip = ZipBuilder(("a", [])).changing {
            $0.deflated = Array(bomb.dropFirst(2).dropLast(4))
            $0.size = 8 << 20
        }
        #expect(scanned(zip).findings.contains { $0.rule == "limit-ratio" })
    }

    @Test func `a deflated member is looked through`() {
        func zip(_ pickle: [UInt8]) -> [UInt8] {
            var builder = ZipBuilder(("a.pkl", pickle))
            builder.members[0].deflated = Array(Self.zlib(pickle).dropFirst(2).dropLast(4))
            return builder.bytes
        }
        #expect(scanned(zip(PickleBuilder.plain)).findings == [])
        #expect(scanned(zip(PickleBuilder.command)).verdict == .unsafe)
    }

    // MARK: joblib

    /// A dictionary with an array of two numbers, as joblib writes it: the bytes stand in the pickle, between frames.
    static func joblib(_ data: [UInt8], then after: PickleBuilder) -> [UInt8] {
        let array = PickleBuilder().op(.emptyDict).text("a")
            .global("joblib.numpy_pickle", "NumpyArrayWrapper").op(.emptyTuple, .newObj)
            .op(.emptyDict, .mark).text("subclass").global("numpy", "ndarray").text("shape").small(2).op(.tuple1)
            .text("order").text("C").text("dtype").global("numpy", "dtype").text("f8").op(.newFalse, .newTrue, .tuple3)
            .op(.reduce).text("allow_mmap").op(.newTrue, .setItems, .build)
        return array.raw(data).raw(Array(after.bytes.dropFirst(2))).op(.setItem).done
    }

    @Test func `an array in a joblib file is passed over, and what follows is looked through`() {
        let data = [UInt8](repeating: 7, count: 16)
        #expect(scanned(Self.joblib(data, then: PickleBuilder())).findings == [])
        let call = PickleBuilder().op(.pop).global("os", "system").text("id").op(.tuple1, .reduce)
        #expect(scanned(Self.joblib(data, then: call)).verdict == .unsafe)
        #expect(scanned(Self.joblib(Array(data.dropLast()), then: PickleBuilder())).verdict != .proven)
    }

    @Test(arguments: [
        ("an LZ4 frame", [0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7] as [UInt8]),
        ("a Zstandard frame", [0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x41] as [UInt8]),
    ])
    func `what joblib compresses by LZ4 or Zstandard is not proven, and told to be so`(kind: String, head: [UInt8]) {
        let context = scanned(head + Self.joblib(Array(repeating: 0, count: 16), then: PickleBuilder()))
        #expect(context.verdict == .notProven)
        #expect(context.findings.map(\.rule) == ["foreign-format"])
        #expect(context.findings.first?.message.contains(kind) == true)
        #expect(context.findings.first?.message.contains("compress with zlib") == true)
    }

    @Test func `an array's bytes are opcodes to whoever does not know joblib`() {
        let data = Array("0cos\nsystem\n(t.".utf8) + [0, 0]
        let context = scanned(Self.joblib(Array(data.prefix(16)), then: PickleBuilder()))
        #expect(context.verdict == .unsafe)
        #expect(context.findings.map(\.rule) == ["joblib-array"])
    }
}
