import Testing

@testable import ModelTrust

@Suite struct GGUFScannerTests {
    /// Puts a GGUF file together.
    private struct Builder {
        var version: UInt32 = 3
        var metadata: [[UInt8]] = [Self.text("general.architecture", "llama")]
        var tensors: [[UInt8]] = []
        var data: [UInt8] = []
        var alignment = 32
        var counts: (tensors: UInt64, metadata: UInt64)?

        static func string(_ text: String) -> [UInt8] { .little(UInt64(text.utf8.count)) + Array(text.utf8) }
        static func value(_ key: String, _ type: UInt32, _ bytes: [UInt8]) -> [UInt8] {
            string(key) + .little(type) + bytes
        }
        static func text(_ key: String, _ text: String) -> [UInt8] { value(key, 8, string(text)) }
        static func tensor(_ name: String, _ shape: [UInt64], type: UInt32 = 0, at offset: UInt64 = 0) -> [UInt8] {
            string(name) + .little(UInt32(shape.count)) + shape.flatMap { [UInt8].little($0) } + .little(type)
                + .little(offset)
        }

        var bytes: [UInt8] {
            let counts = counts ?? (UInt64(tensors.count), UInt64(metadata.count))
            var result = Array("GGUF".utf8) + .little(version) + .little(counts.tensors) + .little(counts.metadata)
            result += metadata.flatMap { $0 } + tensors.flatMap { $0 }
            while result.count % alignment != 0 { result.append(0) }
            return result + data
        }
    }

    private static func built(_ change: (inout Builder) -> Void) -> [UInt8] {
        var builder = Builder()
        change(&builder)
        return builder.bytes
    }

    private static let sound = built {
        $0.metadata += [
            Builder.value("general.alignment", 4, .little(UInt32(64))),
            Builder.value(
                "tokenizer.ggml.tokens",
                9,
                .little(UInt32(8)) + .little(UInt64(2)) + Builder.string("a") + Builder.string("ü")
            ),
            Builder.value(
                "tokenizer.ggml.scores",
                9,
                .little(UInt32(6)) + .little(UInt64(2)) + [UInt8](repeating: 0, count: 8)
            ),
            Builder.value("tokenizer.ggml.add_bos_token", 7, [1]),
            Builder.text("tokenizer.chat_template", "{% for m in messages %}{{ m.content }}{% endfor %}"),
        ]
        $0.alignment = 64
        $0.tensors = [Builder.tensor("a", [4, 2]), Builder.tensor("b", [256], type: 12, at: 64)]
        $0.data =
            [UInt8](repeating: 1, count: 32) + [UInt8](repeating: 0, count: 32) + [UInt8](repeating: 1, count: 144)
    }

    @Test func `a file whose every byte belongs to something is proven`() {
        #expect(ScanProbe.scan(Self.sound).findings == [])
        #expect(ScanProbe.verdict(Self.built { $0.version = 2 }) == .proven)
    }

    @Test func `headers that lie are not proven`() {
        let tensor = [UInt8](repeating: 1, count: 16)
        let files: [[UInt8]] = [
            Self.built { $0.version = 1 }, Self.built { $0.version = 4 }, Self.built { $0.version = 3 << 24 },
            Self.built { $0.counts = (1 << 60, 1) }, Self.built { $0.counts = (0, 1 << 60) },
            Self.built { $0.counts = (0, 2) },
            Self.built { $0.counts = (1, 1) }, Self.built { $0.metadata = [] },
            Self.built { $0.metadata.append($0.metadata[0]) },
            Self.built { $0.metadata.append(Builder.value("x", 13, [0])) },
            Self.built { $0.metadata.append(Builder.value("x", 7, [2])) },
            Self.built { $0.metadata.append(Builder.value("x", 9, .little(UInt32(4)) + .little(UInt64(1) << 62))) },
            Self.built { $0.metadata.append(Builder.value("x", 9, .little(UInt32(8)) + .little(UInt64(1) << 40))) },
            Self.built { $0.metadata.append(Builder.value("x", 9, .little(UInt32(9)) + .little(UInt64(1)))) },
            Self.built { $0.metadata.append(Builder.value("x", 9, .little(UInt32(99)) + .little(UInt64(1)))) },
            Self.built { $0.metadata.append(.little(UInt64.max)) },
            Self.built { $0.metadata.append(Builder.value("", 7, [1])) },
            Self.built { $0.metadata.append(Builder.value("x", 8, .little(UInt64(2)) + [0xFF, 0xFE])) },
            Self.built { $0.metadata.append(Builder.value("general.alignment", 4, .little(UInt32(0)))) },
            Self.built { $0.metadata.append(Builder.value("general.alignment", 4, .little(UInt32(33)))) },
            Self.built { $0.metadata.append(Builder.value("general.alignment", 10, .little(UInt64(32)))) },
            Self.built { $0.metadata.append(Builder.text("general.alignment", "32")) },
            Self.built {
                $0.tensors = [Builder.tensor("a/../../b", [4])]; $0.data = tensor
            },
            Self.built { $0.metadata.append(Builder.value("tokenizer.chat_template", 4, .little(UInt32(1)))) },
            Self.built {
                $0.tensors = [Builder.tensor("a", [1, 1, 1, 1, 4])]; $0.data = tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [])]; $0.data = tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [0])]; $0.data = tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [1 << 32, 1 << 32])]; $0.data = tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [.max])]; $0.data = tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [4], type: 4)]; $0.data = tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [4], type: 4_000)]; $0.data = tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [33], type: 2)]; $0.data = tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [4], at: 1 << 24)]; $0.data = tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [4], at: 7)]; $0.data = tensor + tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [4]), Builder.tensor("b", [4])]; $0.data = tensor + tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [4]), Builder.tensor("a", [4], at: 32)];
                $0.data = tensor + tensor + tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor("a", [5])]; $0.data = tensor
            },
            Self.built {
                $0.tensors = [Builder.tensor(String(repeating: "a", count: 64), [4])]; $0.data = tensor
            },
            Self.sound + [1], Self.sound.dropLast(1) + [], Array("GGUF".utf8),
        ]
        for (index, file) in files.enumerated() { #expect(ScanProbe.verdict(file) == .notProven, "file \(index)") }
    }

    @Test func `a template in the metadata is checked wherever it lies`() {
        let attack = "{{ ''.__class__ }}"
        for key in ["tokenizer.chat_template", "tokenizer.chat_template.tool_use"] {
            #expect(ScanProbe.verdict(Self.built { $0.metadata.append(Builder.text(key, attack)) }) == .unsafe)
        }
        let list = Builder.value(
            "tokenizer.chat_templates",
            9,
            .little(UInt32(8)) + .little(UInt64(1)) + Builder.string(attack)
        )
        #expect(ScanProbe.verdict(Self.built { $0.metadata.append(list) }) == .unsafe)
    }

    @Test func `a changed file never stops the scanner`() {
        ScanProbe.mutate(Self.sound, seed: 2) { _ = ScanProbe.verdict($0) }
    }
}
