import Testing

@testable import ModelTrust

@Suite struct ZipScannerTests {
    private static let plain = ZipBuilder(("a.pkl", PickleBuilder.plain))

    @Test func `an archive of what is proven is proven`() {
        let context = scanned(Self.plain.bytes)
        #expect(context.verdict == .proven, "\(context.findings)")
        #expect(context.formats.map(\.format) == ["zip", "pickle"])
        #expect(context.formats.last?.path == "model!/a.pkl")
    }

    private static let tricks: [PickleCase] = [
        PickleCase("another name in its own header", plain.changing { $0.localName = "b.pkl" }, rule: "zip-mismatch"),
        PickleCase("flags in one place", plain.changing { $0.localFlags = 1 << 11 }, rule: "zip-mismatch"),
        PickleCase("a flag that readers ignore", plain.changing { $0.flags = 0x20 }, rule: "zip-flags"),
        PickleCase("encryption that is none", plain.changing { $0.flags = 1 }, rule: "zip-flags"),
        PickleCase("a data descriptor that is none", plain.changing { $0.flags = 8 }, rule: "zip-mismatch"),
        PickleCase("another CRC", plain.changing { $0.crc = 1 }, rule: "zip-crc"),
        PickleCase("another size", plain.changing { $0.size = 0 }, rule: "zip-size"),
        PickleCase("a second name", plain.changing { $0.extra = [0x75, 0x70, 1, 0, 1] }, rule: "zip-extra"),
        PickleCase("a broken extra field", plain.changing { $0.extra = [1, 2, 3] }, rule: "zip-extra"),
        PickleCase("a backslash", plain.changing { $0.name = "a\\b" }, rule: "zip-name"),
        PickleCase("bytes in front", [1, 2, 3, 4] + plain.bytes, rule: "zip-prefix"),
        PickleCase("bytes behind", plain.bytes + [1, 2, 3, 4], rule: "zip-suffix"),
        PickleCase(
            "a name twice",
            ZipBuilder(("a.pkl", PickleBuilder.plain), ("A.pkl", PickleBuilder.plain)).bytes,
            rule: "zip-duplicate"
        ),
        PickleCase("bytes that expand to nothing", plain.changing { $0.deflated = [0xff] }, rule: "compression-broken"),
    ]

    @Test(arguments: tricks) func `what readers see differently is not proven`(_ item: PickleCase) {
        let context = scanned(item.bytes)
        #expect(context.verdict == .notProven, "\(context.findings)")
        #expect(context.findings.contains { $0.rule == item.rule }, "\(context.findings)")
    }

    @Test(arguments: [("Zstandard", 93), ("LZMA", 14), ("method 77", 77)] as [(String, UInt16)])
    func `a member by a method that is not read is not proven, and the method is named`(name: String, number: UInt16) {
        let context = scanned(
            Self.plain.changing {
                $0.method = number
                $0.deflated = [1, 2, 3]
            }
        )
        #expect(context.verdict == .notProven)
        #expect(
            context.findings.contains { $0.rule == "zip-method" && $0.message.contains(name) },
            "\(context.findings)"
        )
    }

    private static let hostile = ZipBuilder(("a.pkl", PickleBuilder.command))

    private static let attacks: [PickleCase] = [
        PickleCase("in it", hostile.bytes),
        PickleCase("behind a wrong CRC", hostile.changing { $0.crc = 1 }),
        PickleCase("behind a flag", hostile.changing { $0.flags = 1 }),
        PickleCase("in front of it", PickleBuilder.command + plain.bytes),
        PickleCase("behind it", plain.bytes + PickleBuilder.command),
        PickleCase("two archives deep", ZipBuilder(("b.zip", hostile.bytes)).bytes),
        PickleCase("a name that leads out", plain.changing { $0.name = "../a" }),
        PickleCase("an absolute name", plain.changing { $0.name = "/etc/a" }),
        PickleCase("a link", plain.changing { $0.mode = 0o120777 }),
        PickleCase(
            "in an archive in its comment",
            {
                var zip = plain
                zip.comment = hostile.bytes
                return zip.bytes
            }()
        ),
    ]

    @Test(arguments: attacks) func `what would do harm is unsafe, however it is wrapped`(_ item: PickleCase) {
        let context = scanned(item.bytes)
        #expect(context.verdict == .unsafe, "\(context.findings)")
    }

    @Test func `a gap is not proven`() {
        var zip = Self.plain
        zip.gap = [1, 2, 3]
        #expect(scanned(zip.bytes).findings.contains { $0.rule == "zip-gap" })
    }

    @Test func `archives in archives end`() {
        var bytes = Self.plain.bytes
        for _ in 0..<20 { bytes = ZipBuilder(("a.zip", bytes)).bytes }
        let context = scanned(bytes)
        #expect(context.findings.contains { $0.rule == "limit-depth" })
    }

    @Test func `what is encrypted is a remark, unless it can be read as it stands`() {
        let sealed = ZipBuilder(("secret", Array(repeating: 0xa5, count: 40))).changing {
            $0.flags = 1
            $0.size = 28
        }
        #expect(scanned(sealed).findings.map(\.rule) == ["zip-encrypted"])
        let readable = ZipBuilder(("secret", PickleBuilder.command)).changing {
            $0.flags = 1
            $0.size = UInt32(PickleBuilder.command.count - 12)
        }
        #expect(scanned(readable).verdict == .unsafe)
    }

    // MARK: PyTorch

    static func torch(_ pickle: [UInt8], storage: Int = 16) -> [UInt8] {
        ZipBuilder(
            ("m/data.pkl", pickle),
            ("m/byteorder", Array("little".utf8)),
            ("m/data/0", Array(repeating: 0, count: storage)),
            ("m/version", Array("3\n".utf8))
        ).bytes
    }

    /// A tensor of so many elements over storage 0, which has four.
    static func tensor(elements: UInt8) -> [UInt8] {
        PickleBuilder(protocol: 2).global("torch._utils", "_rebuild_tensor_v2").op(.mark, .mark).text("storage")
            .global("torch", "FloatStorage").text("0").text("cpu").small(4).op(.tuple, .binPersID).small(0)
            .small(elements).op(.tuple1).small(1).op(.tuple1, .newFalse)
            .global("collections", "OrderedDict").op(.emptyTuple, .reduce, .tuple, .reduce).done
    }

    @Test func `an archive of PyTorch is proven where its storages are as large as it says`() {
        #expect(scanned(Self.torch(Self.tensor(elements: 4))).findings == [])
        let short = scanned(Self.torch(Self.tensor(elements: 4), storage: 12))
        #expect(short.findings.map(\.rule) == ["torch-storage"])
        let beyond = scanned(Self.torch(Self.tensor(elements: 5)))
        #expect(beyond.verdict == .unsafe || beyond.verdict == .notProven)
        #expect(beyond.findings.map(\.rule) == ["torch-bounds"])
    }

    @Test func `a persistent identifier means nothing outside of PyTorch`() {
        #expect(scanned(Self.tensor(elements: 4)).findings.contains { $0.rule == "pickle-persistent" })
    }

    @Test func `a member that no reader asks for is not proven`() {
        let zip = ZipBuilder(("m/data.pkl", PickleBuilder.plain), ("m/extra/run", PickleBuilder.plain))
        #expect(scanned(zip.bytes).findings.map(\.rule) == ["torch-member"])
    }
}
