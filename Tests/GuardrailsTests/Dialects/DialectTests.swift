import Testing

@testable import Guardrails

/// Bodies as their clients write them, and as nobody should.
@Suite struct DialectTests {
    struct Ordinary: CustomStringConvertible, Sendable {
        let dialect: Dialect
        let path: String
        let body: String
        /// Channel, path and text of each text.
        let texts: [String]
        var model: String? = "m"
        var isStreaming = false
        var tools: [String] = []
        var messages = 1
        var choices = 1
        var maximumTokens: Int?
        var opaque = 0

        var description: String { "\(dialect.rawValue) \(body.prefix(100))" }
    }

    @Test(arguments: [
        Ordinary(
            dialect: .openAI,
            path: "/v1/chat/completions",
            body: ##"""
                {"model":"m","stream":true,"n":2,"max_tokens":5,"max_completion_tokens":9,"messages":[
                 {"role":"developer","content":"be kind"},{"role":"user","content":[{"type":"text","text":"h\u00e9"}]},
                 {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",
                  "function":{"name":"look","arguments":"{\"q\":1}"}}]},
                 {"role":"tool","tool_call_id":"c1","content":"found"}],
                 "tools":[{"type":"function","function":{"name":"look","description":"looks",
                  "parameters":{"type":"object","properties":{"q":{"type":"integer","description":"how deep"}}}}}]}
                """##,
            texts: [
                "system messages[0].content=be kind", "user messages[1].content[0].text=hé",
                "assistant messages[2].tool_calls[0].function.arguments={\"q\":1}",
                "assistant messages[2].tool_calls[0].function.name=look",
                "assistant messages[2].tool_calls[0].id=c1", "tool-result messages[3].content=found",
                "tool-result messages[3].tool_call_id=c1", "tool-description tools[0].function.name=look",
                "tool-description tools[0].function.description=looks",
                "tool-description tools[0].function.parameters.type=object",
                "tool-description tools[0].function.parameters.properties.q.type=integer",
                "tool-description tools[0].function.parameters.properties.q.description=how deep",
            ],
            isStreaming: true,
            tools: ["look"],
            messages: 4,
            choices: 2,
            maximumTokens: 9
        ),
        Ordinary(
            dialect: .openAICompletions,
            path: "/v1/completions",
            body:
                #"{"model":"m","prompt":["a","b"],"best_of":3,"suffix":"z","max_tokens":7,"stop":["x"],"new":{"k":"v"}}"#,
            texts: [
                "user prompt[0]=a", "user prompt[1]=b", "user suffix=z", "user stop[0]=x", "user new.k=v",
            ],
            messages: 2,
            choices: 6,
            maximumTokens: 7
        ),
        Ordinary(
            dialect: .openAIEmbeddings,
            path: "/v1/embeddings",
            body: #"{"model":"m","input":"text","encoding_format":"float"}"#,
            texts: ["user input=text", "user encoding_format=float"],
            maximumTokens: 0
        ),
        Ordinary(
            dialect: .openAIResponses,
            path: "/v1/responses",
            body: ##"""
                {"model":"m","instructions":"rules","input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]},
                 {"type":"function_call","name":"f","call_id":"1","arguments":"{}"},
                 {"type":"function_call_output","call_id":"1","output":"done"}],
                 "tools":[{"type":"function","name":"f","description":"d","parameters":{}},{"type":"web_search"}],
                 "max_output_tokens":11}
                """##,
            texts: [
                "system instructions=rules", "user input[0].content[0].text=hi", "assistant input[1].arguments={}",
                "assistant input[1].name=f",
                "assistant input[1].call_id=1", "tool-result input[2].output=done", "tool-result input[2].call_id=1",
                "tool-description tools[0].name=f", "tool-description tools[0].description=d",
                "tool-description tools[0].type=function",
            ],
            tools: ["f", "web_search"],
            messages: 3,
            maximumTokens: 11
        ),
        Ordinary(
            dialect: .anthropic,
            path: "/v1/messages",
            body: ##"""
                {"model":"m","max_tokens":8,"system":[{"type":"text","text":"rules"}],"messages":[
                 {"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"get",
                 "input":{"u":"x"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":
                 [{"type":"text","text":"page"}]},{"type":"document","source":{"type":"text","media_type":"text/plain",
                 "data":"doc"},"title":"T"}]}],"tools":[{"name":"get","input_schema":{"type":"object"}}]}
                """##,
            texts: [
                "system system[0].text=rules", "user messages[0].content=hi",
                "assistant messages[1].content[0].name=get", "assistant messages[1].content[0].input.u=x",
                "assistant messages[1].content[0].id=t",
                "tool-result messages[2].content[0].content[0].text=page",
                "tool-result messages[2].content[0].tool_use_id=t", "retrieved messages[2].content[1].source.data=doc",
                "retrieved messages[2].content[1].title=T",
                "retrieved messages[2].content[1].source.media_type=text/plain",
                "tool-description tools[0].name=get", "tool-description tools[0].input_schema.type=object",
            ],
            tools: ["get"],
            messages: 3,
            maximumTokens: 8
        ),
        Ordinary(
            dialect: .kserveV2,
            path: "/v2/models/m/versions/3/infer",
            body:
                #"{"inputs":[{"name":"x","shape":[2,1],"datatype":"BYTES","data":[["a"],["b"]]},{"name":"n","shape":[2],"datatype":"UINT8","data":[0,255]}]}"#,
            texts: [
                "user inputs[0].data[0][0]=a", "user inputs[0].data[1][0]=b", "user inputs[0].name=x",
                "user inputs[1].name=n",
            ],
            messages: 2
        ),
        Ordinary(
            dialect: .kserveV2,
            path: "/v2/models/m/generate_stream",
            body: #"{"text_input":"hi","parameters":{"max_tokens":4}}"#,
            texts: ["user text_input=hi"],
            isStreaming: true,
            maximumTokens: 4
        ),
        Ordinary(
            dialect: .kserveV1,
            path: "/v1/models/m:predict",
            body: #"{"instances":[{"t":"a"},{"t":"b"}]}"#,
            texts: ["user instances[0].t=a", "user instances[1].t=b"],
            messages: 2
        ),
        Ordinary(
            dialect: .torchServe,
            path: "/predictions/m/1.0",
            body: #"{"data":"a"}"#,
            texts: ["user data=a"]
        ),
        Ordinary(
            dialect: .mcp,
            path: "/mcp",
            body: #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send","arguments":{"to":"x"}}}"#,
            texts: ["user params.arguments.to=x"],
            model: nil,
            tools: ["send"]
        ),
        Ordinary(
            dialect: .json,
            path: "/v1/predict",
            body: #"{"features":[1,2],"note":"n"}"#,
            texts: ["user note=n"],
            model: nil
        ),
    ])
    func `an ordinary request is read`(_ item: Ordinary) throws {
        let request = try DialectReader(item.dialect).read(RequestBody(path: item.path, bytes: Array(item.body.utf8)))
        #expect(Set(request.texts.map { "\($0.channel.rawValue) \($0.path)=\($0.text)" }) == Set(item.texts))
        #expect(request.model == item.model)
        #expect(request.isStreaming == item.isStreaming)
        #expect(request.tools.map(\.name) == item.tools)
        #expect(request.counts.messages == item.messages)
        #expect(request.counts.choices == item.choices)
        #expect(request.counts.maximumTokens == item.maximumTokens)
        #expect(request.counts.opaqueParts == item.opaque)
        for text in request.texts {
            let written = String(decoding: Array(item.body.utf8)[text.range], as: UTF8.self)
            #expect(text.value?.isEscaped == true || written == text.text)
        }
    }

    struct Hostile: CustomStringConvertible, Sendable {
        let dialect: Dialect
        let path: String
        let body: String
        let rule: String
        let field: String
        let status: Int

        init(_ dialect: Dialect, _ path: String, _ body: String, _ rule: String, _ field: String, status: Int = 400) {
            (self.dialect, self.path, self.body) = (dialect, path, body)
            (self.rule, self.field, self.status) = (rule, field, status)
        }

        var description: String { "\(dialect.rawValue) \(body.prefix(100))" }
    }

    private static let chat = "/v1/chat/completions"

    @Test(arguments: [
        Hostile(.openAI, chat, #"{"model":"m","model":"n","messages":[]}"#, "json_duplicate_key", "model"),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","Messages":[],"messages":[{"role":"user","content":"a"}]}"#,
            "ambiguous_field",
            "Messages"
        ),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","messages":[{"role":"user","content":"a","Content":"b"}]}"#,
            "ambiguous_field",
            "messages[0].Content"
        ),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","me\u017fsages":[],"messages":[{"role":"user","content":"a"}]}"#,
            "ambiguous_field",
            "[\"me\u{17F}sages\"]"
        ),
        Hostile(.openAI, chat, #"{"model":"m","messages":[]}"#, "invalid_field", "messages"),
        Hostile(.openAI, chat, #"{"model":"m","messages":{}}"#, "invalid_field", "messages"),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","messages":[{"role":"root","content":"a"}]}"#,
            "invalid_field",
            "messages[0].role"
        ),
        Hostile(.openAI, chat, #"{"model":"m","messages":[{"role":"user"}]}"#, "missing_field", "messages[0].content"),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"hologram"}]}]}"#,
            "invalid_field",
            "messages[0].content[0].type"
        ),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:"}}]}]}"#,
            "opaque_part",
            ""
        ),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","messages":[{"role":"user","content":7}]}"#,
            "invalid_field",
            "messages[0].content"
        ),
        Hostile(.openAI, chat, #"{"model":7,"messages":[{"role":"user","content":"a"}]}"#, "invalid_field", "model"),
        Hostile(.openAI, chat, #"{"messages":[{"role":"user","content":"a"}]}"#, "missing_field", "model"),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","stream":"yes","messages":[{"role":"user","content":"a"}]}"#,
            "invalid_field",
            "stream"
        ),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","n":1e9,"messages":[{"role":"user","content":"a"}]}"#,
            "invalid_field",
            "n"
        ),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","n":-1,"messages":[{"role":"user","content":"a"}]}"#,
            "invalid_field",
            "n"
        ),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","chat_template":"{{ x }}","messages":[{"role":"user","content":"a"}]}"#,
            "unreadable_input",
            "chat_template"
        ),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","messages":[{"role":"user","content":"a"}],"tools":[{"type":"other"}]}"#,
            "invalid_field",
            "tools[0].type"
        ),
        Hostile(
            .openAI,
            chat,
            #"{"model":"m","messages":[{"role":"user","content":"\ud800"}]}"#,
            "json_lone_surrogate",
            "messages[0].content"
        ),
        Hostile(.openAI, chat, "{\"model\":\"m\"", "json_truncated", "model"),
        Hostile(
            .openAI,
            chat,
            String(repeating: "[", count: 100),
            "json_too_deep",
            String(repeating: "[0]", count: 64),
            status: 413
        ),
        Hostile(.openAI, "/v1/audio/speech", "{}", "unknown_endpoint", "", status: 404),
        Hostile(.openAI, "/v1/completions", #"{"model":"m","prompt":[1,2,3]}"#, "token_ids", "prompt[0]"),
        Hostile(.openAI, "/v1/completions", #"{"model":"m","prompt":[[1,2,3]]}"#, "token_ids", "prompt[0]"),
        Hostile(
            .openAI,
            "/v1/completions",
            #"{"model":"m","prompt":"a","prompt_token_ids":[1]}"#,
            "unreadable_input",
            "prompt_token_ids"
        ),
        Hostile(.openAI, "/v1/embeddings", #"{"model":"m","input":[1,2]}"#, "token_ids", "input[0]"),
        Hostile(.openAI, "/v1/embeddings", #"{"model":"m","input":[]}"#, "invalid_field", "input"),
        Hostile(.openAI, "/v1/responses", #"{"model":"m","input":"a","previous_response_id":"r"}"#, "opaque_part", ""),
        Hostile(
            .openAI,
            "/v1/responses",
            #"{"model":"m","input":[{"type":"item_reference","id":"x"}]}"#,
            "opaque_part",
            ""
        ),
        Hostile(
            .openAI,
            "/v1/responses",
            #"{"model":"m","input":[{"type":"spell"}]}"#,
            "invalid_field",
            "input[0].type"
        ),
        Hostile(
            .anthropic,
            "/v1/messages",
            #"{"model":"m","messages":[{"role":"system","content":"a"}]}"#,
            "invalid_field",
            "messages[0].role"
        ),
        Hostile(
            .anthropic,
            "/v1/messages",
            #"{"model":"m","max_tokens":0,"messages":[{"role":"user","content":"a"}]}"#,
            "invalid_field",
            "max_tokens"
        ),
        Hostile(
            .anthropic,
            "/v1/messages",
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}"#,
            "opaque_part",
            ""
        ),
        Hostile(
            .anthropic,
            "/v1/messages",
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"x"}]}]}"#,
            "invalid_field",
            "messages[0].content[0].type"
        ),
        Hostile(
            .kserveV2,
            "/v2/models/m/infer",
            #"{"inputs":[{"name":"x","shape":[3],"datatype":"BYTES","data":["a"]}]}"#,
            "tensor_size",
            "inputs[0].data"
        ),
        Hostile(
            .kserveV2,
            "/v2/models/m/infer",
            #"{"inputs":[{"name":"x","shape":[1],"datatype":"UINT8","data":[256]}]}"#,
            "tensor_type",
            "inputs[0].data[0]"
        ),
        Hostile(
            .kserveV2,
            "/v2/models/m/infer",
            #"{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[-129]}]}"#,
            "tensor_type",
            "inputs[0].data[0]"
        ),
        Hostile(
            .kserveV2,
            "/v2/models/m/infer",
            #"{"inputs":[{"name":"x","shape":[1],"datatype":"STRING","data":["a"]}]}"#,
            "invalid_field",
            "inputs[0].datatype"
        ),
        Hostile(
            .kserveV2,
            "/v2/models/m/infer",
            #"{"inputs":[{"name":"x","shape":[268435456,268435456,9],"datatype":"BOOL","data":[]}]}"#,
            "tensor_size",
            "inputs[0].shape[2]"
        ),
        Hostile(
            .kserveV2,
            "/v2/models/m/infer",
            #"{"inputs":[{"name":"x","shape":[-1],"datatype":"BOOL","data":[]}]}"#,
            "tensor_size",
            "inputs[0].shape[0]"
        ),
        Hostile(
            .kserveV2,
            "/v2/models/m/infer",
            #"{"inputs":[{"name":"x","shape":[1],"datatype":"BOOL","parameters":{"shared_memory_region":"r"}}]}"#,
            "unreadable_input",
            "inputs[0].parameters.shared_memory_region"
        ),
        Hostile(
            .kserveV2,
            "/v2/models/m/infer",
            #"{"inputs":[{"name":"x","shape":[1],"datatype":"BOOL"}]}"#,
            "missing_field",
            "inputs[0].data"
        ),
        Hostile(.kserveV2, "/v2/models/m/load", "{}", "unknown_endpoint", "", status: 404),
        Hostile(.kserveV1, "/v1/models/m:predict", #"{"instances":[],"inputs":{}}"#, "ambiguous_field", ""),
        Hostile(.kserveV1, "/v1/models/m:predict", "{}", "missing_field", ""),
        Hostile(.mcp, "/mcp", "[]", "json_rpc", ""),
        Hostile(.mcp, "/mcp", #"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "json_rpc", "jsonrpc"),
        Hostile(.mcp, "/mcp", #"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "json_rpc", "id"),
        Hostile(.mcp, "/mcp", #"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, "json_rpc", ""),
        Hostile(
            .mcp,
            "/mcp",
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#,
            "missing_field",
            "params.name"
        ),
        Hostile(
            .mcp,
            "/mcp",
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":"b"}}"#,
            "invalid_field",
            "params.arguments"
        ),
        Hostile(.json, "/v1/predict", "{\"a\":1,\"a\":2}", "json_duplicate_key", "a"),
        Hostile(.json, "/v1/predict", "", "json_truncated", ""),
    ])
    func `a hostile request is refused, with its field`(_ item: Hostile) {
        do {
            _ = try DialectReader(item.dialect).read(RequestBody(path: item.path, bytes: Array(item.body.utf8)))
            Issue.record("was read")
        } catch {
            #expect(error.rule == item.rule, "\(error)")
            #expect(error.path == item.field)
            #expect(error.status == item.status)
        }
    }

    @Test(arguments: [
        (["text/plain"], [], "content_type"), ([], [], "content_type"),
        (["application/json", "application/json"], [], "content_type"),
        (["application/json; charset=utf-16"], [], "content_type"),
        (["application/json"], ["gzip"], "content_encoding"),
        (["application/json"], ["identity", "br"], "content_encoding"), (["application/jsonp"], [], "content_type"),
        (["application/json"], [""], "content_encoding"),
    ])
    func `a body under a wrong head is refused`(_ types: [String], _ encodings: [String], _ rule: String) {
        let body = RequestBody(
            path: "/v1/predict",
            contentTypes: types,
            contentEncodings: encodings,
            bytes: [0x7B, 0x7D]
        )
        do {
            _ = try DialectReader(.json).read(body)
            Issue.record("was read")
        } catch { #expect(error.rule == rule) }
    }

    @Test(arguments: [
        ["application/json"], ["Application/JSON; charset=UTF-8"], ["application/json ;charset=\"utf-8\""],
    ])
    func `a content type may be written in its ways`(_ types: [String]) throws {
        _ = try DialectReader(.json).read(
            RequestBody(path: "/x", contentTypes: types, contentEncodings: ["identity"], bytes: [0x7B, 0x7D])
        )
    }

    // MARK: Tensors in binary

    @Test(arguments: [
        (#""max_tokens":7,"parameters":{"max_tokens":5}"#, 7), (#""max_tokens":5,"parameters":{"max_tokens":7}"#, 7),
        (#""max_tokens":7"#, 7), (#""parameters":{"max_tokens":7}"#, 7),
    ])
    func `the larger of two limits counts`(_ limits: String, _ most: Int) throws {
        let body = Array("{\"text_input\":\"a\",\(limits)}".utf8)
        let request = try DialectReader(.kserveV2).read(RequestBody(path: "/v2/models/m/generate", bytes: body))
        #expect(request.counts.maximumTokens == most)
    }

    private static func binary(_ inputs: String, _ tail: [UInt8], length: String? = nil) -> RequestBody {
        let head = Array(#"{"inputs":[\#(inputs)]}"#.utf8)
        return RequestBody(
            path: "/v2/models/m/infer",
            contentTypes: ["application/octet-stream"],
            inferenceHeaderLengths: [length ?? "\(head.count)"],
            bytes: head + tail
        )
    }

    private static func text(_ size: Int, _ shape: Int = 1) -> String {
        #"{"name":"x","shape":[\#(shape)],"datatype":"BYTES","parameters":{"binary_data_size":\#(size)}}"#
    }

    @Test func `texts in a binary tensor are found where they stand`() throws {
        let body = Self.binary(Self.text(12, 2), [2, 0, 0, 0, 0x68, 0x69, 2, 0, 0, 0, 0xC3, 0xA9])
        let request = try DialectReader(.kserveV2).read(body)
        let texts = request.texts.filter { $0.path.contains("data[") }
        #expect(texts.map(\.text) == ["hi", "é"])
        #expect(texts.map { Array(body.bytes[$0.range]) } == [[0x68, 0x69], [0xC3, 0xA9]])
    }

    @Test(arguments: [
        (binary(text(6), [3, 0, 0, 0, 0x68, 0x69]), "tensor_size"),
        (binary(text(6), [0xFF, 0xFF, 0xFF, 0xFF, 0x68, 0x69]), "tensor_size"),
        (binary(text(6), [1, 0, 0, 0, 0x68, 0x69]), "tensor_size"), (binary(text(3), [1, 0, 0]), "tensor_size"),
        (binary(text(7), [2, 0, 0, 0, 0x68, 0x69]), "tensor_size"),
        (binary(text(6), [2, 0, 0, 0, 0x68, 0x69, 0x00]), "tensor_size"),
        (binary(text(6), [2, 0, 0, 0, 0xFF, 0xFF]), "opaque_part"),
        (binary(text(6), [2, 0, 0, 0, 0x68, 0x69], length: "-1"), "inference_header"),
        (binary(text(6), [2, 0, 0, 0, 0x68, 0x69], length: "99999"), "inference_header"),
        (binary(text(6), [2, 0, 0, 0, 0x68, 0x69], length: "1e2"), "inference_header"),
        (binary(text(6), [2, 0, 0, 0, 0x68, 0x69], length: "3"), "json_truncated"),
        (
            binary(#"{"name":"x","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":4}}"#, [0, 0, 0, 0]),
            "tensor_size"
        ),
        (
            binary(#"{"name":"x","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":4}}"#, [0, 0, 0, 0]),
            "opaque_part"
        ),
        (
            binary(
                #"{"name":"x","shape":[1],"datatype":"BOOL","data":[true],"parameters":{"binary_data_size":0}}"#,
                []
            ), "ambiguous_field"
        ),
    ])
    func `binary tensors that do not fit are refused`(_ body: RequestBody, _ rule: String) {
        do {
            _ = try DialectReader(.kserveV2).read(body)
            Issue.record("was read")
        } catch { #expect(error.rule == rule, "\(error)") }
    }

    @Test func `a text body is text, and other bytes are opaque`() throws {
        let path = "/predictions/m"
        let text = try DialectReader(.torchServe).read(
            RequestBody(path: path, contentTypes: ["text/plain"], bytes: Array("hé".utf8))
        )
        #expect(text.texts.map(\.text) == ["hé"])
        #expect(throws: DialectRefusal.self) {
            try DialectReader(.torchServe).read(RequestBody(path: path, contentTypes: ["text/plain"], bytes: [0xFF]))
        }
        let image = RequestBody(path: path, contentTypes: ["application/octet-stream"], bytes: [0xFF])
        #expect(throws: DialectRefusal.self) { try DialectReader(.torchServe).read(image) }
        #expect(try DialectReader(.torchServe, allowsOpaqueParts: true).read(image).counts.opaqueParts == 1)
    }

    @Test(arguments: Dialect.allCases)
    func `errors are JSON in the dialect's form, and repeat nothing`(_ dialect: Dialect) throws {
        let refusal = DialectRefusal(rule: "invalid_field", path: "a[\"\\\"x\"]", message: "expected \"this\"\n")
        let document = try JSONDocument(DialectErrors.body(refusal, dialect: dialect, requestID: "id-1"))
        #expect(String(decoding: document.bytes, as: UTF8.self).contains("id-1"))
    }

    @Test func `bodies that are changed at random are read or refused`() {
        var random = SeededRandom(seed: 5)
        let seeds: [(Dialect, String, String)] = [
            (
                .openAI, "/v1/chat/completions",
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"tools":[]}"#
            ),
            (.anthropic, "/v1/messages", #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"}]}"#),
            (
                .kserveV2, "/v2/models/m/infer",
                #"{"inputs":[{"name":"x","shape":[1],"datatype":"BYTES","data":["a"]}]}"#
            ),
            (.openAI, "/v1/responses", #"{"model":"m","input":[{"type":"function_call_output","output":"a"}]}"#),
            (.mcp, "/mcp", #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#),
        ]
        let words = ["null", "[]", "{}", "\"\"", "-1", "1e99", "true", "[[]]", "\"x\"", ",", ":"]
        for round in 0..<4_000 {
            let (dialect, path, text) = seeds[round % seeds.count]
            var body = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let start = Int.random(in: 0..<body.count, using: &random)
                let end = min(body.count, start + Int.random(in: 0...6, using: &random))
                body.replaceSubrange(start..<end, with: Array((words.randomElement(using: &random) ?? "").utf8))
                if body.isEmpty { body = [0x20] }
            }
            let lengths = Bool.random(using: &random) ? [] : ["\(Int.random(in: 0...body.count, using: &random))"]
            do {
                let request = try DialectReader(dialect, allowsOpaqueParts: true).read(
                    RequestBody(path: path, inferenceHeaderLengths: lengths, bytes: body)
                )
                for text in request.texts { #expect(text.range.upperBound <= body.count) }
            } catch { #expect(!error.rule.isEmpty) }
        }
    }
}
