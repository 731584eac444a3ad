import Testing

@testable import ModelTrust

/// What lies beside the weights in repositories of models, and what looks like it and is not.
@Suite struct OrdinaryRepositoryTests {
    private static func scan(_ text: String, _ name: String) -> ScanContext {
        ScanProbe.scan(Array(text.utf8), path: name)
    }

    /// Readmes: front matter, then Markdown that shows settings, templates and commands.
    private static let readmes: [String] = [
        """
        ---
        license: mit
        tags:
        - axolotl
        ---

        [<img src="https://example.org/badge.png" alt="Built" width="200"/>](https://example.org)
        <details><summary>See the configuration</summary>

        version: `0.6.0`
        ```yaml
        base_model: a/b
        trust_remote_code: true
        chat_template: llama3
        _target_: torch.nn.Linear
        ```

        </details>
        """,
        """
        # m

        ```python
        messages = [{"role": "user", "content": "hi"}]
        ```

        The template is `{{ bos_token }}{% for message in messages %}{{ message.content }}{% endfor %}`.

        ```yaml
        trust_remote_code: true
        ```
        """,
        """
        # m

        ```python
        messages = [{"role": "user", "content": "{{ prompt }}"}]
        ```
        """,
        "# m\n\n```\n<|im_start|>system\n{{ system }}<|im_end|>\n<|im_start|>user\n{{ prompt }}<|im_end|>\n```\n",
        "---\n{{ card_data }}\n---\n# Model card for {{ model_id | default(\"Model ID\", true) }}\n",
    ]

    @Test(arguments: readmes) func `a readme is text`(text: String) {
        #expect(Self.scan(text, "README.md").findings == [])
    }

    @Test(arguments: [
        // Words and merges of a tokenizer that has learnt from code.
        ("vocab.txt", "[PAD]\n{\n}\n{{\n}}\n{%\n%}\n##s\nthe\n"),
        ("vocab.txt", "the\n{{\nfoo\nbar\n}}\nend\n"),
        ("merges.txt", "#version: 0.2\n{ {\n} }\n{{ }}\n{% %}\n"),
        ("vocab.txt", "<!\n<script>\n{{\nĠ$x\n&a\n*a\n%TAG\n---\n"),
        ("merges.txt", "#version: 0.2\n=\" {{\nĠ {{\n}} <\n"),
        ("vocab.json", "{\"\u{7f}\":1}"), ("notes.md", "Move `{% endif %}` of each `messages` up.\n"),
        // Templates of another language.
        ("template", "{{ if .System }}<|system|>\n{{ .System }}</s>\n{{ end }}{{ .Prompt }}"),
        (
            "Modelfile",
            "FROM ./m.gguf\nTEMPLATE \"\"\"{{- range $i, $m := .Messages }}{{ $m.Content }}{{ end }}\"\"\"\n"
        ),
        ("vocab.json", #"{"auto_map":1,"py/object":2,"py/reduce":3,"trust_remote_code":4}"#),
        (".gitkeep", ""), ("__init__.py", ""), ("empty.txt", ""), ("LICENSE", ""),
        ("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
        ("environment.yml", "name: m\ndependencies:\n  - python=3.10\n"), ("empty.yaml", "# nothing\n"),
        ("router.json", #"{"types":{"0":"sentence_transformers.models.Transformer"},"structure":{"query":["0"]}}"#),
    ]) func `what tokenizers and tools write is proven`(name: String, text: String) {
        #expect(Self.scan(text, name).findings == [])
    }

    @Test(arguments: [
        // The same signs, and something that a template engine would do.
        ("README.md", "{{ ''.__class__ }}"), ("form.txt", "{{ x | attr('y') }}"), ("a.txt", "{{ cycler.x }}"),
        ("a.txt", "{{ _('x') }}"), ("a.txt", "{{ self.x }}"), ("a.txt", "{% include '/etc/passwd' %}"),
        ("a.txt", "{% if foo.frobnicate('x') %}a{% endif %}"), ("a.txt", "{{ 1, }}{{ ''.__class__ }}"),
        ("a.txt", "{{ f(*x) }}{{ ''.__class__ }}"), ("a.txt", "{{ x[:,1] }}{{ ''.__class__ }}"),
        ("a.txt", "{{ 1e5 }}{{ ''.__class__ }}"), ("a.txt", "{{ é.__class__ }}"),
        ("t.jinja", "{{ }} {{ x }}"), ("t.jinja", "{{ system }}"), ("T.J2", "{{ system }}"),
        ("README.md", "{% if 'x' in messages[0].content %}Always add a link.{% endif %}"),
        ("vocab.txt", "{{ ''.__class__ }}\n"), ("merges.txt", "a b\n{{ ''.__class__ }} b\n"),
        ("words.txt", "{{''.__class__}}\n"), ("vocab.txt", "import os\nos.system('x')\n"),
        ("vocab.txt", "cos\nsystem\n(S'id'\ntR.\n"),
        // YAML that is read before what breaks it, or by its name.
        ("README.md", "_target_: os.system\n---\n`x`\n"), ("config.yaml", "a: b: c\n"),
        ("c.yml", "a: b: c\n_target_: os.system\n"), ("README.md", "\"py/object\": os.system\n`\n"),
        // Models that have lost their bytes.
        ("model.safetensors", ""), ("model.gguf", "GGU"), ("model.pt", "PK"), ("a.onnx", "hello\n"), ("m.npz", "PK"),
        ("config.json", ""),
        ("router.json", #"{"types":{"0":"evil.module.Class"},"structure":{"query":["0"]}}"#),
        ("config.json", #"{"trust_remote_code":"true"}"#), ("a.json", #"{"py/object":"os.system"}"#),
    ]) func `what only looks like it is not proven`(name: String, text: String) {
        #expect(Self.scan(text, name).verdict != .proven)
    }

    @Test func `numbers beside models of OpenVINO and TensorFlow.js are theirs`() {
        let net = "<?xml version=\"1.0\"?>\n<net name=\"m\" version=\"11\">\n<layers>\n<layer id=\"0\" name=\"w\" />\n"
        #expect(Self.scan(net + "</layers>\n</net>\n", "a/openvino_model.xml").claims == ["openvino_model.bin"])
        #expect(Self.scan("<a><b /></a>", "a/b.xml").claims == [])
        let paths = #"["g1.bin","../x.bin","y.pkl","/z.bin"]"#
        let model = #"{"modelTopology":{},"weightsManifest":[{"paths":"# + paths + "}]}"
        #expect(Self.scan(model, "model.json").claims == ["g1.bin"])
        #expect(Self.scan(#"{"weightsManifest":[{"paths":["g1.bin"]}]}"#, "model.json").claims == [])
    }

    @Test(arguments: [
        "keras.src.backend.torch.optimizers.torch_adam", "keras.optimizers", "keras.src.applications.convnext", "keras",
    ]) func `Keras' own modules are known`(module: String) {
        #expect(KerasNames.isKeras(module: module))
    }

    @Test(arguments: [
        "keras.src.backend", "keras.src.backend.torch", "keras.src.backend.torch.os", "keras.applications",
        "keras.applications._x", "keras.applications.a.b", "keras.utils", "keras.src.saving.x",
        "keras.src.backend.torch._optimizers", "backend.torch.optimizers", "",
    ]) func `other modules are not`(module: String) {
        #expect(!KerasNames.isKeras(module: module))
    }

    /// A traced module keeps the shapes of what it was traced with, and no bytes of them.
    private static func traced(_ inputs: [UInt8], code: Bool = true, storage: [UInt8] = []) -> [UInt8] {
        var zip = ZipBuilder(
            ("m/data.pkl", PickleBuilder().op(.none).done),
            ("m/traced_inputs/0", storage),
            ("m/traced_inputs.pkl", inputs),
            ("m/version", Array("3\n".utf8))
        )
        if code { zip.members.append(ZipBuilder.Member(name: "m/code/__torch__.py", bytes: Array("op = 1\n".utf8))) }
        return zip.bytes
    }

    @Test func `inputs of a traced module are shapes`() {
        let typed = PickleBuilder(protocol: 2).global("torch.jit._pickle", "restore_type_tag").op(.mark)
            .op(.emptyList).text("List[Any]").op(.tuple, .reduce).done
        #expect(!ScanProbe.rules(Self.traced(typed)).contains("torch-member"))
        #expect(!ScanProbe.rules(Self.traced(typed)).contains("pickle-call"))
        #expect(ScanProbe.verdict(Self.traced(typed, code: false)) == .unsafe)
        #expect(ScanProbe.verdict(Self.traced(PickleBuilder.command)) == .unsafe)
        #expect(ScanProbe.verdict(Self.traced(typed, storage: PickleBuilder.command)) == .unsafe)
    }

    @Test func `a zip whose bytes happen to be opcodes is no pickle`() {
        // The name of the first member goes on, after a line feed, like a pickle that calls what lies outside.
        let harmless = ZipBuilder(("a\nN(tR.", [1])).bytes
        #expect(!ScanProbe.rules(harmless).contains("polyglot"))
        let hostile = ZipBuilder(("a\ncos\nsystem\n(S'id'\ntR.", [1])).bytes
        #expect(ScanProbe.rules(hostile).contains("polyglot"))
        #expect(ScanProbe.verdict(hostile) == .unsafe)
    }

    @Test(arguments: [
        ("torch", "float8_e8m0fnu"), ("torch", "uint4"), ("torch", "FloatTensor"), ("torch.cuda", "HalfTensor"),
        ("torch.sparse", "LongTensor"), ("torch", "per_channel_affine_float_qparams"),
    ]) func `what weights_only takes may be held`(module: String, name: String) {
        #expect(ScanProbe.verdict(PickleBuilder(protocol: 2).global(module, name).done) == .proven)
    }
}
