import Testing

@testable import ModelTrust

/// A pickle, and, where it is not proven, the rule that says why.
struct PickleCase: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let rule: String

    init(_ name: String, _ bytes: [UInt8], rule: String = "") {
        self.name = name
        self.bytes = bytes
        self.rule = rule
    }

    var testDescription: String { name }
}

@Suite struct PickleScannerTests {
    private static let harmless: [PickleCase] = [
        PickleCase("a dictionary", PickleBuilder.plain),
        PickleCase("protocol 0", Array("(lp0\nVa\np1\na.".utf8)),
        PickleCase(
            "an ordered dictionary",
            PickleBuilder().global("collections", "OrderedDict").op(.emptyTuple, .reduce).done
        ),
        PickleCase(
            "a set",
            PickleBuilder(protocol: 2).global("__builtin__", "set").op(.emptyList).op(.tuple1, .reduce).done
        ),
        PickleCase("two pickles", PickleBuilder.plain + PickleBuilder.plain),
        PickleCase(
            "attributes of an ordered dictionary",
            PickleBuilder().global("collections", "OrderedDict").op(.emptyTuple, .reduce, .emptyDict).text("_metadata")
                .op(.none, .setItem, .build).done
        ),
    ]

    private static let hostile: [PickleCase] = [
        PickleCase("after a benign one", PickleBuilder.plain + PickleBuilder.command),
        PickleCase(
            "its result is thrown away",
            Array(PickleBuilder.command.dropLast()) + PickleBuilder().op(.pop, .none).done.dropFirst(2)
        ),
        PickleCase("without STOP", Array(PickleBuilder.command.dropLast())),
        PickleCase("INST", Array("(S'id'\nios\nsystem\n.".utf8)),
        PickleCase("OBJ", PickleBuilder().op(.mark).global("os", "system").text("id").op(.obj).done),
        PickleCase("NEWOBJ", PickleBuilder().global("subprocess", "Popen").text("id").op(.tuple1, .newObj).done),
        PickleCase(
            "NEWOBJ_EX",
            PickleBuilder().global("subprocess", "Popen").text("id").op(.tuple1, .emptyDict, .newObjEx).done
        ),
        PickleCase(
            "STACK_GLOBAL",
            PickleBuilder().text("os").text("system").op(.stackGlobal).text("id").op(.tuple1, .reduce).done
        ),
        PickleCase(
            "names in the memo",
            PickleBuilder().text("system").op(.memoize).text("os").raw([0x68, 0]).op(.stackGlobal).op(
                .emptyTuple,
                .reduce
            ).op(.tuple2).done
        ),
        PickleCase(
            "a dotted name",
            PickleBuilder().text("pathlib").text("os.system").op(.stackGlobal, .emptyTuple, .reduce).done
        ),
        PickleCase(
            "from a listed class",
            PickleBuilder().text("collections").text("OrderedDict.__init__.__globals__").op(.stackGlobal).done
        ),
        PickleCase(
            "a computed name",
            PickleBuilder().text("os").global("builtins", "str").text("system").op(.tuple1, .reduce, .stackGlobal).done
        ),
        PickleCase(
            "__setstate__ among attributes",
            PickleBuilder().global("collections", "OrderedDict").op(.emptyTuple, .reduce, .emptyDict).text(
                "__setstate__"
            ).op(.none, .setItem, .build).done
        ),
        PickleCase(
            "attributes of a class",
            PickleBuilder().global("collections", "OrderedDict").op(.emptyDict, .build).done
        ),
        PickleCase(
            "items of a module's dictionary",
            PickleBuilder().global("sys", "modules").text("os").op(.none, .setItem).done
        ),
        PickleCase(
            "a factory of defaults",
            PickleBuilder().global("collections", "defaultdict").global("os", "getpid").op(.tuple1, .reduce).done
        ),
        PickleCase("an escaped argument", Array("c__builtin__\neval\n(S'\\x31'\ntR.".utf8)),
        PickleCase("a frame that is too short", [0x80, 4, 0x95, 2, 0, 0, 0, 0, 0, 0, 0, 0x4a, 7, 0, 0, 0, 0x2e]),
    ]

    private static let unclear: [PickleCase] = [
        PickleCase(
            "a class of somebody's",
            PickleBuilder().global("models.classes", "SVC").op(.emptyTuple, .newObj, .emptyDict, .build).done,
            rule: "pickle-class"
        ),
        PickleCase("an extension", [0x80, 2, 0x82, 1, 0x2e], rule: "pickle-extension"),
        PickleCase("a persistent object", PickleBuilder().text("0").op(.binPersID).done, rule: "pickle-persistent"),
        PickleCase("a buffer", [0x80, 5, 0x97, 0x98, 0x2e], rule: "pickle-buffer"),
        PickleCase("bytes as a name", [0x80, 4, 0x43, 1, 0x61, 0x8c, 1, 0x62, 0x93, 0x2e], rule: "pickle-malformed"),
        PickleCase(
            "an endless length",
            [0x80, 4, 0x8d, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x78, 0x2e],
            rule: "pickle-truncated"
        ),
        PickleCase("values left on the stack", PickleBuilder().op(.none, .none).done, rule: "pickle-stack"),
        PickleCase("bytes behind", PickleBuilder.plain + [0, 0, 0], rule: "trailing-bytes"),
        PickleCase(
            "a deep list",
            [0x80, 2] + Array(repeating: 0x5d, count: 1000) + Array(repeating: 0x61, count: 999) + [0x2e],
            rule: "limit-nesting"
        ),
        PickleCase(
            "a billion laughs",
            [0x80, 2, 0x29] + Array(repeating: [0x32, 0x86], count: 40).joined() + [0x2e],
            rule: "limit-expansion"
        ),
        PickleCase("a memo index", [0x80, 2, 0x4e, 0x72, 0xff, 0xff, 0xff, 0x7f, 0x2e], rule: "limit-memo"),
        PickleCase(
            "one at a time",
            [0x80, 2, 0x5d] + Array(repeating: [0x4b, 1, 0x61], count: 20_000).joined() + [0x2e],
            rule: "limit-additions"
        ),
        PickleCase(
            "a million zeros",
            PickleBuilder().global("builtins", "bytes").raw([0x4a, 0, 0, 0, 0x7f]).op(.tuple1, .reduce).done,
            rule: "pickle-call"
        ),
        PickleCase(
            "another codec",
            PickleBuilder().global("_codecs", "encode").text("a").text("zip").op(.tuple2, .reduce).done,
            rule: "pickle-call"
        ),
    ]

    @Test func `a finding says what would be called and with what`() {
        let context = scanned(PickleBuilder.command)
        #expect(context.verdict == .unsafe)
        let call = context.findings.first { $0.rule == "pickle-call" }
        #expect(call?.message == "calls `posix.system` with `('id',)`")
        #expect(call?.element == "REDUCE")
        #expect(call?.offset == 21)
    }

    @Test(arguments: harmless) func `what does no harm is proven`(_ item: PickleCase) {
        let context = scanned(item.bytes)
        #expect(context.verdict == .proven, "\(item.name): \(context.findings)")
        #expect(context.formats.map(\.format) == ["pickle"])
    }

    @Test(arguments: hostile) func `what would run code is unsafe`(_ item: PickleCase) {
        let context = scanned(item.bytes)
        #expect(context.verdict == .unsafe, "\(item.name): \(context.findings)")
    }

    @Test(arguments: unclear) func `what is not understood is not proven`(_ item: PickleCase) {
        let context = scanned(item.bytes)
        #expect(context.verdict == .notProven, "\(item.name): \(context.findings)")
        #expect(context.findings.contains { $0.rule == item.rule }, "\(item.name): \(context.findings)")
    }

    @Test func `a name that is only mentioned is told apart from one that is called`() {
        let mentioned = scanned(PickleBuilder().global("functools", "partial").done)
        #expect(mentioned.findings.map(\.rule) == ["pickle-import"])
        #expect(mentioned.verdict == .notProven)
    }

    @Test func `text of a terminal's control sequences is shown as text`() {
        let bytes = PickleBuilder(protocol: 2).global("os", "system").text("\u{1b}[2J").op(.tuple1, .reduce).done
        #expect(scanned(bytes).findings.allSatisfy { !$0.message.contains("\u{1b}") })
    }

    @Test func `a sparse matrix is a class, and no call`() {
        func made(_ name: String) -> [UInt8] {
            PickleBuilder(protocol: 2).global("scipy.sparse._csr", name).op(.emptyTuple, .newObj).done
        }
        #expect(ScanProbe.verdict(made("csr_matrix")) == .proven)
        #expect(ScanProbe.verdict(made("bsr_matrix")) == .notProven)
        #expect(ScanProbe.verdict(made("load")) == .unsafe)
        #expect(ScanProbe.verdict(made("load.csr_matrix")) == .unsafe)
    }
}
