import Testing

@testable import ModelTrust

/// What `torch.export.save` writes, and what a loader of it could be made to do.
@Suite struct ExportedProgramTests {
    private static let leaf = #"{\"type\": null, \"context\": null, \"children_spec\": []}"#
    private static let tuple =
        #"[1, {\"type\": \"builtins.tuple\", \"context\": \"null\", \"children_spec\": [\#(leaf)]}]"#

    /// A program of one call.
    private static func program(
        target: String = "torch.ops.aten.relu.default",
        size: String = "Mul(Integer(3), Symbol('s77', positive=True, integer=True))",
        form: String = tuple,
        more: String = #""guards_code": []"#
    ) -> String {
        """
        {"graph_module": {"graph": {"inputs": [{"as_tensor": {"name": "x"}}], "outputs": [{"as_tensor": {"name": "y"}}],
        "nodes": [{"target": "\(target)", "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "x"}}, "kind": 1}],
        "outputs": [{"as_tensor": {"name": "y"}}], "metadata": {}, "name": "y"}],
        "tensor_values": {"x": {"dtype": 7, "sizes": [{"as_expr": {"expr_str": "\(size)", "hint": {"as_int": 2}}}],
        "requires_grad": false, "device": {"type": "cpu", "index": null}, "strides": [{"as_int": 1}],
        "storage_offset": {"as_int": 0}, "layout": 7}}, "sym_int_values": {}, "custom_obj_values": {}},
        "signature": {"input_specs": [], "output_specs": []},
        "module_call_graph": [{"fqn": "", "signature": {"inputs": [], "outputs": [], "in_spec": "\(form)",
        "out_spec": "\(tuple)"}}]}, "opset_version": {"aten": 10}, "range_constraints": {"s77": {"min_val": 2}}, \(more),
        "schema_version": {"major": 8, "minor": 20}}
        """
    }

    private static func tensor(_ path: String, size: Int, stride: Int = 1, pickled: Bool = false) -> String {
        """
        {"path_name": "\(path)", "is_param": true, "use_pickle": \(pickled), "tensor_meta": {"dtype": 7,
        "sizes": [{"as_int": \(size)}], "requires_grad": true, "device": {"type": "cpu", "index": null},
        "strides": [{"as_int": \(stride)}], "storage_offset": {"as_int": 0}, "layout": 7}}
        """
    }

    private static func archive(
        _ program: String = program(),
        weights: String = tensor("weight_0", size: 3),
        more: [(String, [UInt8])] = []
    ) -> [UInt8] {
        var builder = ZipBuilder(
            ("m/data/weights/weight_0", [0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64]),
            ("m/data/weights/model_weights_config.json", Array(#"{"config": {"w": \#(weights)}}"#.utf8)),
            ("m/data/constants/model_constants_config.json", Array(#"{"config": {}}"#.utf8)),
            ("m/models/model.json", Array(program.utf8)),
            ("m/archive_format", Array("pt2".utf8)),
            ("m/archive_version", Array("0".utf8)),
            ("m/.data/version", Array("3\n".utf8)),
            ("m/byteorder", Array("little".utf8)),
            ("m/.data/serialization_id", Array("123".utf8))
        )
        builder.members += more.map { ZipBuilder.Member(name: $0.0, bytes: $0.1) }
        return builder.bytes
    }

    @Test func `a program with its storages is proven`() {
        let context = ScanProbe.scan(Self.archive())
        #expect(context.findings == [])
        #expect(context.formats.contains { $0.format == "pytorch-export" })
        #expect(ScanProbe.verdict(Self.archive(more: [("m/extra/labels.json", Array("[1]".utf8))])) == .proven)
        for target in [
            "_operator.getitem", "torch.sym_max", "math.ceil", "torch.ops.aten.sym_size.int",
            "torch.ops.aten.__and__.Tensor", "torch.ops.aten.add_.Tensor", "torch.ops.aten.hann_window.default",
            "torch.ops.quantized_decomposed.quantize_per_tensor.default", "torch.ops.torchvision.nms.default",
        ] { #expect(ScanProbe.verdict(Self.archive(Self.program(target: target))) == .proven, "\(target)") }
    }

    @Test(arguments: [
        "__import__('os').system('id')", "Symbol('s0').__class__", "eval('1')", "exec('1')", "open('x')",
        "Symbol('s0', positive=open('x'))", "().__class__.__base__", "[x for x in (1,)]", "lambda: 1",
    ]) func `a size that is more than numbers and symbols is unsafe`(_ size: String) {
        #expect(ScanProbe.verdict(Self.archive(Self.program(size: size))) != .proven)
        // Without an archive around it, and in the form of PyTorch before 2.7.
        #expect(ScanProbe.verdict(Self.program(size: size)) != .proven)
        let former = ZipBuilder(("serialized_exported_program.json", Array(Self.program(size: size).utf8)))
        #expect(ScanProbe.verdict(former.bytes) != .proven)
    }

    @Test(arguments: [
        ("s0", true), ("2*s0 + 1", true), ("Max(1, s0//2)", true), ("FloorDiv(s0, 4)", true), ("s0 <= 64", true),
        ("Eq(Mod(s0, 8), 0)", true), ("u12", true), ("s0**2", true), ("-1", true), ("Pow(9, Pow(9, 9))", false),
        ("9**9**9**9", false),
        ("99**s0", false), ("Pow(Integer(10), Integer(999999999))", false), ("os", false), ("s0.x", false),
        ("s0[0]", false), ("\"s0\"", false), ("'s0'", false), ("f(1)", false), ("print(1)", false),
        ("99999999999999999999999", false), ("1e9", false), ("(s0", false), ("s0)", false), ("", false),
        ("s0; s0", false), ("s0\n", false), ("s\u{E9}0", false), ("Symbol('a.b')", false), ("S('1')", false),
        ("9999999!", false), ("s0!", false), ("3 ! = 1", false), ("s0 != 1", true), ("1<<99999999999", false),
        ("1 >> 2", false), ("LShift(1, 99999999999)", false), ("RShift(1, 99999999999)", false),
        ("LShift(Symbol('s0'), Integer(3))", true), ("2**(64*64*64*64*64*64)", false), ("2**s0", false),
        ("Pow(2, Mul(64, 64, 64, 64, 64))", false), ("Pow(2, 64*64)", false), ("Pow(2, 64, 64)", false),
        ("Pow(*(2, 99999999999))", false), ("Pow(2)", false), ("Pow(Symbol('s0'), Integer(-1))", true),
        ("Mul(Integer(768), Pow(Symbol('s0', positive=True, integer=True), Integer(2)))", true),
        ("(s0,)*99999999999", false), ("(1, 2)", false), ("s0, s1", false), ("Symbol('a'*99999999999)", false),
        ("Symbol('a', integer=True)", true), ("Float(1, precision=99999999999)/3", false),
        ("Float(2, 99999999)", false), ("Float(-1.5, precision=53)", true), ("Float(Pow(2, 3))", false),
        ("RoundDecimal(5, -999999999)", false), ("sqrt(9999999999999999961*9999999999999999961)", false),
        ("RoundDecimal(s0, 2)", true), ("Max(s0, 1, Min(2, s1))", true),
        ("Symbol('s7', integer=True)(1)", false), ("s0 (1)", false), ("(s0)(1)", false), ("2*(s0 + 1)", true),
    ]) func `expressions are read as their grammar is`(_ text: String, _ isPlain: Bool) {
        #expect(SymbolicExpression.isPlain(text) == isPlain, "\(text)")
    }

    @Test(arguments: [
        "torch.hub.load", "torch.load", "_operator.attrgetter", "_operator.methodcaller", "_operator.call",
        "torch.ops.aten.from_file.default", "torch.ops.load_library", "torch.ops.mine.run.default", "os.system",
        "#triton:x", "math.factorial", "torch.ops.aten.__class__.x", "torch.utils.cpp_extension.load",
        "torch.ops.higher_order.triton_kernel_wrapper_functional", "torch.ops.aten..default", "",
        "torch.ops.aten.add.__init__", "torch.ops.aten.add.__getattr__", "torch.ops.aten.add.__call__",
        "torch.ops.aten.add.__class__", "torch.ops.aten.add.__globals__", "torch.ops.aten.add._op",
        "torch.ops.aten.add.op", "torch.ops.aten.add.overloads", "torch.ops.aten.add",
        "torch.ops.aten.__init__.default",
        "torch.ops.aten.__getitem__.default", "torch.ops.quantized_decomposed.__dict__.update",
        "torch.ops.quantized_decomposed.__class__", "torch.ops.quantized_decomposed.mine.default",
        "torch.ops.quantized_decomposed.quantize_per_tensor.__call__", "torch.ops.torchvision.nms.__reduce_ex__",
        "torch.ops.higher_order.cond.__call__", "torch.ops.higher_order.__class__", "torch.ops", "torch.ops.aten",
    ]) func `a call of something else than operators is not proven`(_ target: String) {
        #expect(ScanProbe.verdict(Self.archive(Self.program(target: target))) != .proven)
    }

    @Test func `bounds and guesses of sizes are numbers`() {
        let sound = Self.program()
        for (place, changed) in [
            (#"{"min_val": 2}"#, #"{"min_val": "2"}"#), (#"{"min_val": 2}"#, #"{"min_val": 2, "max_val": [3]}"#),
            (#""hint": {"as_int": 2}"#, #""hint": {"as_int": "2"}"#),
            (#""target": "torch.ops.aten.relu.default""#, #""target": 5"#),
        ] {
            let text = sound.replacing(place, with: changed)
            #expect(text != sound)
            #expect(ScanProbe.verdict(Self.archive(text)) == .notProven, "\(changed)")
        }
        let bounded = sound.replacing(#"{"min_val": 2}"#, with: #"{"min_val": -1, "max_val": null}"#)
        #expect(ScanProbe.verdict(Self.archive(bounded)) == .proven)
    }

    private static let graph = #"{"as_graph": {"name": "g", "graph": {"inputs": [], "outputs": [], "nodes": []}}}"#

    /// A program of one operator that calls some of its arguments.
    private static func calling(_ target: String, _ arguments: [String], name: String = "", kind: Int = 1) -> String {
        let inputs = arguments.map { #"{"name": "\#(name)", "arg": \#($0), "kind": \#(kind)}"# }.joined(separator: ", ")
        return program(target: "torch.ops.higher_order.\(target)").replacing(
            #"[{"name": "self", "arg": {"as_tensor": {"name": "x"}}, "kind": 1}]"#,
            with: "[\(inputs)]"
        )
    }

    @Test(arguments: [
        ("cond", [1, 2], 4), ("while_loop", [0, 1], 4), ("wrap_with_set_grad_enabled", [1], 3),
        ("wrap_with_autocast", [4], 6),
    ]) func `what calls its arguments gets graphs for them and nothing else`(
        _ target: String,
        _ called: [Int],
        _ count: Int
    ) {
        let tensor = #"{"as_tensor": {"name": "x"}}"#
        let sound = (0..<count).map { called.contains($0) ? Self.graph : tensor }
        #expect(ScanProbe.verdict(Self.archive(Self.calling(target, sound))) == .proven)
        #expect(ScanProbe.verdict(Self.archive(Self.calling(target, sound, name: "wrapped_func", kind: 2))) != .proven)
        #expect(ScanProbe.verdict(Self.archive(Self.calling(target, []))) != .proven)
        for index in called {
            for other in [
                tensor, #"{"as_operator": "torch.ops.aten.mul.Tensor"}"#, #"{"as_string": "x"}"#,
                Self.graph.dropLast() + #", "as_tensor": {"name": "x"}}"#,
            ] {
                var changed = sound
                changed[index] = other
                #expect(ScanProbe.verdict(Self.archive(Self.calling(target, changed))) != .proven, "\(other)")
            }
        }
    }

    @Test(arguments: [
        ("torch.ops.aten.mul.Tensor", true), ("torch.ops.aten.mul.__init__", false),
        ("torch.ops.aten.add.__call__", false), ("_operator.getitem", false), ("torch.sym_max", false),
        ("torch.ops.higher_order.cond", false), ("torch.ops.aten.mul", false), ("os.system", false),
    ]) func `an operator as an argument is one of the list, by its whole name`(_ operator: String, _ isFine: Bool) {
        let arguments = [#"{"as_bool": false}"#, Self.graph, #"{"as_operator": "\#(`operator`)"}"#]
        let program = Self.calling("wrap_with_set_grad_enabled", arguments)
        #expect((ScanProbe.verdict(Self.archive(program)) == .proven) == isFine)
    }

    @Test func `a program whose symbols a loader would count for hours is not proven`() {
        let sound = Self.program()
        for (symbol, isFine) in [("u12", true), ("s77", true), ("u99999999999", false), ("zuf99999999999", false)] {
            let program = sound.replacing(#""range_constraints": {"s77""#, with: #""range_constraints": {"\#(symbol)""#)
            #expect((ScanProbe.verdict(Self.archive(program)) == .proven) == isFine, "\(symbol)")
        }
    }

    @Test(arguments: [
        #"[1, {\"type\": \"collections.defaultdict\", \"context\": {\"default_factory_module\": \"os\", \"default_factory_name\": \"system\", \"dict_context\": []}, \"children_spec\": []}]"#,
        #"[1, {\"type\": \"builtins.dict\", \"context\": \"{\\\"__enum__\\\": true, \\\"fqn\\\": \\\"os:x\\\", \\\"name\\\": \\\"y\\\"}\", \"children_spec\": []}]"#,
        #"[1, {\"type\": \"builtins.dict\", \"context\": \"[{\\\"__enum__\\\": true, \\\"fqn\\\": \\\"os:x\\\"}]\", \"children_spec\": []}]"#,
        #"[1, {\"type\": \"my.Output\", \"context\": \"null\", \"children_spec\": []}]"#,
        #"[1, {\"type\": \"builtins.dict\", \"context\": \"[\\\"a': open('x'), 'b\\\"]\", \"children_spec\": []}]"#,
        #"[2, {\"type\": null, \"context\": null, \"children_spec\": []}]"#, "x",
    ]) func `a form of arguments that could import is not proven`(_ form: String) {
        #expect(ScanProbe.verdict(Self.archive(Self.program(form: form))) != .proven)
    }

    @Test(arguments: [
        #""guards_code": ["__import__('os')"]"#, #""guards_code": "x""#,
        #""custom_obj_values": {"a": {"class_fqn": "x.Y"}}"#, #""as_custom_obj": {"name": "x"}"#,
        #""custom_obj": {"arg": {"name": "x", "class_fqn": "x.Y"}}"#,
    ]) func `Python and objects of others are not proven`(_ more: String) {
        #expect(ScanProbe.verdict(Self.archive(Self.program(more: more))) != .proven)
    }

    @Test func `storages are as large as their tensors, and what is pickled is looked through`() {
        for weights in [
            Self.tensor("weight_0", size: 4), Self.tensor("weight_0", size: 2, stride: 1 << 40),
            Self.tensor("../weight_0", size: 3), Self.tensor("weight_1", size: 3),
            Self.tensor("weight_0", size: 3, pickled: true), "{}",
        ] { #expect(ScanProbe.verdict(Self.archive(weights: weights)) == .notProven, "\(weights)") }
        let pickled = Self.tensor("weight_1", size: 3, pickled: true)
        let evil = Self.archive(weights: pickled, more: [("m/data/weights/weight_1", PickleBuilder.command)])
        #expect(ScanProbe.verdict(evil) == .unsafe)
    }

    @Test(arguments: [
        ("m/data/aotinductor/model/model.wrapper.cpp", "int x;"), ("m/executorch/model.pte", "x"),
        ("m/something", "x"), ("other/models/model.json", "{}"), ("m/models/other.json", "{}"),
        ("m/models/model.py", "import os"),
    ]) func `compiled code and members of no known part are not proven`(_ name: String, _ text: String) {
        #expect(ScanProbe.verdict(Self.archive(more: [(name, Array(text.utf8))])) == .notProven)
    }

    @Test func `pickles beside the program are looked through`() {
        #expect(
            ScanProbe.verdict(Self.archive(more: [("m/data/sample_inputs/model.pt", PickleBuilder.command)])) == .unsafe
        )
        #expect(ScanProbe.verdict(Self.archive(more: [("m/extra/x", PickleBuilder.command)])) == .unsafe)
    }

    /// A loader unpickles constants by their names, whatever the list says of them, and by what it takes for true.
    @Test(arguments: [
        ("constants", "opaque_obj_0", "false"), ("constants", "custom_obj_0", "false"), ("constants", "tensor_0", "1"),
        ("constants", "tensor_0", "\"no\""), ("weights", "model.pt", "false"), ("weights", "weight_1", "1"),
        ("weights", "weight_1", "true"), ("weights", "weight_1.pt", "false"),
    ]) func `what is unpickled is looked through, whatever it is called`(_ part: String, _ path: String, _ flag: String)
    {
        let entry = Self.tensor(path, size: 1).replacing("\"use_pickle\": false", with: "\"use_pickle\": \(flag)")
        let list = Array(#"{"config": {"x": \#(entry)}}"#.utf8)
        let evil = Self.archive(more: [
            ("m/data/\(part)/\(path)", PickleBuilder.command), ("m/data/\(part)/other_\(part)_config.json", list),
        ])
        #expect(ScanProbe.verdict(evil) == .unsafe)
    }

    @Test func `what one list calls numbers and another a pickle is looked through`() {
        let numbers = Self.tensor("weight_1", size: 1)
        let pickle = Self.tensor("weight_1", size: 1, pickled: true)
        let lists = [numbers, pickle].enumerated().map { index, entry in
            ("m/data/weights/l\(index)_weights_config.json", Array(#"{"config": {"x": \#(entry)}}"#.utf8))
        }
        let evil = Self.archive(more: lists + [("m/data/weights/weight_1", PickleBuilder.command)])
        #expect(ScanProbe.verdict(evil) == .unsafe)
    }

    /// PyTorch finds a member whatever the case of its name.
    @Test(arguments: ["Weight_1", "WEIGHT_1", "./weight_1", "weight_1/", "weight_1\\u0000x", "weight_9"])
    func `a pickle is there by exactly its name`(_ path: String) {
        let weights = "\(Self.tensor("weight_1", size: 1)), \"x\": \(Self.tensor(path, size: 1, pickled: true))"
        let evil = Self.archive(weights: weights, more: [("m/data/weights/weight_1", PickleBuilder.command)])
        #expect(ScanProbe.verdict(evil) != .proven)
        #expect(ScanProbe.verdict(Self.archive(weights: Self.tensor(path, size: 1, pickled: true))) != .proven)
    }

    /// The lists of `models/a/b.json` are in `data/weights/a`, and name what is in `data/weights`.
    @Test(arguments: ["weights/a/b_weights_config.json", "constants/a/b_constants_config.json"])
    func `a list in a folder of its own is not proven`(_ list: String) {
        let pickled = Array(#"{"config": {"x": \#(Self.tensor("weight_0", size: 1, pickled: true))}}"#.utf8)
        #expect(ScanProbe.verdict(Self.archive(more: [("m/data/\(list)", pickled)])) != .proven)
    }

    /// A value of such a name would be what the code of the graph reads: `self.storage`, `device(…)`.
    @Test(arguments: ["self", "torch", "device", "pytree", "torch.load", "a.b"])
    func `a variable has no name that the code of a graph uses`(_ name: String) {
        let sound = Self.program()
        for place in [
            #"{"as_tensor": {"name": "x"}}], "outputs""#, #""metadata": {}, "name": "y""#,
            #""outputs": [{"as_tensor": {"name": "y"}}], "metadata""#,
        ] {
            let changed = place.replacing("\"x\"", with: "\"\(name)\"").replacing("\"y\"", with: "\"\(name)\"")
            let text = sound.replacing(place, with: changed)
            #expect(text != sound)
            #expect(ScanProbe.verdict(Self.archive(text)) != .proven, "\(place)")
        }
        let hidden = sound.replacing(
            #"{"as_tensor": {"name": "x"}}"#,
            with: #"{"as_tensor": {"name": "\#(name)", "arg": 1}}"#
        )
        #expect(ScanProbe.verdict(Self.archive(hidden)) != .proven)
    }

    /// PyTorch makes a Python function of a graph, and the names of its values stand in it as they are.
    @Test(arguments: [
        "x): import os; os.system('id')\\n  def f(", "x = __import__('os')", "x\\ny", "a b", "__class__.x", "x\\\"y",
        "\u{E9}",
    ]) func `a name that is no name is not proven, wherever it stands`(_ name: String) {
        let sound = Self.program(more: #""z": {"forward_arg_names": ["x"], "parameter_name": "l.0.weight", "fqn": ""}"#)
        #expect(ScanProbe.verdict(Self.archive(sound)) == .proven)
        for (place, changed) in [
            (#"{"as_tensor": {"name": "x"}}], "outputs""#, #"{"as_tensor": {"name": "NAME"}}], "outputs""#),
            (#""metadata": {}, "name": "y""#, #""metadata": {}, "name": "NAME""#),
            (#"[{"name": "self""#, #"[{"name": "NAME""#),
            (#""forward_arg_names": ["x"]"#, #""forward_arg_names": ["NAME"]"#),
            (#""parameter_name": "l.0.weight""#, #""parameter_name": "NAME""#), (#""fqn": "", "#, #""fqn": "NAME", "#),
        ] {
            let text = sound.replacing(place, with: changed.replacing("NAME", with: name))
            #expect(text != sound, "\(place)")
            #expect(ScanProbe.verdict(Self.archive(text)) != .proven, "\(place)")
        }
    }
}
