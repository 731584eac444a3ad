import Testing

@testable import ModelTrust

/// Puts Protocol Buffers messages together.
private enum Wire {
    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var result: [UInt8] = []
        repeat {
            result.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return result
    }
    static func number(_ field: UInt64, _ value: UInt64) -> [UInt8] { varint(field << 3) + varint(value) }
    static func bytes(_ field: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        varint(field << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }
    static func text(_ field: UInt64, _ text: String) -> [UInt8] { bytes(field, Array(text.utf8)) }
}

@Suite struct ProtobufScannerTests {
    private func node(_ type: String, domain: String = "", attribute: [UInt8] = []) -> [UInt8] {
        Wire.bytes(1, Wire.text(1, "x") + Wire.text(2, "y") + Wire.text(4, type) + attribute + Wire.text(7, domain))
    }
    private func tensor(_ shape: [UInt64], raw: Int? = nil, more: [UInt8] = []) -> [UInt8] {
        Wire.bytes(
            5,
            shape.flatMap { Wire.number(1, $0) } + Wire.number(2, 1) + Wire.text(8, "w")
                + (raw.map { Wire.bytes(9, [UInt8](repeating: 1, count: $0)) } ?? []) + more
        )
    }
    private func external(_ entries: [(String, String)]) -> [UInt8] {
        entries.flatMap { Wire.bytes(13, Wire.text(1, $0.0) + Wire.text(2, $0.1)) } + Wire.number(14, 1)
    }
    private func onnx(_ graph: [UInt8], more: [UInt8] = []) -> [UInt8] {
        Wire.number(1, 8) + Wire.text(2, "test") + Wire.bytes(7, graph + Wire.text(2, "g"))
            + Wire.bytes(8, Wire.text(1, "") + Wire.number(2, 17))
            + more
    }

    @Test func `operators of the public lists and tensors that fit are proven`() {
        let inner = Wire.bytes(5, Wire.text(1, "then_branch") + Wire.bytes(6, node("Relu")) + Wire.number(20, 5))
        for file in [
            onnx(node("Relu")), onnx(node("If", attribute: inner)), onnx(node("FusedMatMul", domain: "com.microsoft")),
            onnx(tensor([2, 3], raw: 24)), onnx(tensor([], raw: 4)),
            onnx(tensor([1], more: external([("location", "weights.bin")]))),
            onnx(tensor([1], more: external([("location", "data/w.bin"), ("offset", "4096"), ("length", "4")]))),
            onnx(
                node("Mine", domain: "my"),
                more: Wire.bytes(25, Wire.text(1, "Mine") + Wire.bytes(7, Wire.text(4, "Relu")) + Wire.text(10, "my"))
            ),
        ] { #expect(ScanProbe.scan(file).findings == []) }
    }

    @Test func `external data outside the model's folder is unsafe`() {
        for location in ["../w", "a/../../w", "/etc/passwd", "..", "C:\\w", "..\\w", "~/w", "a\u{0}b"] {
            #expect(
                ScanProbe.verdict(onnx(tensor([1], more: external([("location", location)])))) == .unsafe,
                "\(location)"
            )
        }
        let inner = Wire.bytes(
            5,
            Wire.text(1, "value")
                + Wire.bytes(5, Array(tensor([1], more: external([("location", "../w")])).dropFirst(2)))
        )
        #expect(ScanProbe.verdict(onnx(node("Constant", attribute: inner))) == .unsafe)
    }

    @Test func `what is on no list, or does not add up, is not proven`() {
        var deep = node("Relu")
        for _ in 0..<20 { deep = node("If", attribute: Wire.bytes(5, Wire.text(1, "a") + Wire.bytes(6, deep))) }
        for file in [
            onnx(node("Frobnicate")), onnx(node("Relu", domain: "ai.onnx.contrib")), onnx(node("PyOp", domain: "evil")),
            onnx(node("EPContext", domain: "com.microsoft")), onnx(deep),
            onnx(tensor([2, 3], raw: 23)), onnx(tensor([1 << 40, 1 << 40])), onnx(tensor([.max])),
            onnx(tensor([1], more: Wire.number(14, 1))), onnx(tensor([1], more: external([("location", "")]))),
            onnx(tensor([1], more: external([("location", "w"), ("offset", "-1")]))),
            onnx(tensor([1], more: external([("location", "w"), ("basepath", "/")]))),
            onnx(tensor([1], more: external([("location", "w"), ("location", "../w")]))),
            onnx([], more: Wire.number(99, 1)), onnx([], more: Wire.bytes(7, [])), onnx(Wire.number(2, 7)),
            onnx(node("Relu"), more: Wire.bytes(25, Wire.text(1, "Relu") + Wire.bytes(7, Wire.text(4, "Neg")))),
            onnx(node("Relu")).dropLast(1) + [],
        ] { #expect(ScanProbe.verdict(file) == .notProven) }
    }

    private func savedModel(_ nodes: [[UInt8]], more: [UInt8] = []) -> [UInt8] {
        let graph = nodes.flatMap { Wire.bytes(1, $0) }
        return Wire.number(1, 1) + Wire.bytes(2, Wire.bytes(1, Wire.text(4, "serve")) + Wire.bytes(2, graph) + more)
    }
    private func operation(_ name: String, _ type: String, _ inputs: [String] = [], text: String? = nil) -> [UInt8] {
        let value = text.map {
            Wire.bytes(5, Wire.text(1, "value") + Wire.bytes(2, Wire.bytes(8, Wire.number(1, 7) + Wire.text(8, $0))))
        }
        return Wire.text(1, name) + Wire.text(2, type) + inputs.flatMap { Wire.text(3, $0) } + (value ?? [])
    }

    @Test func `a graph that computes, and savers that are told where, are proven`() {
        let saver = [
            operation("saver_filename", "Placeholder"), operation("c", "Const", text: "_temp/part"),
            operation("j", "StringJoin", ["saver_filename", "c"]), operation("s", "SaveV2", ["j", "c", "c"]),
        ]
        #expect(
            ScanProbe.scan(savedModel([operation("x", "Placeholder"), operation("y", "MatMul", ["x", "x"])])).findings
                == []
        )
        #expect(ScanProbe.scan(savedModel(saver)).findings == [])
    }

    @Test(arguments: ["ReadFile", "WriteFile", "PyFunc", "EagerPyFunc", "MatchingFiles", "PrintV2", "ImmutableConst"])
    func `operators that reach files or run code are unsafe`(type: String) {
        #expect(ScanProbe.verdict(savedModel([operation("x", type)])) == .unsafe)
        let function = Wire.bytes(
            2,
            Wire.bytes(1, Wire.bytes(1, Wire.text(1, "f")) + Wire.bytes(3, operation("x", type)))
        )
        #expect(ScanProbe.verdict(Wire.number(1, 1) + Wire.bytes(2, Wire.bytes(2, function))) == .unsafe)
    }

    @Test func `a file that the graph itself names, an asset outside, a Lambda and unknown operators are refused`() {
        let save = [operation("c", "Const", text: "/etc/cron.d/x"), operation("s", "SaveV2", ["c", "c", "c"])]
        #expect(ScanProbe.verdict(savedModel(save)) == .unsafe)
        #expect(
            ScanProbe.verdict(savedModel([operation("x", "NoOp")], more: Wire.bytes(6, Wire.text(2, "../../x"))))
                == .unsafe
        )
        let lambda = Wire.text(3, #"{"class_name":"Lambda","config":{}}"#)
        let objects = Wire.bytes(7, Wire.bytes(1, Wire.bytes(4, Wire.text(1, "_tf_keras_layer") + lambda)))
        #expect(ScanProbe.verdict(savedModel([operation("x", "NoOp")], more: objects)) == .unsafe)
        #expect(ScanProbe.verdict(savedModel([operation("x", "Frobnicate")])) == .notProven)
        let metadata = Wire.bytes(
            1,
            Wire.number(2, 0) + Wire.text(3, "root") + Wire.text(4, "_tf_keras_model")
                + Wire.text(5, #"{"class_name":"Lambda","config":{}}"#)
        )
        #expect(ScanProbe.verdict(metadata) == .unsafe)
    }

    @Test func `changed files never stop the scanners`() {
        let files = [
            onnx(node("Relu") + tensor([2], raw: 8) + tensor([1], more: external([("location", "w")]))),
            savedModel([operation("c", "Const", text: "part"), operation("s", "SaveV2", ["c", "c"])]),
        ]
        for (index, file) in files.enumerated() {
            ScanProbe.mutate(file, seed: UInt64(20 + index)) { _ = ScanProbe.verdict($0) }
        }
    }

    @Test func `Flax' arrays are proven, and other extensions not`() {
        func array(_ shape: [UInt8], _ type: String, _ count: Int) -> [UInt8] {
            [0x93, 0x90 | UInt8(shape.count)] + shape + [0xA0 | UInt8(type.utf8.count)] + Array(type.utf8) + [
                0xC4, UInt8(count),
            ]
                + [UInt8](repeating: 0, count: count)
        }
        func ext(_ type: UInt8, _ body: [UInt8]) -> [UInt8] { [0xC7, UInt8(body.count), type] + body }
        let name: [UInt8] = [0x81, 0xA1, 0x77]
        #expect(ScanProbe.scan(name + ext(1, array([2, 2], "float32", 16))).findings == [])
        #expect(ScanProbe.verdict(name + [0x80]) == .proven)
        for bad in [
            ext(1, array([2, 2], "float32", 15)), ext(1, array([2], "object", 16)), ext(1, Array("eval".utf8)),
            ext(4, [0]), ext(0xFF, [0, 0, 0, 0]),
            [0xC1], [0xC6, 0xFF, 0xFF, 0xFF, 0xFF], [0x81, 0xA1], [0x01, 0x01],
        ] { #expect(ScanProbe.verdict(name + bad) == .notProven) }
        #expect(ScanProbe.verdict([0x82, 0xA1, 0x77, 0x01, 0xA1, 0x77, 0x02]) == .notProven)
        #expect(ScanProbe.verdict(name + [UInt8](repeating: 0x91, count: 1_000) + [0]) == .notProven)
        // An extension is the whole file, or what stands there is something else.
        #expect(ScanProbe.scan(ext(1, array([2, 2], "float32", 16))).findings == [])
        #expect(ScanProbe.verdict(ext(1, array([2, 2], "float32", 16)) + [0]) == .notProven)
        ScanProbe.mutate(name + ext(1, array([2, 2], "float32", 16)), seed: 30) { _ = ScanProbe.verdict($0) }
    }
}
