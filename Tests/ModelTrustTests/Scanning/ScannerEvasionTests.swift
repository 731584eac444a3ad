import Testing

@testable import ModelTrust

/// Ways around the scanner that were found, each closed.
@Suite struct ScannerEvasionTests {
    @Test func `a text pickle that calls and then breaks off is no text`() {
        #expect(ScanProbe.verdict("cCython.Build.Inline\ncython_inline\n(S'x'\ntRz") == .unsafe)
        #expect(ScanProbe.verdict("call me by my name\nand no other\n") == .proven)
    }

    /// Python reads numbers more freely than picklers write them, sets items of lists, and, in its slower unpickler,
    /// calls with lists and ends a last line itself.
    @Test(arguments: [
        "S'x'\np 0\n0", "S'x'\np+0\n0", "S'x'\np0_0\n0", "I0x10\n0", "I1_0\n0", "I \t7 \n0", "L 15\n0", "L0x1FL\n0",
        "F 1.5\n0", "F1_0.5\n0", "FNaN \n0", "I" + String(repeating: "0", count: 5_000) + "\n0", "S'x' \n0",
        "(NlI0\nI5\ns0", "S'x'\nraaaa0", "(dPos\nS'a'\nI1\ns0", "ccollections\nOrderedDict\n(lR0",
        "I" + String(repeating: " ", count: 2 << 20) + "1\n0",
    ])
    func `a text pickle that Python reads more freely is a pickle`(_ beginning: String) {
        let command = "cposix\nsystem\n(S'id'\ntR."
        #expect(ScanProbe.verdict(beginning + command) != .proven, "\(beginning.prefix(40))")
        #expect(ScanProbe.scan(Array((beginning + command).utf8)).formats.contains { $0.format == "pickle" })
    }

    @Test(arguments: [
        "(S'id'\niposix\nsystemX", "iposix\nsystem\n", "cidlelib.idle\nmain\nand so on\n", "cflask.__main__\nx\n",
    ])
    func `a text that imports or calls before it breaks off is a pickle`(_ text: String) {
        #expect(ScanProbe.verdict(text) != .proven)
    }

    @Test(arguments: [
        "If it is so\n", "Fan\n", "cat\ndog\n", "isympy\nsympy\n",
        "Copyright (c) 1992-2013 The University of Tennessee and The University of Tennessee, and all their rights\n",
        "pan\n", "good\n", "I am\n", "Languages\n", "Sun\n", "c\n1\n2\n", "i\n1\n2\n",
        // A word may be called as a module is that runs code.
        "cat\nos\ndog\n", "car\nsys\n", "cat\nos.path\nd\n",
    ])
    func `words that begin like opcodes are text`(_ text: String) {
        #expect(ScanProbe.verdict(text) == .proven)
    }

    @Test func `an index of the memo is held against what was read`() {
        var bytes: [UInt8] = [0x80, 2, 0x4E]
        for index in 1...40 { bytes += [0x72] + [UInt8].little(UInt32(index * 60_000)) }
        #expect(ScanProbe.rules(bytes + [0x2E]).contains("limit-memo"))
    }

    @Test func `MEMOIZE counts what is in the memo, as Python does`() {
        // Index 2 is taken, then MEMOIZE overwrites it: the name that is imported is another one.
        let pickle = PickleBuilder().text("os").raw([0x71, 0]).text("getcwd").raw([0x71, 2]).text("system").op(.memoize)
            .op(.pop, .pop, .pop).raw([0x68, 0, 0x68, 2]).op(.stackGlobal).text("id").op(.tuple1, .reduce).done
        #expect(scanned(pickle).findings.contains { $0.message.contains("os.system") })
    }

    @Test func `a chain of lists as long as the pickle is freed`() {
        var bytes: [UInt8] = [0x80, 2, 0x5D]
        // Each list gets the next one while it is still the last: none of them knows how deep it became.
        for _ in 0..<200_000 { bytes += [0x5D, 0x71, 0, 0x61, 0x30, 0x68, 0] }
        _ = ScanProbe.verdict(bytes + [0x2E])
    }

    @Test func `a size that a call made is no size`() {
        let number = PickleBuilder(protocol: 2).global("builtins", "bytearray").global("_codecs", "encode").text("9")
            .text("utf-8").op(.tuple2, .reduce, .tuple1, .reduce).done
        #expect(ScanProbe.verdict(number) == .proven)
        let made = PickleBuilder(protocol: 2).global("builtins", "bytearray").global("builtins", "int").text(
            "99999999999"
        )
        .op(.tuple1, .reduce, .tuple1, .reduce).done
        #expect(ScanProbe.verdict(made) != .proven)
    }

    @Test func `an object is reconstructed from object or from its own class alone`() {
        func reconstruct(_ base: String, _ state: [UInt8]) -> [UInt8] {
            PickleBuilder(protocol: 2).global("copyreg", "_reconstructor").global("builtins", "bytearray")
                .global("builtins", base).raw(state).op(.tuple3, .reduce).done
        }
        #expect(ScanProbe.verdict(reconstruct("object", [0x4E])) == .proven)
        #expect(ScanProbe.verdict(reconstruct("object", [0x4B, 1])) != .proven)
        #expect(ScanProbe.verdict(reconstruct("bytearray", [0x4A, 0, 0, 0, 0x7F])) != .proven)
        #expect(ScanProbe.verdict(reconstruct("list", [0x4E])) != .proven)
    }

    @Test func `__future__ has its features and nothing else`() {
        #expect(ScanProbe.verdict(PickleBuilder().global("__future__", "annotations").done) == .proven)
        #expect(ScanProbe.verdict(PickleBuilder().global("__future__", "__builtins__").done) != .proven)
    }

    @Test(arguments: [
        "import os;os.system(\"id\")", "if 1:\n    import os\n", "while \"a b c d\":\n\tx()\n", "if 1: import os\n",
        "text\nimport os;os.system('id')\n", "from os import*\n", "for x in y:  # a b c\n  import z\n",
    ])
    func `Python is no plain text`(_ text: String) {
        #expect(ScanProbe.verdict(text) != .proven)
    }

    @Test(arguments: [
        "if you use pip:\n\n    pip install it\n", "for example:\n    this\n", "import the model, then run it\n",
        "with the following words:\n  - one\n",
    ])
    func `prose that begins like Python is text`(_ text: String) {
        #expect(ScanProbe.verdict(text) == .proven)
    }

    @Test func `a member under data that no pickle names is looked through`() {
        func archive(_ extra: [UInt8]) -> [UInt8] {
            ZipBuilder(("archive/data.pkl", PickleBuilder.plain), ("archive/data/0", extra)).bytes
        }
        #expect(ScanProbe.verdict(archive(PickleBuilder.command)) == .unsafe)
        #expect(ScanProbe.verdict(archive([0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])) == .proven)
    }

    @Test func `a member that is only said to be encrypted is looked through`() {
        let pickle = PickleBuilder.command
        let zip = ZipBuilder(("a/data.pkl", pickle)).changing { member in
            member.flags = 1
            member.deflated = [1] + le16(UInt16(pickle.count)) + le16(~UInt16(pickle.count)) + pickle
        }
        #expect(ScanProbe.verdict(zip) == .unsafe)
    }

    @Test func `what a name claims as raw data is none of another format`() throws {
        for magic: [UInt8] in [[0x28, 0xB5, 0x2F, 0xFD], [0xCB, 0x0D, 0x0D, 0x0A]] {
            let context = ScanProbe.scan(magic + [0, 0, 0, 0, 1], path: "w.bin")
            let claims = FileScanReport(path: "m.onnx", formats: [], findings: [], claims: ["w.bin"])
            let report = ScanReport(files: [claims, FileScanReport(path: "w.bin", context: context)], findings: [])
            #expect(report.verdict == .notProven)
        }
    }

    @Test func `a finding is short whatever it is about`() {
        let long = String(repeating: "a", count: 100_000)
        let finding = ScanFinding(rule: "x", verdict: .unsafe, path: long, element: long, message: long)
        #expect([finding.path, finding.element ?? "", finding.message].allSatisfy { $0.utf8.count < 1_100 })
    }
}
