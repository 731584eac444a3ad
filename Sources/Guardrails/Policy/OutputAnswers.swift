/// Filters answers by the section `output` of a guardrail.
struct OutputAnswers: AnswerFilterMaker {
    private let section: OutputSection
    private let taint: InjectionSection.Taint?
    var judgesToolCalls: Bool { true }
    var keepsTexts: Bool { taint != nil }

    /// Filters by a section, and holds calls and links to a rule of taint where there is one.
    init(_ section: OutputSection, taint: InjectionSection.Taint? = nil) {
        self.section = section
        self.taint = taint
    }

    func filter(
        for request: ModelRequest,
        status: Int,
        contentType: String?
    ) throws(DialectRefusal) -> any AnswerFilter {
        guard let contentType, let format = AnswerFormat(contentType: contentType) else {
            throw DialectRefusal(
                status: 502,
                rule: "answer_content_type",
                message: "the answer is of a content type that cannot be looked at"
            )
        }
        var facts = RequestFacts()
        let leaks = section.policy.promptLeak != nil
        if leaks || request.canary != nil {
            facts.prompt = PromptIndex(
                systemPrompt: leaks ? request.texts(of: .system).map(\.text).joined(separator: "\n") : "",
                canaries: request.canary.map { [$0.text] } ?? []
            )
        }
        let taint = taint.map { AnswerTaint($0, request) }
        if let taint, section.policy.links?.takesVouched == true { facts.hosts = taint.hosts }
        let dialect = AnswerDialect(request.dialect)
        if dialect != .plain {
            // The schemas alone are kept, and nothing of the body.
            let tools = Dictionary(
                request.tools.map { ($0.name, (isFree: $0.schema == nil, schema: $0.arguments)) },
                uniquingKeysWith: { first, _ in first }
            )
            facts.refusesTool = { name in
                tools[name] == nil ? "a tool is called that the request does not offer" : nil
            }
            facts.refusesToolCall = { name, arguments in
                Self.refusal(name, arguments, tools) ?? taint?.refusal(ofCall: name, arguments: arguments)
            }
        }
        return Filter(OutputFilter(section.rules, dialect: dialect, format: format, facts: facts), format)
    }

    /// A tool is called as the request offered it, or not at all.
    private static func refusal(
        _ name: String,
        _ arguments: [UInt8],
        _ tools: [String: (isFree: Bool, schema: JSONSchema?)]
    ) -> String? {
        guard let tool = tools[name] else {
            return "a tool is called that the request does not offer"
        }
        if tool.isFree { return nil }
        guard let schema = tool.schema, let document = try? JSONDocument(arguments) else {
            return "the arguments of a tool cannot be read"
        }
        let verdict = schema.verdict(on: document.root, bounds: .init(steps: 500_000, violations: 1))
        return verdict.isValid ? nil : "the arguments of a tool are not as its schema has them"
    }

    private final class Filter: AnswerFilter {
        private var filter: OutputFilter
        private let format: AnswerFormat
        private(set) var notes: [AnswerNote] = []

        init(_ filter: OutputFilter, _ format: AnswerFormat) {
            self.filter = filter
            self.format = format
        }

        func feed(_ bytes: [UInt8]) -> AnswerPiece { piece(filter.feed(bytes)) }

        func finish() -> AnswerPiece { piece(filter.finish()) }

        private func piece(_ step: AnswerStep) -> AnswerPiece {
            for finding in filter.takeFindings() where notes.count < 64 {
                notes.append(
                    AnswerNote(
                        rule: finding.rule,
                        field: AnswerField.path(finding.channel),
                        range: finding.start..<finding.end
                    )
                )
            }
            switch step {
            case .bytes(let bytes): return .bytes(bytes)
            case .end(let bytes, let refusal):
                // A stream ends in the way of its API; a whole answer of which nothing has gone out is an error instead.
                let isStream = format == .events || format == .lines
                return .refused(
                    isStream || filter.hasEmitted ? bytes : [],
                    DialectRefusal(
                        status: 502,
                        rule: "answer_\(refusal.code.rawValue.replacing("-", with: "_"))",
                        message: "the answer is not one that may be given"
                    )
                )
            }
        }
    }
}

extension AnswerDialect {
    /// The form in which a dialect's answers come.
    init(_ dialect: Dialect) {
        switch dialect {
        case .openAIChat, .openAI: self = .openAIChat
        case .openAICompletions: self = .openAICompletions
        case .openAIResponses: self = .openAIResponses
        case .anthropic: self = .anthropicMessages
        case .openAIEmbeddings, .kserveV2, .kserveV1, .torchServe, .mcp, .json: self = .plain
        }
    }
}

/// Where in an answer something was found, with none of the answer's own text: a JSONPath (RFC 9535) whose names are
/// those of the APIs, and `*` for any other.
enum AnswerField {
    static let maximumSteps = 16

    /// The place of a channel, whose steps are parted by points; those with `=` in them say of what it is, and are none.
    static func path(_ channel: String) -> String {
        path(channel.components(".").prefix(maximumSteps).filter { !$0.isEmpty && !$0.contains("=") })
    }

    /// The place that a JSON Pointer names (RFC 6901).
    static func path(pointer: String) -> String { path(JSONPointer.steps(pointer) ?? ["*"]) }

    /// The place that a path names as clients hear of it: `result.content[0]["a b"]`.
    static func path(ofMember path: String) -> String {
        self.path(
            RequestField.steps(path).map { step in
                switch step {
                case .place(let step), .name(let step): step
                }
            }
        )
    }

    private static func path(_ steps: some Sequence<String>) -> String {
        var path = "$"
        for step in steps.prefix(maximumSteps) {
            if !step.isEmpty, step.utf8.count <= 6, step.utf8.allSatisfy(UnitClass.isDigit) {
                path += "[\(step)]"
            } else {
                path += names.contains(step) ? ".\(step)" : ".*"
            }
        }
        return path
    }

    private static let names: Set<String> = [
        "choices", "delta", "message", "messages", "content", "text", "refusal", "reasoning", "reasoning_content",
        "thinking", "tool_calls", "function", "function_call", "custom", "arguments", "input", "output", "outputs",
        "item", "response", "part", "summary", "content_block", "partial_json", "data", "predictions", "result",
        "structuredContent", "error", "audio", "transcript", "annotations", "name", "completion", "generated_text",
        "text_output",
    ]
}
