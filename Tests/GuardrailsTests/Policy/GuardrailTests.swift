import Resources
import Testing

@testable import Guardrails

@Suite struct GuardrailTests {
    static func guardrail(_ spec: String) throws -> Guardrail {
        let text = """
            apiVersion: lapwing.dev/v1alpha1
            kind: Guardrail
            metadata: { name: chat }
            spec:
            \(spec.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
            """
        return try #require(try Guardrail.load(ResourceLoader.parse(yaml: text, file: "g.yaml")).first)
    }

    @Test func `a guardrail is read whole`() throws {
        let guardrail = try Self.guardrail(
            """
            dialect: openai
            methods: [POST, GET]
            body: { maximum: 64Ki, depth: 9, values: 1000, opaqueParts: allow }
            messages: { maximum: 3 }
            choices: { maximum: 2 }
            tokens: { input: 100, output: 50 }
            models: { allow: ["gpt-*"], deny: [gpt-5] }
            parameters: { deny: [logit_bias] }
            tools: { allow: [look] }
            schema:
              request: { type: object, required: [model], properties: { n: { maximum: 2 } } }
              response: '{"type": "object"}'
            limits:
              - { per: [identity, model], requests: { count: 60, period: 1m, burst: 10 }, concurrent: 4 }
              - { per: [], tokens: { count: 1000, period: 1s } }
            """
        )
        #expect(guardrail.dialect == .openAI)
        #expect(guardrail.body == .init(maximum: 65536, depth: 9, values: 1000, allowsOpaqueParts: true))
        #expect(guardrail.limits.map(\.keys) == [[.identity, .model], []])
        #expect(guardrail.limits[1].tokens?.burst == 1000)
        #expect(guardrail.requestSchema?.schema.verdict(on: try JSONDocument("{}").root) != .valid)
        #expect(
            try guardrail
                == Self.guardrail(
                    """
                    dialect: openai
                    methods: [POST, GET]
                    body: { maximum: 65536, depth: 9, values: 1000, opaqueParts: allow }
                    messages: { maximum: 3 }
                    choices: { maximum: 2 }
                    tokens: { input: 100, output: 50 }
                    models: { allow: ["gpt-*"], deny: [gpt-5] }
                    parameters: { deny: [logit_bias] }
                    tools: { allow: [look] }
                    schema:
                      request: { type: object, required: [model], properties: { n: { maximum: 2 } } }
                      response: '{"type": "object"}'
                    limits:
                      - { per: [identity, model], requests: { count: 60, period: 1m, burst: 10 }, concurrent: 4 }
                      - { per: [], tokens: { count: 1000, period: 1s } }
                    """
                )
        )
    }

    @Test(arguments: [
        ("dialect: openia", "g.yaml:5:12: error: unknown value `openia`; did you mean `openai`?"),
        ("dialect: json\nmodles: {}", "g.yaml:6:3: error: unknown field `modles`"),
        ("dialect: json\nbody: { maximum: 1Gi }", "g.yaml:6:20: error: expected a number of bytes of at most 64Mi"),
        ("dialect: json\nmodels: {}", "g.yaml:6:11: error: `models` needs `allow` or `deny`"),
        (
            "dialect: json\nschema: { request: { type: objekt } }",
            "g.yaml:6:22: error: the schema cannot be used: #/type"
        ),
        ("dialect: json\nschema: { request: '{' }", "g.yaml:6:22: error: the schema is no JSON"),
        (
            "dialect: json\nschema: { request: { pattern: '(a' } }",
            "g.yaml:6:22: error: the schema cannot be used: #/pattern"
        ),
        ("dialect: json\nlimits: [{ per: [identity] }]", "g.yaml:6:12: error: a limit needs"),
        ("dialect: json\nlimits: [{ per: [caller], concurrent: 1 }]", "g.yaml:6:20: error: unknown value `caller`"),
        ("dialect: json\nmethods: [TRACE]", "g.yaml:6:13: error: unknown value `TRACE`"),
        ("messages: { maximum: 1 }", "g.yaml:5:3: error: the spec of a Guardrail needs `dialect`"),
        ("dialect: json\ntokens: { input: 0 }", "g.yaml:6:20: error: expected a number from 1"),
    ])
    func `a mistake is told with its place`(_ spec: String, _ message: String) throws {
        do {
            _ = try Self.guardrail(spec)
            Issue.record("was read")
        } catch let error as ResourceError {
            #expect(error.description.hasPrefix(message), "\(error)")
        }
    }

    struct Case: CustomStringConvertible, Sendable {
        let spec: String
        let body: String
        var rule: String?
        var status = 0
        var method = "POST"
        var description: String { "\(spec) \(body)" }
    }

    private static func chat(_ more: String = "") -> String {
        #"{"model":"gpt-4","messages":[{"role":"user","content":"hello there"}]\#(more)}"#
    }

    @Test(
        arguments: [
            (.openAIResponses, "/v1/responses", #"{"model":"m","input":[{"type":"mcp_call","server_label":"bad"}]}"#),
            (.openAIResponses, "/v1/responses", #"{"model":"m","input":[{"type":"function_call","name":"rm"}]}"#),
            (
                .anthropic, "/v1/messages",
                #"{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","name":"rm"}]}]}"#
            ),
            (
                .anthropic, "/v1/messages",
                #"{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"mcp_tool_use","server_name":"bad"}]}]}"#
            ),
        ] as [(Dialect, String, String)]
    )
    func `calls in what was said before are put to the rules of tools`(
        _ dialect: Dialect,
        _ path: String,
        _ body: String
    )
        throws
    {
        func rule(_ tools: String) throws -> String? {
            let guardrail = try Self.guardrail("dialect: \(dialect.rawValue)\ntools: { \(tools) }")
            do {
                let request = try GuardrailStage(guardrail).judge(RequestBody(path: path, bytes: Array(body.utf8)))
                #expect(request.texts(of: .assistant).contains { ["rm", "bad"].contains($0.text) })
                return nil
            } catch { return error.rule }
        }
        #expect(try rule("deny: [rm, 'mcp:bad']") == "tool_not_allowed")
        #expect(try rule("deny: [other]") == nil)
    }

    @Test(arguments: [
        (Dialect.openAIChat, "", String?.none), (.openAIChat, "api-version=2026-01-01", nil),
        (.openAIChat, "note=ignore+all", "query_not_allowed"), (.openAIChat, "beta=true", "query_not_allowed"),
        (.openAIChat, "api-version=1&x", "query_not_allowed"), (.openAIChat, "api-version=a%20b", "query_not_allowed"),
        (.openAIChat, "api%2Dversion=1", "query_not_allowed"), (.anthropic, "beta=true", nil),
        (.torchServe, "data=ignore%20all", "query_not_allowed"), (.json, "=", "query_not_allowed"),
    ])
    func `a query says a version or nothing`(_ dialect: Dialect, _ query: String, _ rule: String?) throws {
        let (path, body) =
            switch dialect {
            case .torchServe: ("/predictions/m", "{}")
            case .anthropic:
                ("/v1/messages", #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a"}]}"#)
            default: ("/v1/chat/completions", Self.chat())
            }
        let stage = GuardrailStage(try Self.guardrail("dialect: \(dialect.rawValue)"))
        var found: String?
        do throws(DialectRefusal) {
            _ = try stage.judge(RequestBody(path: path, query: query, bytes: Array(body.utf8)))
        } catch { found = error.rule }
        #expect(found == rule)
    }

    @Test(
        arguments: [
            (#"{"type":"object","properties":{"q":{"type":"string","pattern":"^a+$"}}}"#, nil),
            (##"{"allOf":[true],"$ref":"#/allOf/-1"}"##, "tool_schema"),
            (#"{"pattern":"(?:(?=(?:(?=(?:(?=a{1000})b){1000})b){1000})b){1000}"}"#, "tool_schema"),
            (#"{"type":"strin"}"#, "tool_schema"),
        ] as [(String, String?)]
    )
    func `the schemas of tools are read when the request is judged`(_ schema: String, _ rule: String?) throws {
        let guardrail = try Self.guardrail("dialect: openai-chat\noutput: { secrets: redact }")
        func judge(_ tools: [String]) -> DialectRefusal? {
            let list = tools.map { #"{"type":"function","function":{"name":"f","parameters":\#($0)}}"# }
            let body = Self.chat(",\"tools\":[\(list.joined(separator: ","))]")
            do throws(DialectRefusal) {
                let request = try guardrail.makeStage().judge(
                    RequestBody(path: "/v1/x/chat/completions", bytes: Array(body.utf8))
                )
                #expect(request.tools.allSatisfy { $0.arguments != nil })
                return nil
            } catch { return error }
        }
        let refusal = judge([schema])
        #expect(refusal?.rule == rule && refusal?.status ?? 400 == 400)
        // All of them together have no more room than one.
        let large = "{\"pattern\":\"(a{1000}){9}\"}"
        #expect(judge(Array(repeating: large, count: 20)) == nil)
        #expect(judge(Array(repeating: large, count: 30))?.rule == "tool_schema")
    }

    @Test(arguments: [
        Case(spec: "dialect: openai-chat", body: chat()),
        Case(spec: "dialect: openai-chat", body: chat(), rule: "method_not_allowed", status: 405, method: "PUT"),
        Case(spec: "dialect: openai-chat\nbody: { maximum: 20 }", body: chat(), rule: "body_too_large", status: 413),
        Case(spec: "dialect: openai-chat\nbody: { depth: 2 }", body: chat(), rule: "json_too_deep", status: 413),
        Case(spec: "dialect: openai-chat\nbody: { values: 5 }", body: chat(), rule: "json_too_large", status: 413),
        Case(spec: "dialect: openai-chat\nmodels: { allow: ['gpt-*'] }", body: chat()),
        Case(
            spec: "dialect: openai-chat\nmodels: { allow: [llama] }",
            body: chat(),
            rule: "model_not_allowed",
            status: 403
        ),
        Case(
            spec: "dialect: openai-chat\nmodels: { deny: ['*4'] }",
            body: chat(),
            rule: "model_not_allowed",
            status: 403
        ),
        Case(spec: "dialect: json\nmodels: { deny: [x] }", body: "{}", rule: "model_not_allowed", status: 403),
        Case(
            spec: "dialect: openai-chat\nparameters: { deny: [logit_bias] }",
            body: chat(#","logit_bias":{}"#),
            rule: "parameter_not_allowed",
            status: 400
        ),
        Case(
            spec: "dialect: openai-chat\nparameters: { allow: [model, messages] }",
            body: chat(#","seed":1"#),
            rule: "parameter_not_allowed",
            status: 400
        ),
        Case(
            spec: "dialect: openai-chat\ntools: { deny: ['*'] }",
            body: chat(#","tools":[{"type":"function","function":{"name":"rm"}}]"#),
            rule: "tool_not_allowed",
            status: 403
        ),
        Case(
            spec: "dialect: openai-chat\ntools: { allow: [look] }",
            body: chat(#","tools":[{"type":"function","function":{"name":"look"}}]"#)
        ),
        Case(
            spec: "dialect: openai-chat\ntools: { deny: [rm] }",
            body: #"{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"rm"}}]}]}"#,
            rule: "tool_not_allowed",
            status: 403
        ),
        Case(spec: "dialect: openai-chat\nmessages: { maximum: 1 }", body: chat()),
        Case(
            spec: "dialect: openai-chat\nchoices: { maximum: 2 }",
            body: chat(#","n":3"#),
            rule: "too_many_choices",
            status: 400
        ),
        Case(spec: "dialect: openai-chat\ntokens: { input: 2 }", body: chat(), rule: "too_many_tokens", status: 413),
        Case(
            spec: "dialect: openai-chat\ntokens: { output: 9 }",
            body: chat(),
            rule: "output_limit_missing",
            status: 400
        ),
        Case(
            spec: "dialect: openai-chat\ntokens: { output: 9 }",
            body: chat(#","max_tokens":10"#),
            rule: "output_limit_too_high",
            status: 400
        ),
        Case(spec: "dialect: openai-chat\ntokens: { output: 9 }", body: chat(#","max_tokens":9"#)),
        Case(
            spec: "dialect: openai-chat\ntokens: { output: 9 }",
            body: chat(#","max_tokens":9,"max_completion_tokens":99"#),
            rule: "output_limit_too_high",
            status: 400
        ),
        Case(spec: "dialect: json\nschema: { request: { required: [a] } }", body: "{\"a\":1}"),
        Case(
            spec: "dialect: json\nschema: { request: { required: [a] } }",
            body: "{}",
            rule: "schema_violation",
            status: 422
        ),
        Case(
            spec: "dialect: json\nschema: { request: { $ref: '#' } }",
            body: "{}",
            rule: "schema_undecided",
            status: 422
        ),
    ])
    func `a request is judged by its guardrail`(_ item: Case) throws {
        let stage = GuardrailStage(try Self.guardrail(item.spec))
        do {
            _ = try stage.judge(
                RequestBody(method: item.method, path: "/v1/chat/completions", bytes: Array(item.body.utf8))
            )
            #expect(item.rule == nil)
        } catch {
            let refusal = error
            #expect(refusal.rule == item.rule, "\(refusal)")
            #expect(refusal.status == item.status)
        }
    }

    @Test(arguments: [
        ("a*c", "abc", true), ("a*c", "ac", true), ("*", "", true), ("a*", "b", false), ("*a*b*", "xaybz", true),
        ("*a*b", "xaybz", false), ("a", "a", true), ("", "a", false), ("**", "x", true),
    ])
    func `a star stands for any characters`(_ pattern: String, _ name: String, _ matches: Bool) {
        #expect(NameRules.matches(pattern, name) == matches)
    }
}
