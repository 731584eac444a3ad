import Testing

@testable import ModelTrust

/// Core ML's models, field by field.
@Suite struct CoreMLScannerTests {
    private static func varint(_ value: Int) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 127 | 128)] + varint(value >> 7)
    }
    private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(bytes.count) + bytes
    }
    private static func field(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }
    private static func field(_ number: Int, _ value: Int) -> [UInt8] { varint(number << 3) + varint(value) }

    private static let description = field(1, field(1, "x")) + field(10, field(1, "y"))

    private static func model(_ kind: Int, _ bytes: [UInt8], version: Int = 8, more: [UInt8] = []) -> [UInt8] {
        field(1, version) + field(2, description) + field(kind, bytes) + more
    }

    /// A network of one layer: an inner product, where nothing else is said.
    private static func network(_ layer: [UInt8]? = nil) -> [UInt8] {
        let weights = field(1, [0, 0, 0x80, 0x3F])
        let product = field(1, 1) + field(2, 1) + field(20, weights)
        return model(500, field(1, field(1, "l") + field(2, "x") + field(3, "y") + (layer ?? field(140, product))))
    }

    /// A program of one operation whose weights lie in a file.
    private static func program(
        operation: String = "const",
        file: String = "@model_path/weights/weight.bin",
        more: [UInt8] = []
    ) -> [UInt8] {
        let value = field(5, field(1, file) + field(2, 64))
        let step = field(1, operation) + field(5, field(1, "val") + field(2, value)) + more
        let block = field(2, "y") + field(3, step)
        let function = field(2, "CoreML8") + field(3, field(1, "CoreML8") + field(2, block))
        return model(502, field(1, 1) + field(2, field(1, "main") + field(2, function)))
    }

    private static let pipeline = model(202, field(1, network()) + field(1, network()))

    @Test func `networks, programs and pipelines of them are proven`() {
        for bytes in [Self.network(), Self.program(), Self.pipeline] {
            let context = ScanProbe.scan(bytes)
            #expect(context.findings == [])
            #expect(context.formats.map(\.format) == ["coreml"])
        }
    }

    @Test func `a program's weights are raw data of its package`() {
        #expect(ScanProbe.scan(Self.program()).claims == ["weights/weight.bin"])
    }

    private static let hostile: [(String, [UInt8], String)] = [
        ("a custom layer", network(field(500, field(1, "Shell"))), "coreml-custom"),
        ("a custom model", model(555, field(1, "Shell")), "coreml-custom"),
        ("a custom model in a pipeline", model(202, field(1, model(555, field(1, "Shell")))), "coreml-custom"),
        ("a linked model", model(556, field(1, field(1, "../other"))), "coreml-kind"),
        ("a serialised model", model(3000, field(1, "x")), "coreml-kind"),
        ("a classifier of texts", model(2000, field(10, [1, 2, 3])), "coreml-kind"),
        ("trees", model(402, []), "coreml-kind"),
        ("support vectors", model(401, []), "coreml-kind"),
        ("a layer of a kind that is not known", network(field(9_000, [])), "protobuf-field"),
        ("an operation that is not known", program(operation: "custom_shell"), "coreml-operation"),
        ("an operation that is named twice", program(more: field(1, "shell")), "coreml-operation"),
        ("a network and a program", model(500, [], more: field(502, [])), "coreml-model"),
        ("two networks", model(500, [], more: field(500, [])), "coreml-model"),
        ("a field that is not known", network() + field(77, 1), "unknown-format"),
        ("a field of another type", model(500, [], more: field(10, "yes")), "protobuf-wire"),
        ("a text that is not UTF-8", network(field(1, [0xFF])), "protobuf-text"),
        ("numbers that are cut short", network(field(140, field(20, field(1, [0, 0, 0])))), "protobuf-packed"),
        ("a description that is none", field(1, 8) + field(2, [0xFF]) + field(500, []), "truncated"),
        (
            "networks deep in one another", (0..<80).reduce(network()) { inner, _ in model(202, field(1, inner)) },
            "coreml-model"
        ),
        ("a file beside the package", program(file: "@model_path/../../.ssh/id"), "coreml-file"),
        ("a file from the root", program(file: "/etc/passwd"), "coreml-file"),
        ("a file by another variable", program(file: "@home/weights.bin"), "coreml-file"),
        ("no file", program(file: ""), "coreml-file"),
        ("a file that leads out from within", program(file: "@model_path/weights/../../x"), "coreml-file"),
    ]

    @Test(arguments: hostile.indices) func `what is not understood is not proven`(_ index: Int) {
        let (name, bytes, rule) = Self.hostile[index]
        let context = ScanProbe.scan(bytes)
        #expect(context.verdict != .proven, "\(name)")
        #expect(context.findings.contains { $0.rule == rule }, "\(name): \(context.findings.map(\.rule))")
        #expect((context.verdict == .unsafe) == (rule == "coreml-file"), "\(name)")
    }

    @Test func `a model that is changed at random ends within its limits`() {
        for sample in [Self.network(), Self.program()] {
            ScanProbe.mutate(sample, seed: 5) { bytes in
                let context = ScanProbe.scan(bytes)
                #expect(!context.formats.isEmpty || context.verdict != .proven)
            }
        }
    }
}
