import Testing

@testable import ModelTrust

@Suite struct ConfigurationScannerTests {
    @Test(arguments: [
        #"{"model_type":"llama","hidden_size":4096,"torch_dtype":"bfloat16","rope_scaling":null}"#,
        #"{"time_step_limit":[0.0,Infinity]}"#,
        #"{"chat_template":"{% for m in messages %}{{ m['content'] }}{% endfor %}"}"#,
        #"{"chat_template":[{"name":"default","template":"{{ messages[0].content }}"}]}"#,
        #"{"é":1,"e\#u{301}":2}"#,
        #"{"trust_remote_code":false,"auto_map":{}}"#,
        #"{"model":{"vocab":{"auto_map":17,"chat_template":18,"_target_":19,"custom_imports":20}}}"#,
        #"{"_class_name":"StableDiffusionPipeline","unet":["diffusers","UNet2DConditionModel"],"a":[null,null]}"#,
        #"{"_class_name":"UNet2DConditionModel","act_fns":["silu","gelu"]}"#,
        #"{"activation_function":"gelu_new"}"#, #"{"activation_function":"torch.nn.modules.activation.Tanh"}"#,
        #"{"merges":["$.get( )","$ ( )","$_ ( )"]}"#,
        #"{"target":"jobParameters.Type","price":"$5 (net)","type":"a.b","file":"os.json","arn":"a:${AWS::Region}:b"}"#,
        #"[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"}]"#,
        "{\"a\":1}\n{\"a\":2}\n",
        "model:\n  layers: 3\n  name: small\n",
        "#version: 0.2\nĠ t\nĠ a\n",
        "---\nlicense: mit\n---\n# A model\n\nUse it `with care`.\n",
        "# A model\n\nUse it so:\n\n```python\nimport torch\nfrom transformers import pipeline\n```\n",
        "6", "3\n", "little",
    ]) func `configurations and texts that hold data are proven`(text: String) {
        #expect(ScanProbe.scan(Array(text.utf8)).findings == [])
    }

    @Test(arguments: [
        #"{"auto_map":{"AutoModel":"modeling_x.M"}}"#,
        #"{"custom_imports":{"imports":["evil"],"allow_failed_imports":false}}"#,
        #"{"model":{"trust_remote_code":true}}"#,
        #"{"custom_pipelines":{"x":{"impl":"pipeline.X"}}}"#,
        #"{"a":1,"a":2}"#,
        #"{"a":1}x"#, #"{"a":"\ud800"}"#, "{\"a\":\"\u{1}\"}", #"{"a":01}"#, #"{"a":1,}"#,
        #"{"_class_name":["pipeline","P"]}"#,
        #"{"unet":["my_module","UNet"]}"#,
        #"[{"idx":0,"name":"0","path":"","type":"os.path.X"}]"#,
        #"[{"name":"0","path":"","type":"mine.Transformer"}]"#,
        #"{"in_features":4,"activation_function":"mine.activation"}"#,
        #"{"_class_name":"StableDiffusionPipeline","helper":["os","system"]}"#,
        #"{"_class_name":"ModularPipeline","unet":["mine","UNet",{"repo":"someone/unet"}]}"#,
        #"{"model":{"target":"mine.models.Diffusion","params":{"a":1}}}"#,
        #"{"lc":1,"type":"secret","id":["OPENAI_API_KEY"]}"#,
        #"{"components":{"a":{"type":"mine.Component","init_parameters":{}}}}"#,
        #"{"executors":[{"path":"subprocess.Popen","args":{}}]}"#,
        #"{"epochs":"$__import__('os').getpid()"}"#, #"{"run":["a"],"stop":"$f(1)"}"#,
        #"{"auto_mapping":{"parent_library":"evil.module"}}"#,
        #"{"attn_implementation":"someone/kernel"}"#,
        "!custom {a: 1}\n",
        "import os\nos.system('x')\n",
        "x = 1\nimport os\nos.system('x')\n",
        "#!/bin/sh\necho x\n",
        "def f(x):\n  return x\n\nf.__globals__\nlambda: 0\n",
    ]) func `what asks for code is not proven`(text: String) {
        #expect(ScanProbe.verdict(text) == .notProven)
    }

    @Test(arguments: [
        #"{"auto_map":{"AutoModel":"someone/repo--modeling.M"}}"#,
        #"{"a":[{"b":{"_target_":"os.system"}}]}"#,
        #"{"py/object":"os.system"}"#,
        #"{"py/reduce":[{"py/type":"os.system"}]}"#,
        #"{"chat_template":"{{ ''.__class__ }}"}"#,
        #"{"chat_template":[{"name":"x","template":"{{ ''.__class__ }}"}]}"#,
        "{{ ''.__class__ }}",
        "!!python/object/apply:os.system [\"x\"]\n",
        "a: !!python/name:os.system\n",
        "a: 1\n---\nb: !!python/module:os\n",
        "%TAG !p! tag:yaml.org,2002:python/\n---\nx: !p!object/apply:os.system [y]\n",
        "model:\n  _target_: os.system\n  command: x\n",
        "a: &x\n  _target_: builtins.exec\nb: *x\n",
    ]) func `what runs code is unsafe`(text: String) {
        #expect(ScanProbe.verdict(text) == .unsafe)
    }

    private static func keras(_ layer: String) -> String {
        #"{"module":"keras","class_name":"Sequential","config":{"name":"m","layers":[\#(layer)]},"registered_name":null}"#
    }

    @Test(arguments: [
        #"{"module":"keras.layers","class_name":"Dense","config":{"units":1,"activation":"relu"},"registered_name":null}"#,
        #"{"module":"keras.src.layers.core.dense","class_name":"Dense","config":{}}"#,
        #"{"module":"keras.layers","class_name":"TimeDistributed","config":{"layer":{"module":"keras.layers","class_name":"Dense","config":{}}}}"#,
        #"{"class_name":"LSTM","config":{"units":2,"kernel_initializer":{"class_name":"GlorotUniform","config":{"seed":null}}}}"#,
    ]) func `Keras' own layers are proven`(layer: String) {
        #expect(ScanProbe.scan(Array(Self.keras(layer).utf8)).findings == [])
    }

    @Test(arguments: [
        #"{"class_name":"Lambda","config":{}}"#,
        #"{"module":"keras.layers","class_name":"Bidirectional","config":{"layer":{"class_name":"Lambda","config":{"function":"x"}}}}"#,
        #"{"module":"os","class_name":"system","config":{}}"#,
        #"{"module":"builtins","class_name":"function","config":"exec"}"#,
        #"{"module":"keras.utils","class_name":"get_file","config":{}}"#,
        #"{"module":"keras.src.utils.file_utils","class_name":"get_file","config":{}}"#,
        #"{"module":"keras_evil.layers","class_name":"Dense","config":{}}"#,
        #"{"class_name":"TFOpLambda","config":{"function":"math.add"}}"#,
        #"{"module":"keras.layers","class_name":"TorchModuleWrapper","config":{}}"#,
        #"{"module":"keras.layers","class_name":"TFSMLayer","config":{"filepath":"x"}}"#,
        #"{"module":"keras.layers","class_name":"StringLookup","config":{"vocabulary":"/etc/passwd"}}"#,
        #"{"class_name":"Dense","config":{"activation":{"class_name":"__lambda__","config":{"code":"x"}}}}"#,
        #"{"class_name":"X","config":{"function_type":"lambda"}}"#,
        #"{"class_name":"pkg>Lambda","config":{}}"#,
    ]) func `Keras' ways to code are unsafe`(layer: String) {
        #expect(ScanProbe.verdict(Self.keras(layer)) == .unsafe)
    }

    @Test(arguments: [
        #"{"class_name":"MyLayer","config":{}}"#,
        #"{"class_name":"pkg>MyLayer","config":{}}"#,
        #"{"module":"keras.layers","class_name":"Dense","config":{},"registered_name":"pkg>Dense"}"#,
    ]) func `classes that Keras does not have are not proven`(layer: String) {
        #expect(ScanProbe.verdict(Self.keras(layer)) == .notProven)
    }

    @Test(arguments: [
        (
            "class M(Module):\n  __parameters__ = [\"weight\", ]\n  weight : Tensor\n  training : bool\n  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    _0 = (self.linear).forward(x, )\n    _1 = torch.add(torch.relu(_0), 1)\n    return ops.prim.data(_1)\n",
            ScanVerdict.proven
        ),
        (
            "class M(Module):\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n    torch.save(x, \"/tmp/x\")\n    return x\n",
            .unsafe
        ),
        (
            "class M(Module):\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n    return ops.aten.from_file(\"/etc/passwd\")\n",
            .unsafe
        ),
        ("class M(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    return ops.evil.run(x)\n", .notProven),
        ("class M(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    return torch.frobnicate(x)\n", .notProven),
        ("class M(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    return eval(\"x\")\n", .unsafe),
        ("class M(Module):\n  x : __torch__.torch.classes.evil.Thing\n", .notProven),
    ]) func `TorchScript calls what computes and nothing else`(code: String, verdict: ScanVerdict) {
        #expect(ScanProbe.verdict(code) == verdict)
    }

    @Test(arguments: [
        ("_1 = __torch__.torch.nn.functional.pad\n    x0 = _1(x, [0, 1], \"constant\", 0., )", ScanVerdict.proven),
        ("with __torch__.torch.autograd.grad_mode.no_grad(False, ):\n      x0 = torch.relu(x)", .proven),
        ("_1 = __torch__.f\n    _1 = ops.evil\n    x0 = _1(x)", .notProven),
        ("_1 = __torch__.f()\n    x0 = _1(x)", .notProven),
        ("_1 = ops.aten.save\n    x0 = _1(x)", .notProven),
        ("x0 = _1(x)\n    _1 = __torch__.f", .notProven),
        ("_1 == __torch__.f\n    x0 = _1(x)", .notProven),
        ("_1 = __torch__.f\n    _1\t= torch.from_file\n    x0 = _1(x)", .notProven),
        ("_1 = __torch__.f\n    _1, _2 = y, z\n    x0 = _1(x)", .notProven),
        ("_1 = torch.from_file\n    y = __torch__.g(_1=__torch__.E.A\n)\n    x0 = _1(x)", .notProven),
    ])
    func `a name that stands for a function of the archive may be called`(body: String, verdict: ScanVerdict) {
        let code =
            "class M(Module):\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n    \(body)\n    return x\n"
        let input = ScanInput(path: "code/__torch__.py", bytes: Array(code.utf8))
        input.role = .torchScript
        let context = ScanContext()
        context.scan(input)
        #expect(context.verdict == verdict, "\(context.findings)")
        // Outside of an archive nobody knows what the name is.
        #expect(ScanProbe.verdict(code) != .proven)
    }

    @Test(arguments: [
        "activation: __import__('os').system('id')\n", "activation: nn.SiLU() or exit()\n",
        "activation: nn.SiLU(eval('1'))\n", "activation: nn.SiLU(torch.hub.load('a', 'b'))\n",
        "backbone:\n- [-1, 1, Conv, [64]]\n- [-1, 1, \"__import__('os').system('id')\", [64]]\n",
        "head:\n- [-1, 1, Conv, [64, [\"exit()\"]]]\n", "download: bash get.sh\n",
        "train: images\ndownload: |\n  import os\n  os.remove('x')\n", "download: exit()\n",
        "download: \"import\\tos\\n@os.system\\n@lambda c:'id'\\nclass x:pass\"\n",
        "backbone:\n- [-1, 1, Conv, {\"exit()\": 1}]\n", "head:\n- {a: 1, b: 1, \"exit()\": 1, c: 1}\n",
    ]) func `what YOLO runs of its settings is not proven`(_ text: String) {
        #expect(ScanProbe.verdict(text) == .notProven)
    }

    @Test(arguments: [
        "nc: 80\nactivation: nn.LeakyReLU(0.1)\nbackbone:\n- [-1, 1, Conv, [64, 6, 2, 2]]\n"
            + "head:\n- [-1, 1, nn.Upsample, [None, 2, 'nearest']]\n- [[-1, 6], 1, Concat, [1]]\n",
        "activation: torch.nn.Hardswish()\n",
        #"{"activation": "gelu", "backbone": "resnet(50)", "head": {"a": "b()"}}"#,
        "train: images\ndownload: https://example.com/coco (8).zip\n", "download: true\n",
    ]) func `settings of YOLO that hold no code are proven`(_ text: String) {
        #expect(ScanProbe.scan(Array(text.utf8)).findings == [])
    }

    @Test func `so many layers of YOLO that they are not kept are not proven`() {
        let layer = #"["a", "b", "exit()", "c"]"#
        let text = #"{"nc": 80, "backbone": ["# + Array(repeating: layer, count: 5_000).joined(separator: ", ") + "]}"
        #expect(ScanProbe.verdict(text) == .notProven)
    }

    @Test func `programs are not proven under any name`() {
        for magic: [UInt8] in [
            [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0], Array("MZqFpD='\n".utf8) + [0], [0x4D, 0x5A, 0x90, 0],
            [0xCF, 0xFA, 0xED, 0xFE, 7],
            [0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 2], [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0],
            Array("#!/usr/bin/env python\n".utf8),
        ] {
            #expect(
                ScanProbe.rules(magic + [UInt8](repeating: 0, count: magic.last == 10 ? 0 : 56)).contains("executable")
            )
        }
    }

    @Test(arguments: [
        "a0: &a0 [x, x, x, x]\n"
            + (1..<12).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1), *a\($0 - 1)]\n" }.joined(),
        "a0: &a0 {x: 1}\n" + (1..<60).map { "a\($0): &a\($0) {b: *a\($0 - 1), c: *a\($0 - 1)}\n" }.joined(),
    ])
    func `aliases that multiply are stopped by what they become`(_ text: String) {
        #expect(ScanProbe.rules(Array(text.utf8)).contains("limit-expansion"))
    }

    @Test func `YAML of many documents, or of more than is read, is not proven for being text`() {
        #expect(ScanProbe.rules(Array(String(repeating: "a: 1\n---\n", count: 2_000).utf8)).contains("limit-steps"))
        let padding = String(repeating: "# nothing to see here, and on it goes\n", count: 240_000)
        #expect(ScanProbe.rules(Array((padding + "a: {_target_: os.system}\n").utf8)).contains("yaml-size"))
        #expect(ScanProbe.verdict(String(repeating: "a word and another one\n", count: 400_000)) == .proven)
    }

    /// Yams compares keys as wholes before anybody can count them.
    @Test(arguments: ["? *a11\n: 1\n", "*a11 : 1\n", "{*a11, b: 1}\n", "[*a11]: 1\n", "z: {b: 1, [*a11]: 2}\n"])
    func `a key that many aliases make is not compared`(_ key: String) {
        let text =
            "a0: &a0 [x, x]\n"
            + (1..<12).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1), *a\($0 - 1)]\n" }.joined()
        let findings = ScanProbe.scan(Array((text + "---\n" + key).utf8)).findings
        #expect(findings.contains { $0.rule == "limit-expansion" && $0.message.contains("keys") })
        let plain = (0..<40).map { "k\($0): {<<: *b, n: [*b, 1]}\n" }.joined()
        #expect(ScanProbe.verdict("b: &b {x: 1}\n" + plain) == .proven)
    }

    /// PyYAML reads all of these; Yams does not.
    @Test(arguments: [
        "a: 1\na: 2\n_target_: os.system\n", "a: 1\na: 2\nb: !!pyth%6fn/object/apply:os.system [id]\n",
        "%YAML 1.3\n---\n_target_: os.system\n", "- _target_: os.system\n- \"\\ud800\"\n",
        "x: &a _target_\n*a : os.system\nx: 2\n", "a: 1\na: 2\n\"_targ\\x65t_\": os.system\n",
        "a: 1\na: 2\nmodel: {class_path : os.system}\n", "# {{ messages }}\n_target_: os.system\n",
        "a: 1\na: 2\nb: !<tag:yaml.org,2002:python/name:os.system> x\n", "<a>: 1\n<b>: 1\n_target_: os.system\n",
        "%TAG !p! tag:yaml.org,2002:python/\n---\na: 1\na: !p!name:os.system x\n",
        // Of several documents, those before one that nobody reads are read.
        "trust_remote_code: true\n---\na: b: c\n", "a: 1\na: 2\ntrust_remote_code: true\n---\na: b: c\n",
        "a: 1\na: 2\n...\nkey\nvalue: x\n---\nauto_map: {}\n", "_target_: os.system\n---\nText: as: it is\n",
    ])
    func `YAML that other readers take is no text without meaning`(_ text: String) {
        #expect(ScanProbe.verdict(text) != .proven)
    }

    @Test(arguments: [
        "# A model\n\nSet `trust_remote_code=True`: it is needed!! 100% sure. The target: fast.\n",
        "# A call\n\n    call --body '{\"a\": \"{\\\"name\\\":{\\\"b\\\": 1}}\"}'\n\nand: so: on\n",
        "A & B: 1\n? no\n* one: 1\n* two: 1\n* three: 1\n* four: 1\n* five: 1\n", "[networkx.plugins]\na = b\n",
        // What Axolotl writes into readmes.
        "---\nlicense: mit\n---\n\n<!-- Generated. -->\n\n[<img src=\"a.png\"/>](https://example.com)\n\n"
            + "version: `0.4.1`\n```yaml\nbase_model: a/b\ntrust_remote_code: true\nchat_template: chatml\n```\n",
        "# A model\n\nA table:\n- a\n- b\n\nThen\n\n```json\n{\"auto_map\": {}}\n```\n",
        "---\nlicense: mit\n---\nSay \"this\": or !that: <!here>.\n", "the\ntarget\nclass_path\nauto_map\n",
    ])
    func `prose about configurations is text`(_ text: String) {
        #expect(ScanProbe.verdict(text) == .proven)
    }

    @Test func `a word of a mebibyte is gone through once`() {
        #expect(ScanProbe.verdict(String(repeating: "a", count: 1 << 20)) == .proven)
    }

    @Test func `an alias that stands for a value is that value`() {
        #expect(ScanProbe.verdict("base: &base {lr: 0.1, steps: 10}\na: *base\nb: {<<: *base, lr: 0.2}\n") == .proven)
    }

    @Test(arguments: [
        "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>\n<PMML>&y;</PMML>\n",
        "<net><xi:include href=\"http://example.com/x\"/></net>", "<html><SCRIPT src=\"x\"></SCRIPT></html>",
        "\u{FEFF}<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><x>&y;</x>", "<svg onload=\"f()\"/>",
        "<svg><image\n  x=\"1\" onError = f() /></svg>", "<s:svg xmlns:s=\"x\"><s:script>f()</s:script></s:svg>",
        "<n xmlns:a=\"http://www.w3.org/2001/XInclude\"><a:include href=\"x\"/></n>",
        "<svg title=\">\" onload=\"f()\"/>", "<svg a=b=\" c=\">\" onload=f() />",
        "<p><a href=\"data:text/html,x\">x</a></p>", "<p><a href='java&#x73;cript:f()'>x</a></p>",
        "<!-- a --!><link>-->",
        "<a <b <3 oncustom=f()>", "<title><!--</title><base>-->", "<x:stylesheet version=\"1.0\">",
        "<net><![CDATA[x]]></net>",
        "<div style=\"background: url(http://example.com)\">", "<meta http-equiv=refresh content=\"0;url=x\">",
        "<?php f(); ?>",
        "<div><script>a: b</script></div>", "<net xmlns=\"clr-namespace:System\"/>", "<net><file href=\"x\"/></net>",
        "<p><object data=\"x\"></p>", "<p><https://example.com style=x></p>", "<p><https:a/b></p>",
        "<?= f() ?>",
        "x=1\n__import__('os').system('id')\n", "a vocabulary\nexec(open('x').read())\n",
    ])
    func `markup that fetches and text that runs are not proven`(_ text: String) {
        #expect(ScanProbe.verdict(text) != .proven)
    }

    @Test(arguments: [
        "<!DOCTYPE html>\n<p>A model.</p>\n", "<PMML version=\"4.4\"><Header/></PMML>\n",
        "the\neval(\nexec(\n__import__\n",
        "<div align=\"center\">\n# A model\n</div>\n", "<p>Moved on = never, if x < y once = 1.</p>\n",
        "<annotation><object><name>dog</name></object></annotation>\n",
        "<p dir=\"auto\">See <https://example.com/a?b=c&d> or <http://example.com>.</p>\n<br clear=all>\n",
        "<!-- a -->\n<p align=center><a href=\"https://example.com\"><img src=\"x.png\" width=\"60%\"/></a> <your-token></p>\n",
        "<?xml version=\"1.0\"?>\n<net name=\"m\" version=\"11\"><layers><layer id=\"0\" type=\"Const\"/></layers></net>\n",
    ])
    func `markup that holds text, and words of a vocabulary, are proven`(_ text: String) {
        #expect(ScanProbe.verdict(text) == .proven)
    }

    @Test(arguments: ["x: int = 3\n", "del x\n", "alert(1)", "[1]"])
    func `a text under a name of code is not proven, and no name makes a model code`(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(ScanProbe.verdict(bytes) == .proven)
        for name in ["a.py", "folder/a.PY", "a.sh", "b.html", "notes.txt.js"] {
            #expect(ScanProbe.verdict(bytes, path: name) == .notProven)
        }
        #expect(ScanProbe.verdict(PickleBuilder.plain, path: "model.ts") == .proven)
    }

    @Test func `models of formats that are not read are told by what to do`() {
        let model = Array("CBM1".utf8) + [UInt8](repeating: 0, count: 40)
        for (bytes, words) in [(model, "ONNX"), (Array("RDA3\nA\n3\n".utf8), "R's objects")] {
            let findings = ScanProbe.scan(bytes).findings
            #expect(findings.map(\.rule).contains("foreign-format"))
            #expect(findings.contains { $0.message.contains(words) })
        }
    }

    @Test func `changed texts never stop the scanners`() {
        let texts = [
            Self.keras(#"{"module":"keras.layers","class_name":"Dense","config":{"units":1}}"#),
            "a: &x {b: [1, 2], _target_: !!str os.system}\nc: *x\n",
            "class M(Module):\n  def forward(self, x):\n    return torch.add(x, \"a\\\"b\")\n",
        ]
        for (index, text) in texts.enumerated() {
            ScanProbe.mutate(Array(text.utf8), rounds: 150, seed: UInt64(10 + index)) { _ = ScanProbe.verdict($0) }
        }
    }
}
