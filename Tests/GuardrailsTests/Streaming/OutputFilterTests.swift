import Crypto
import Guardrails
import Testing

@Suite("The filter of an answer")
struct OutputFilterTests {
    private static let rules = Result {
        try OutputRules(
            OutputPolicy(
                entities: [.creditCard: .redact, .emailAddress: .redact],
                secrets: .redact,
                links: .init(allowedHosts: ["docs.example.com", "*.example.org"])
            )
        )
    }

    private func run(
        _ body: String,
        _ dialect: AnswerDialect,
        _ format: AnswerFormat = .events,
        rules: OutputRules? = nil,
        facts: RequestFacts = RequestFacts(),
        by size: Int = .max
    ) throws -> (output: String, refusal: AnswerRefusal?, findings: [OutputFinding]) {
        var filter = OutputFilter(try rules ?? Self.rules.get(), dialect: dialect, format: format, facts: facts)
        var output: [UInt8] = []
        var findings: [OutputFinding] = []
        func take(_ step: AnswerStep) -> AnswerRefusal? {
            switch step {
            case .bytes(let bytes): output += bytes
            case .end(let bytes, let refusal):
                output += bytes
                return refusal
            }
            return nil
        }
        var rest = Array(body.utf8)[...]
        while !rest.isEmpty {
            let refusal = take(filter.feed(Array(rest.prefix(size))))
            findings += filter.takeFindings()
            if let refusal { return (String(decoding: output, as: UTF8.self), refusal, findings) }
            rest = rest.dropFirst(size)
        }
        let refusal = take(filter.finish())
        findings += filter.takeFindings()
        return (String(decoding: output, as: UTF8.self), refusal, findings)
    }

    private func chat(_ pieces: [String]) -> String {
        var body =
            #"data: {"id":"c1","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#
            + "\n\n"
        for piece in pieces {
            body +=
                #"data: {"id":"c1","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"\#(piece)"}}]}"#
                + "\n\n"
        }
        body +=
            #"data: {"id":"c1","created":7,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#
            + "\n\n"
        return body + "data: [DONE]\n\n"
    }

    /// The text of a stream of chat, put together.
    private func content(_ output: String) -> String {
        var text = ""
        for line in output.split(separator: "\n") {
            guard let start = line.firstRange(of: #""content":""#) else { continue }
            let rest = line[start.upperBound...]
            text += rest[..<(rest.firstRange(of: #""}"#)?.lowerBound ?? rest.endIndex)]
        }
        return text
    }

    @Test("A card that comes in pieces is redacted, the rest goes on, and the end comes last")
    func cardInPieces() throws {
        let body = chat(["My card ", "is 4111", " 1111 11", "11 1111", ", keep it"])
        let result = try run(body, .openAIChat)
        #expect(content(result.output) == "My card is [CREDIT_CARD], keep it")
        #expect(result.findings.map(\.rule) == ["pii/CREDIT_CARD"])
        #expect(result.findings.first?.channel == "choices.0.delta.content")
        #expect(result.findings.first.map { $0.start..<$0.end } == 11..<30)
        #expect(result.output.hasSuffix("data: [DONE]\n\n"))
        let kept = try #require(result.output.firstRange(of: "keep")?.lowerBound)
        let stop = try #require(result.output.firstRange(of: "\"stop\"")?.lowerBound)
        #expect(kept < stop)
    }

    @Test("What is held at the end comes before it, in an event like the others")
    func heldAtTheEnd() throws {
        let result = try run(chat(["it is 4111 1111 ", "1111 1111"]), .openAIChat)
        #expect(content(result.output) == "it is [CREDIT_CARD]")
        #expect(
            result.output.contains(
                #"{"id":"c1","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"[CREDIT_CARD]"}}]}"#
            )
        )
    }

    @Test("However the body is cut the output is the same", arguments: [1, 2, 3, 7, 16, 61])
    func cut(size: Int) throws {
        let body = chat(["Mail jane.doe@", "example.com or ", #"\ud83d"#, #"\ude00 4111 1111"#, " 1111 1111"])
            .replacing("\n\n", with: "\r\n\r\n")
        let whole = try run(body, .openAIChat)
        let cut = try run(body, .openAIChat, by: size)
        #expect(cut.output == whole.output)
        #expect(cut.findings == whole.findings)
        #expect(content(whole.output) == "Mail [EMAIL_ADDRESS] or 😀 [CREDIT_CARD]")
    }

    @Test(
        "Lines end in any of three ways, and fields, comments and a mark at the beginning are no matter",
        arguments: ["\n", "\r\n", "\r"],
        [1, 3, Int.max]
    )
    func framing(end: String, size: Int) throws {
        let lines = [
            "\u{FEFF}: hello 4111 1111 1111 1111", "", "retry: 100", "", "event: x", "",
            #"data:{"id":"c1","choices":[{"index":1,"#,
            #"data: "delta":{"content":"no 4111 1111 "}},{"index":0,"delta":{"content":"","reasoning_content":"of 4111 11"}}]}"#,
            "",
            #"data: {"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"11 1111 1111.","content":null}}]}"#,
            "",
            #"data: {"id":"c1","choices":[{"index":1,"delta":{"content":"1111 1111!"}}]}"#, "",
            #"data: {"id":"c1","choices":[{"index":2,"delta":{"refusal":"mail jane@exam"}}]}"#, "",
            #"data: {"id":"c1","choices":[{"index":2,"delta":{"refusal":"ple.org no"}}]}"#, "",
            #"data: {"id":"c1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#, "",
            "data: [DONE]", "",
            #"data: {"id":"c1","choices":[{"index":0,"delta":{"content":"and jane@example.org"}}]}"#,
        ]
        let (output, refusal, findings) = try run(lines.joined(separator: end), .openAIChat, by: size)
        #expect(refusal == nil)
        #expect(!output.contains("4111") && !output.contains("1111") && !output.contains("jane"))
        #expect(
            findings.map(\.rule).sorted() == [
                "pii/CREDIT_CARD", "pii/CREDIT_CARD", "pii/EMAIL_ADDRESS", "pii/EMAIL_ADDRESS",
            ]
        )
        #expect(output.contains(#""total_tokens":3"#))
    }

    @Test("Texts of two choices are not one text")
    func choices() throws {
        let body = [(0, "4111 1111 "), (1, "1111 1111 "), (0, "1111 1111."), (1, "x")].map { index, text in
            #"data: {"choices":[{"delta":{"content":"\#(text)"},"index":\#(index)}]}"# + "\n\n"
        }.joined()
        let result = try run(body, .openAIChat)
        #expect(result.findings.count == 1)
        #expect(result.output.contains(#"[CREDIT_CARD]"#))
        let second = result.output.split(separator: "\n").filter { $0.contains(#""index":1"#) }.map { event in
            event.split(separator: "\"", omittingEmptySubsequences: false)[7]
        }
        #expect(second.joined() == "1111 1111 x")
    }

    @Test("A tool call goes out whole, with its own strings filtered, and not at all where it is not JSON")
    func toolCalls() throws {
        func body(_ pieces: [String]) -> String {
            #"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"mail","arguments":""}}]}}]}"#
                + "\n\n"
                + pieces.map {
                    #"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\#($0)"}}]}}]}"#
                        + "\n\n"
                }.joined()
                + #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"# + "\n\ndata: [DONE]\n\n"
        }
        let good = try run(
            body([#"{\"to\":\"jane.d"#, #"oe@example.com\",\"n"#, #"\":4111111111111111}"#]),
            .openAIChat
        )
        #expect(good.refusal == nil)
        #expect(good.output.contains(#"{\"to\":\"[EMAIL_ADDRESS]\",\"n\":\"[CREDIT_CARD]\"}"#))
        let bad = try run(body([#"{\"to\":"#]), .openAIChat)
        #expect(bad.refusal?.code == .toolCall)
        #expect(bad.output.hasSuffix("data: [DONE]\n\n"))
        #expect(bad.output.contains("content_filter"))
        let facts = RequestFacts { tool, _ in tool == "mail" ? "the tool `mail` is not allowed" : nil }
        let refused = try run(body([#"{}"#]), .openAIChat, facts: facts)
        #expect(refused.refusal?.message == "the tool `mail` is not allowed")
    }

    @Test("Anthropic's blocks, and how a blocked answer of theirs ends")
    func anthropic() throws {
        func body(_ pieces: [String]) -> String {
            "event: message_start\n" + #"data: {"type":"message_start","message":{"id":"m1"}}"# + "\n\n"
                + "event: content_block_start\n"
                + #"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"# + "\n\n"
                + pieces.map {
                    "event: content_block_delta\n"
                        + #"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\#($0)"}}"#
                        + "\n\n"
                }.joined()
                + "event: content_block_stop\n" + #"data: {"type":"content_block_stop","index":0}"# + "\n\n"
        }
        let result = try run(body(["key ghp_16C7e42F292c69", "12E7710c838347Ae178B4a"]), .anthropicMessages)
        #expect(result.output.contains(#""text":"[SECRET]""#))
        #expect(!result.output.contains("16C7e42F"))
        let rules = try OutputRules(OutputPolicy(secrets: .block))
        let blocked = try run(
            body(["key ghp_16C7e42F292c69", "12E7710c838347Ae178B4a and"]),
            .anthropicMessages,
            rules: rules
        )
        #expect(blocked.refusal?.code == .blocked)
        #expect(blocked.output.contains(#""stop_reason":"refusal""#))
        #expect(blocked.output.hasSuffix(#"data: {"type":"message_stop"}"# + "\n\n"))
        #expect(!blocked.output.contains("16C7e42F"))
    }

    @Test("A signature goes out with the text that was signed, and not with another")
    func signed() throws {
        func body(_ thought: String) -> String {
            #"data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"\#(thought)"}}"#
                + "\n\n"
                + #"data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}"#
                + "\n\n"
                + #"data: {"type":"content_block_stop","index":0}"# + "\n\n"
        }
        #expect(try run(body("so it is"), .anthropicMessages).output.contains(#""signature":"c2ln""#))
        let changed = try run(body("it is 4111111111111111."), .anthropicMessages).output
        #expect(changed.contains("[CREDIT_CARD]"))
        #expect(!changed.contains("c2ln"))
    }

    @Test(
        "Answers of KServe and MCP, and arguments a character at a time, are those of the body at once",
        arguments: [1, 5, 64]
    )
    func otherStreams(size: Int) throws {
        let said =
            "Ask jane.doe@example.com, pay 4111 1111 1111 1111 with key ghp_16C7e42F292c6912E7710c838347Ae178B4a now"
        let wanted = "Ask [EMAIL_ADDRESS], pay [CREDIT_CARD] with key [SECRET] now"
        // `/generate_stream`: each event has the next piece.
        let triton = said.map {
            #"data: {"model_name":"m","model_version":"1","text_output":"\#($0)"}"# + "\n\n"
        }.joined()
        let pieces = try run(triton, .plain, by: size)
        let atOnce = try run(triton, .plain)
        #expect(pieces.output == atOnce.output && pieces.findings == atOnce.findings)
        #expect(texts(in: pieces.output, under: "text_output") == wanted)
        #expect(pieces.findings.map(\.rule) == ["pii/EMAIL_ADDRESS", "pii/CREDIT_CARD", "secret/github-pat"])
        // A result of a tool comes whole, and what it is made of too.
        let result =
            #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"\#(said)"}],"#
            + #""structuredContent":{"note":"\#(said)","n":4111111111111111}}}"#
        let message = "event: message\ndata: \(result)\n\n"
        let whole = try run(message, .plain, by: size)
        #expect(try whole.output == run(message, .plain).output)
        #expect(texts(in: whole.output, under: "text") == wanted && texts(in: whole.output, under: "note") == wanted)
        #expect(!whole.output.contains("4111"))
        let json = try run(result, .plain, .json, by: size).output
        #expect(try json == run(result, .plain, .json).output && texts(in: json, under: "note") == wanted)
        // Arguments, a character in each event.
        let arguments = #"{"to":""# + said + #""}"#
        func calls(_ pieces: [String]) -> String {
            #"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":""}}]}}]}"#
                + "\n\n"
                + pieces.map {
                    let piece = $0.replacing(#"""#, with: #"\""#)
                    return
                        #"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\#(piece)"}}]}}]}"#
                        + "\n\n"
                }.joined()
                + #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"# + "\n\n"
        }
        let cut = try run(calls(arguments.map(String.init)), .openAIChat, by: size)
        let once = try run(calls([arguments]), .openAIChat)
        #expect(cut.findings == once.findings && cut.findings.count == 3)
        #expect(cut.refusal == nil && cut.output.contains(#"{\"to\":\"\#(wanted)\"}"#))
        #expect(once.output.contains(#"{\"to\":\"\#(wanted)\"}"#))
    }

    /// The strings under a key, put together.
    private func texts(in output: String, under key: String) -> String {
        output.split(separator: "\"\(key)\":\"").dropFirst().map { $0.prefix { $0 != "\"" } }.joined()
    }

    @Test("Responses repeat their text, and the repetition says the same")
    func responses() throws {
        let text = "card 4111 1111 1111 1111 ok"
        let body =
            #"data: {"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"card 4111 1111 "}"#
            + "\n\n"
            + #"data: {"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"1111 1111 ok"}"#
            + "\n\n"
            + #"data: {"type":"response.output_text.done","item_id":"i","output_index":0,"content_index":0,"text":"\#(text)"}"#
            + "\n\n"
        let result = try run(body, .openAIResponses)
        #expect(result.output.contains(#""text":"card [CREDIT_CARD] ok""#))
        #expect(!result.output.contains("1111"))
    }

    @Test("JSON that is not a stream, text, and what is neither")
    func bodies() throws {
        let json = #"{"id":"chatcmpl-4111111111111111","choices":[{"message":{"content":"4111111111111111","n":1}}]}"#
        #expect(
            try run(json, .openAIChat, .json).output
                == #"{"id":"chatcmpl-4111111111111111","choices":[{"message":{"content":"[CREDIT_CARD]","n":1}}]}"#
        )
        #expect(try run("4111111111111111", .plain, .text).output == "[CREDIT_CARD]")
        #expect(try run("{", .openAIChat, .json).refusal?.code == .malformed)
        #expect(try run(#"{"a":1,"a":2}"#, .openAIChat, .json).refusal?.code == .malformed)
        #expect(try run("data: {\n\n", .openAIChat).refusal?.code == .malformed)
        #expect(AnswerFormat(contentType: "application/octet-stream") == nil)
        #expect(AnswerFormat(contentType: "text/event-stream; charset=utf-8") == .events)
    }

    @Test("Links and images go to hosts that are allowed")
    func links() throws {
        let rules = try Self.rules.get()
        func filtered(_ text: String) -> String {
            var filter = TextFilter(rules)
            return String(decoding: filter.feed(Array(text.utf8)) + filter.finish(), as: UTF8.self)
        }
        #expect(filtered("![x](https://evil.test/a?b=secret) end") == "![x]([LINK]) end")
        #expect(
            filtered("[ok](https://docs.example.com/a) [ok](https://a.example.org/)")
                == "[ok](https://docs.example.com/a) [ok](https://a.example.org/)"
        )
        #expect(filtered("<img src='//evil.test/x'>!") == "[LINK]!")
        #expect(filtered("<b>bold</b> a < b") == "<b>bold</b> a < b")
        #expect(!filtered("[a]: http://evil.test/x").contains("evil"))
        #expect(!filtered("[a](https://docs.example.com@evil.test/)").contains("evil"))
        #expect(!filtered("[a](javascript:alert(1))").contains("alert"))
    }

    @Test("The system prompt and canaries do not come back, plain or encoded")
    func prompt() throws {
        let system =
            "You are the assistant of Contoso. Never mention the project Falcon, nor the discount of forty percent."
        let index = PromptIndex(systemPrompt: system, canaries: ["LW-7f3a9c2e51d84b60"])
        let rules = try OutputRules(OutputPolicy(promptLeak: .redact))
        func filtered(_ text: String) -> String {
            var filter = TextFilter(rules, prompt: index)
            return String(decoding: filter.feed(Array(text.utf8)) + filter.finish(), as: UTF8.self)
        }
        #expect(filtered("Sure: never mention the PROJECT falcon, nor the discount!") == "Sure: [PROMPT]!")
        #expect(filtered("You are the best assistant of all.") == "You are the best assistant of all.")
        #expect(!filtered(String(system.reversed())).contains("noclaF"))
        #expect(!filtered("Arire zragvba gur cebwrpg Snypba, abe gur").contains("Snypba"))
        // Moved by forty-seven.
        func moved(_ text: String) -> String {
            String(decoding: text.utf8.map { $0 == 0x20 ? $0 : ($0 - 33 + 47) % 94 + 33 }, as: UTF8.self)
        }
        #expect(!filtered(moved("assistant of Contoso. Never mention the project Falcon")).contains(moved("Falcon")))
        #expect(filtered("canary \(moved("LW-7f3a9c2e51d84b60"))!").contains("[CANARY]"))
        #expect(filtered("it is WW91IGFyZSB0aGUgYXNzaXN0YW50IG9mIENvbnRvc28uIE5ldmVyIG1lbnRpb24=") == "it is [PROMPT]")
        #expect(filtered("canary lw7f3a9c2e51d84b60.") == "canary [CANARY].")
        #expect(filtered("hex 4c572d37663361396332653531643834623630") == "hex [CANARY]")
    }

    @Test("Actions: mask, hash, encrypt, tokenise and back")
    func actions() throws {
        let keys = try OutputKeys(secret: SymmetricKey(data: Array(repeating: 7, count: 32)))
        func filtered(_ action: OutputPolicy.Action, vault: ValueVault? = nil) throws -> String {
            let rules = try OutputRules(OutputPolicy(entities: [.creditCard: action]), keys: keys)
            var filter = TextFilter(rules, vault: vault)
            return String(
                decoding: filter.feed(Array("pay 4111 1111 1111 1111 now".utf8)) + filter.finish(),
                as: UTF8.self
            )
        }
        #expect(try filtered(.mask(showingLast: 4)) == "pay **** **** **** 1111 now")
        let sealed = try filtered(.encrypt)
        let text = try #require(
            sealed.firstRange(of: "CREDIT_CARD:").map { sealed[$0.upperBound...].prefix { $0 != "]" } }
        )
        #expect(try keys.decrypt(String(text), label: "CREDIT_CARD") == Array("4111 1111 1111 1111".utf8))
        #expect(throws: PatternError.self) { try keys.decrypt(String(text), label: "US_SSN") }
        let vault = ValueVault(caller: "a", request: "1")
        let token = try filtered(.tokenise, vault: vault)
        #expect(!token.contains("4111 1111"))
        #expect(try filtered(.tokenise, vault: vault) == token)
        #expect(vault.restore(token) == "pay 4111 1111 1111 1111 now")
        #expect(ValueVault(caller: "b", request: "1").restore(token) == token)
        #expect(try filtered(.tokenise, vault: ValueVault(caller: "b", request: "1")) != token)
        #expect(throws: PatternError.self) { try OutputRules(OutputPolicy(entities: [.creditCard: .hash])) }
    }

    @Test("Time: what is held for too long is redacted, or the answer ends, and never let go of")
    func time() throws {
        for onTime in [OutputPolicy.OnTime.hold, .redact, .block] {
            let rules = try OutputRules(OutputPolicy(entities: [.creditCard: .redact], onTime: onTime))
            var filter = OutputFilter(rules, dialect: .openAIChat, format: .events)
            let event = #"data: {"choices":[{"index":0,"delta":{"content":"it is 4111 1111"}}]}"# + "\n\n"
            _ = filter.feed(Array(event.utf8), now: 1000)
            #expect(filter.deadline == 1050)
            #expect(filter.time(now: 1049) == .bytes([]))
            switch (onTime, filter.time(now: 1050)) {
            case (.hold, .bytes(let bytes)): #expect(bytes == Array(": held\n\n".utf8))
            case (.redact, .bytes(let bytes)): #expect(String(decoding: bytes, as: UTF8.self).contains("[HELD]"))
            case (.block, .end(_, let refusal)): #expect(refusal.code == .time)
            case (_, let step): Issue.record("\(onTime): \(step)")
            }
        }
    }
}
