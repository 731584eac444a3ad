import ZeroTrust

/// Judges requests by one guardrail.
///
/// ```swift
/// let stage = GuardrailStage(guardrail)
/// let request = try stage.judge(RequestBody(path: "/v1/chat/completions", bytes: body))
/// ```
public final class GuardrailStage: Sendable {
    /// The guardrail.
    public let guardrail: Guardrail
    /// What else looks at requests, in order.
    public let inspectors: [any RequestInspector]
    /// What looks at answers, or nil where nothing does.
    public let answers: (any AnswerFilterMaker)?
    /// By what requests are judged for injection: digests of the rules, the model and the thresholds; nil where they are
    /// not.
    public let basis: String?
    private let reader: DialectReader

    /// What holding a body against a schema may cost.
    private static let schemaBounds = JSONSchema.Bounds(steps: 2_000_000, violations: 1)

    /// A stage.
    public init(
        _ guardrail: Guardrail,
        inspectors: [any RequestInspector] = [],
        answers: (any AnswerFilterMaker)? = nil
    ) {
        self.guardrail = guardrail
        self.inspectors = inspectors
        self.answers = answers ?? guardrail.responseSchema.map { AnswerSchema($0.schema) }
        self.basis = guardrail.injection?.basis
        self.reader = guardrail.reader
    }

    /// Judges what a head says, before any of the body is read; `length` is that of the body, where the head says it.
    ///
    /// - Throws: ``DialectRefusal`` for a method that is not allowed, and a body that will be too large.
    public func judgeHead(method: String, length: UInt64?) throws(DialectRefusal) {
        guard guardrail.methods.contains(method) else {
            throw DialectRefusal(status: 405, rule: "method_not_allowed", message: "the method is not allowed here")
        }
        if let length, length > UInt64(guardrail.body.maximum) { throw bodyTooLarge }
    }

    /// The refusal of a body that has more bytes than it may have.
    public var bodyTooLarge: DialectRefusal {
        DialectRefusal(
            status: 413,
            rule: "body_too_large",
            message: "the body has more than \(guardrail.body.maximum) bytes"
        )
    }

    /// Reads a request, and judges it.
    ///
    /// - Throws: ``DialectRefusal``.
    public func judge(_ body: RequestBody) throws(DialectRefusal) -> ModelRequest { try examine(body).request }

    /// Reads a request, judges it, and says how it goes on.
    ///
    /// What is taken out of a body leaves another, which is read and judged in its turn: what goes on has passed as it
    /// goes on. With a caller, tokens are put into system prompts where the guardrail asks for them.
    ///
    /// - Throws: ``DialectRefusal``.
    public func examine(_ body: RequestBody, by caller: RequestCaller? = nil) throws(DialectRefusal) -> ExaminedRequest
    {
        var heard: ModelRequest?
        return try examine(body, by: caller, heard: &heard)
    }

    /// Reads a request, judges it, and says how it goes on; what it says as it came is known where it is refused, too.
    ///
    /// - Parameters:
    ///   - body: what came.
    ///   - caller: who sends it.
    ///   - heard: becomes what the request says as it came, once that could be read.
    /// - Returns: the request as it goes on, and what was found in it.
    /// - Throws: ``DialectRefusal``.
    public func examine(
        _ body: RequestBody,
        by caller: RequestCaller?,
        heard: inout ModelRequest?
    ) throws(DialectRefusal) -> ExaminedRequest {
        var examined = ExaminedRequest(request: try read(body, heard: &heard))
        var current = body
        for inspector in inspectors {
            let inspection = inspector.inspect(examined.request)
            examined.findings += inspection.findings
            if let refusal = inspection.refusal { throw refusal }
            guard !inspection.edits.isEmpty else { continue }
            current.bytes = BodyEdit.applied(inspection.edits, to: current.bytes)
            var mended: ModelRequest?
            examined.request = try read(current, heard: &mended)
            examined.body = current.bytes
            let left = inspector.inspect(examined.request)
            guard left.refusal == nil, left.edits.isEmpty else {
                var refusal = DialectRefusal(
                    rule: "injection",
                    path: inspection.findings.first?.path ?? "",
                    range: inspection.findings.first?.range,
                    message: "the request holds instructions that do not belong where they stand"
                )
                refusal.findings = inspection.findings
                throw refusal
            }
        }
        if let canary = guardrail.injection?.canary, let caller {
            let token = canary.mint.token(caller: caller.identity, route: caller.route, day: caller.day)
            if let edit = examined.request.edit(adding: token) {
                examined.body = BodyEdit.applied([edit], to: current.bytes)
                examined.request.canary = token
            }
        }
        return examined
    }

    /// Reads a request, and holds it against all that is said of its form.
    private func read(_ body: RequestBody, heard: inout ModelRequest?) throws(DialectRefusal) -> ModelRequest {
        try judgeHead(method: body.method, length: UInt64(body.bytes.count))
        try checkQuery(body)
        var request = try reader.read(body)
        heard = request
        try checkNames(request)
        try checkCounts(request)
        if answers?.judgesToolCalls == true { try readToolSchemas(&request) }
        if let schema = guardrail.requestSchema { try check(request, against: schema.schema) }
        return request
    }

    /// A query goes on as it is, and servers such as TorchServe take it for input: only what says the version of an API
    /// may stand in it.
    private func checkQuery(_ body: RequestBody) throws(DialectRefusal) {
        for part in body.query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count == 2 ? pair[1] : ""
            guard guardrail.dialect.versionParameters.contains(String(pair[0])), value.utf8.count <= 64,
                value.utf8.allSatisfy({ ScalarSet.word.contains(UInt32($0)) || $0 == 0x2D || $0 == 0x2E })
            else {
                throw DialectRefusal(
                    rule: "query_not_allowed",
                    path: "query",
                    message: "the query has a parameter that is not allowed here; send it in the body"
                )
            }
        }
    }

    /// Reads the schemas of tools, all of them within the bounds of one.
    private func readToolSchemas(_ request: inout ModelRequest) throws(DialectRefusal) {
        var options = JSONSchema.Options()
        for place in request.tools.indices {
            let tool = request.tools[place]
            guard let value = tool.schema else { continue }
            do throws(JSONSchemaError) {
                let schema = try JSONSchema(value, options: options)
                options.maximumSchemas -= schema.program.schemas
                options.maximumExpressionSteps -= schema.program.expressionSteps
                request.tools[place].arguments = schema
            } catch {
                throw DialectRefusal(
                    rule: "tool_schema",
                    path: tool.path,
                    range: value.range,
                    message: "the schema of a tool's arguments cannot be used: \(error.code.rawValue)"
                )
            }
        }
    }

    /// The dialect in which a path's errors are written.
    public func dialect(path: String) -> Dialect { guardrail.dialect.resolved(path: path) ?? guardrail.dialect }

    private func checkNames(_ request: ModelRequest) throws(DialectRefusal) {
        if !guardrail.models.isEmpty, !request.isBare {
            guard let model = request.model, guardrail.models.allows(model) else {
                throw DialectRefusal(
                    status: 403,
                    rule: "model_not_allowed",
                    path: request.document?.root["model"] == nil ? "" : "model",
                    range: request.document?.root["model"]?.range,
                    message: request.model == nil ? "no model is named" : "the model is not allowed here"
                )
            }
        }
        if !guardrail.parameters.isEmpty {
            for parameter in request.parameters where !guardrail.parameters.allows(parameter.name) {
                throw DialectRefusal(
                    rule: "parameter_not_allowed",
                    path: JSONPath().appending(parameter.name).text,
                    range: parameter.range,
                    message: "the parameter is not allowed here"
                )
            }
        }
        guard !guardrail.tools.isEmpty else { return }
        for tool in request.tools where !guardrail.tools.allows(tool.name) {
            throw DialectRefusal(
                status: 403,
                rule: "tool_not_allowed",
                path: tool.path,
                range: tool.schema?.range,
                message: "the tool is not allowed here"
            )
        }
        for call in request.toolCalls where !guardrail.tools.allows(call.name) {
            throw DialectRefusal(
                status: 403,
                rule: "tool_not_allowed",
                path: call.path,
                range: call.arguments?.range,
                message: "a tool is called that is not allowed here"
            )
        }
    }

    private func checkCounts(_ request: ModelRequest) throws(DialectRefusal) {
        let counts = request.counts
        if let most = guardrail.maximumMessages, counts.messages > most {
            throw DialectRefusal(
                status: 413,
                rule: "too_many_messages",
                path: "messages",
                message: "\(counts.messages) messages or inputs stand in the request, and \(most) may"
            )
        }
        if let most = guardrail.maximumChoices, counts.choices > most {
            throw DialectRefusal(
                rule: "too_many_choices",
                path: "n",
                message: "\(counts.choices) answers are asked for, and \(most) may be"
            )
        }
        if let most = guardrail.maximumInputTokens, counts.inputTokens > most {
            throw DialectRefusal(
                status: 413,
                rule: LimitRule.tooManyTokens.rawValue,
                message: "the texts have about \(counts.inputTokens) tokens, and \(most) may be sent"
            )
        }
        guard let most = guardrail.maximumOutputTokens, !request.isBare else { return }
        guard let asked = counts.maximumTokens else {
            throw DialectRefusal(
                rule: LimitRule.outputLimitMissing.rawValue,
                path: "max_tokens",
                message: "the request has to say how many tokens the answer may have, at most \(most)"
            )
        }
        guard asked <= most else {
            throw DialectRefusal(
                rule: LimitRule.outputLimitTooHigh.rawValue,
                path: "max_tokens",
                message: "an answer of \(asked) tokens is asked for, and \(most) may be"
            )
        }
    }

    private func check(_ request: ModelRequest, against schema: JSONSchema) throws(DialectRefusal) {
        guard let document = request.document else {
            if request.isBare { return }
            throw DialectRefusal(
                status: 422,
                rule: "schema_violation",
                message: "the body is no JSON, which its schema asks for"
            )
        }
        switch schema.verdict(on: document.root, bounds: Self.schemaBounds) {
        case .valid: return
        case .invalid(let violations):
            let first = violations.first
            throw DialectRefusal(
                status: 422,
                rule: "schema_violation",
                path: first?.instance ?? "",
                range: first?.range,
                message: first.map { "\($0.message) [\($0.schema)]" } ?? "the body is not as its schema has it"
            )
        case .undecided(let reason):
            throw DialectRefusal(status: 422, rule: "schema_undecided", message: reason)
        }
    }
}

extension ModelRequest {
    /// Whether there was no body, as in a request for the stream of an MCP session.
    var isBare: Bool { document == nil && counts.messages == 0 }
}
