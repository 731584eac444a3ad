import Guardrails
import Testing
import ZeroTrust

@Suite struct AnswerUsageTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let dialect: Dialect
        var type = "application/json"
        let body: String
        let usage: TokenUsage?
        var testDescription: String { name }
    }

    private static let events = "text/event-stream; charset=utf-8"

    static let cases = [
        Case(
            name: "a chat's answer",
            dialect: .openAIChat,
            body: #"""
                {"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"\"usage\":{\"prompt_tokens\":9}"}}],
                 "usage": {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
                 "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 0},
                 "completion_tokens_details": {"reasoning_tokens": 4}}, "service_tier": "default"}
                """#,
            usage: TokenUsage(input: 19, output: 10, cached: 8, reasoning: 4)
        ),
        Case(
            name: "a chat's stream, whose last event alone states it",
            dialect: .openAIChat,
            type: events,
            body: #"""
                data: {"choices":[{"delta":{"content":"a\"}],\"usage\":{\"prompt_tokens\":1}"}}],"usage":null}

                data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}

                data: [DONE]


                """#,
            usage: TokenUsage(input: 7, output: 3)
        ),
        Case(
            name: "embeddings, which have no output",
            dialect: .openAIEmbeddings,
            body: #"{"data":[{"embedding":[0.1,-2e-5]}],"usage":{"prompt_tokens":5,"total_tokens":5}}"#,
            usage: TokenUsage(input: 5)
        ),
        Case(
            name: "a response",
            dialect: .openAIResponses,
            body:
                #"{"output":[],"usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":1},"output_tokens":2}}"#,
            usage: TokenUsage(input: 3, output: 2, cached: 1)
        ),
        Case(
            name: "a response's stream",
            dialect: .openAIResponses,
            type: events,
            body:
                "event: response.created\r\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\r\n\r\n"
                + "event: response.completed\r\ndata:{\"response\":{\"usage\":{\"input_tokens\":36,\"output_tokens\":87,"
                + "\"output_tokens_details\":{\"reasoning_tokens\":64}}}}\r\n\r\n",
            usage: TokenUsage(input: 36, output: 87, reasoning: 64)
        ),
        Case(
            name: "a message",
            dialect: .anthropic,
            body: #"{"type":"message","content":[{"type":"text","text":"x"}],"usage":{"input_tokens":10,"#
                + #""cache_creation_input_tokens":2,"cache_read_input_tokens":30,"output_tokens":5}}"#,
            usage: TokenUsage(input: 42, output: 5, cached: 30)
        ),
        Case(
            name: "a message's stream, which counts on",
            dialect: .anthropic,
            type: events,
            body: #"""
                event: message_start
                data: {"type":"message_start","message":{"content":[],"usage":{"input_tokens":25,"output_tokens":1}}}

                event: content_block_delta
                data: {"type":"content_block_delta","delta":{"text":"{\"usage\":{\"output_tokens\":999}}"}}

                event: message_delta
                data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}


                """#,
            usage: TokenUsage(input: 25, output: 15)
        ),
        Case(
            name: "a stream that was cut off within its event",
            dialect: .anthropic,
            type: events,
            body: #"data: {"message":{"usage":{"input_tokens":25,"output_tokens":1"#,
            usage: TokenUsage(input: 25)
        ),
        Case(name: "none stated", dialect: .openAIChat, body: #"{"choices":[],"usage":null}"#, usage: nil),
        Case(
            name: "numbers that are none, or nobody believes",
            dialect: .openAIChat,
            body:
                #"{"usage":{"prompt_tokens":-1,"completion_tokens":1e3,"input_tokens":1.5,"output_tokens":9999999999999999}}"#,
            usage: nil
        ),
        Case(
            name: "usage somewhere else",
            dialect: .openAIChat,
            body:
                #"{"a":{"usage":{"prompt_tokens":1}},"b":[{"usage":{"prompt_tokens":1}}],"message":{"usage":{"input_tokens":1}}}"#,
            usage: nil
        ),
        Case(
            name: "what is nested too deep",
            dialect: .openAIChat,
            body: String(repeating: #"{"usage":"#, count: 200) + "1" + String(repeating: "}", count: 200),
            usage: nil
        ),
        Case(name: "no JSON", dialect: .openAIChat, body: #"]]}}"usage":{"prompt_tokens":5}"#, usage: nil),
    ]

    @Test(arguments: cases)
    func `is read from the answer, however it is cut`(_ test: Case) throws {
        let bytes = Array(test.body.utf8)
        for size in [1, 2, 7, 64, bytes.count] {
            var reader = try #require(AnswerUsage(dialect: test.dialect, contentType: test.type))
            var rest = bytes[...]
            while !rest.isEmpty {
                reader.feed(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(reader.usage == test.usage, "in pieces of \(size)")
        }
    }

    @Test func `a stream's byte order mark is no part of its first line, and half of one is`() throws {
        let event = Array(#"data: {"choices":[],"usage":{"prompt_tokens":9}}"#.utf8) + [0x0a, 0x0a]
        for (mark, input) in [([0xEF, 0xBB, 0xBF], 9), ([0xEF, 0xBB], nil), ([0xEF, 0xBB, 0xBF, 0xEF], nil)]
            as [([UInt8], UInt64?)]
        {
            for size in [1, 2, 1_000] {
                var reader = try #require(AnswerUsage(dialect: .openAIChat, contentType: Self.events))
                var rest = (mark + event)[...]
                while !rest.isEmpty {
                    reader.feed(Array(rest.prefix(size)))
                    rest = rest.dropFirst(size)
                }
                #expect(reader.usage?.input == input, "after \(mark.count) bytes, in pieces of \(size)")
            }
        }
    }

    @Test func `is read where the API states it alone`() {
        #expect(AnswerUsage(dialect: .kserveV2, contentType: "application/json") == nil)
        #expect(AnswerUsage(dialect: .openAIChat, contentType: "text/plain") == nil)
        #expect(AnswerUsage(dialect: .openAIChat, contentType: nil) == nil)
    }

    @Test(
        arguments: [
            ("/v1/chat/completions", .openAIChat), ("/openai/deployments/mine/chat/completions", .openAIChat),
            ("/v1/completions/", .openAICompletions), ("/v1/embeddings", .openAIEmbeddings),
            ("/v1/responses", .openAIResponses), ("/v1/messages", .anthropic), ("/team/v1/messages/", .anthropic),
            ("/v1/threads/t/messages", nil), ("/v1/predict", nil), ("/v2/models/m/infer", nil), ("/", nil), ("", nil),
            ("/v1/chat/completions/x", nil), ("/v1/messages/count_tokens", nil),
        ] as [(String, Dialect?)]
    )
    func `a path says whose answers state usage`(_ path: String, _ dialect: Dialect?) {
        #expect(Dialect(path: path) == dialect)
    }

    @Test func `arbitrary bytes are survived`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array(#"{}[]":,\ usageprompt_tokens0123456789-eE."#.utf8) + [0x0a, 0x0d, 0xff]
        for type in ["application/json", Self.events] {
            for _ in 0..<200 {
                guard var reader = AnswerUsage(dialect: .anthropic, contentType: type) else { return }
                reader.feed(Array("data:".utf8))
                reader.feed((0..<2_000).map { _ in alphabet.randomElement(using: &generator) ?? 0 })
                _ = reader.usage
            }
        }
    }
}
