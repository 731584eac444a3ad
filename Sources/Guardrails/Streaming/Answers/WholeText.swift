/// A text that came whole, filtered.
enum WholeText {
    /// What a text became, and what was found in it.
    struct Filtered: Sendable {
        var text: [UInt8]
        var findings: [OutputFinding]
    }

    /// Filters a text; fails where a rule ends the answer.
    static func filtered(
        _ text: [UInt8],
        rules: OutputRules,
        facts: RequestFacts,
        channel: String
    ) -> Result<Filtered, AnswerRefusal> {
        var filter = TextFilter(rules, prompt: facts.prompt, hosts: facts.hosts, vault: facts.vault)
        var output = filter.feed(text)
        filter.finish(into: &output)
        let findings = filter.takeFindings().map { finding in
            var finding = finding
            finding.channel = channel
            return finding
        }
        if let blocked = filter.blocked {
            return .failure(AnswerRefusal(code: .blocked, message: "`\(blocked.rule)` was found in `\(channel)`"))
        }
        return .success(Filtered(text: output, findings: findings))
    }
}

extension WholeText {
    /// Why an object may not have a key: what is found in one cannot be taken out and leave the object what it is.
    static func refusedKey(_ key: String, rules: OutputRules, facts: RequestFacts) -> AnswerRefusal? {
        guard key.utf8.count > 4 else { return nil }
        switch filtered(Array(key.utf8), rules: rules, facts: facts, channel: "*") {
        case .failure(let refused): return refused
        case .success(let result):
            guard let found = result.findings.first(where: { $0.action != .flag }) else { return nil }
            return AnswerRefusal(code: .blocked, message: "`\(found.rule)` was found in the key of an object")
        }
    }
}

/// The arguments of a tool call: JSON within a JSON string, whose own strings are the texts (rule S3).
enum ToolArguments {
    /// Filters the strings of arguments; fails where they are no JSON (rule S13).
    static func filtered(
        _ arguments: [UInt8],
        rules: OutputRules,
        facts: RequestFacts,
        channel: String
    ) -> Result<WholeText.Filtered, AnswerRefusal> {
        if arguments.allSatisfy(UnitClass.isSpace) { return .success(.init(text: arguments, findings: [])) }
        guard let json = AnswerText(arguments) else {
            return .failure(
                AnswerRefusal(code: .toolCall, message: "the arguments of the tool call `\(channel)` are not JSON")
            )
        }
        var changes: [(Range<Int>, [UInt8])] = []
        var findings: [OutputFinding] = []
        for key in json.keys.sorted() {
            if let refused = WholeText.refusedKey(key, rules: rules, facts: facts) { return .failure(refused) }
        }
        for value in json.values where value.kind != .composite {
            // A number can be a card's as well as a string can.
            let original = value.kind == .string ? json.decoded(value) : Array(json.bytes[value.range])
            let name = "\(channel).\(TextPlace.channel(value, json))"
            switch WholeText.filtered(original, rules: rules, facts: facts, channel: name) {
            case .failure(let refused): return .failure(refused)
            case .success(let result):
                findings += result.findings
                if result.text != original { changes.append((value.range, AnswerText.quoted(result.text))) }
            }
        }
        return .success(.init(text: changes.isEmpty ? arguments : json.replacing(changes), findings: findings))
    }

    /// Why one of the calls of Anthropic's that came with its input may not go out.
    static func refusedInput(in text: AnswerText, facts: RequestFacts) -> AnswerRefusal? {
        guard let refuses = facts.refusesToolCall else { return nil }
        for value in text.values where value.kind == .composite && value.key == "input" && !TextPlace.isOpen(value.path)
        {
            let parent = Array(value.path.dropLast())
            guard text.text(at: parent + [.key("type")]) == "tool_use" else { continue }
            // The pieces of a call's input come after an empty one.
            if text.text(at: [.key("type")]) == "content_block_start", isEmpty(value, text) { continue }
            let tool = text.text(at: parent + [.key("name")]) ?? ""
            if let reason = refuses(tool, Array(text.bytes[value.range])) {
                return AnswerRefusal(code: .toolCall, message: reason)
            }
        }
        return nil
    }

    /// Whether an object has no members.
    static func isEmpty(_ value: AnswerText.Value, _ text: AnswerText) -> Bool {
        text.bytes[value.range].allSatisfy {
            UnitClass.isSpace($0) || $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}")
        }
    }

    /// The tools that an event or an answer calls, by the strings that name them.
    static func called(in text: AnswerText) -> [(tool: String, name: AnswerText.Value)] {
        var calls: [(tool: String, name: AnswerText.Value)] = []
        for value in text.values where value.key == "name" && value.kind == .string && !TextPlace.isOpen(value.path) {
            let parent = Array(value.path.dropLast())
            let name = text.text(at: value.path) ?? ""
            switch text.text(at: parent + [.key("type")]) {
            case "function_call", "custom_tool_call", "tool_use": calls.append((name, value))
            case "mcp_call", "mcp_approval_request":
                calls.append(("mcp:\(text.text(at: parent + [.key("server_label")]) ?? "")", value))
            case "mcp_tool_use":
                calls.append(("mcp:\(text.text(at: parent + [.key("server_name")]) ?? "")", value))
            default:
                guard case .key(let key) = parent.last, ["function", "custom", "function_call"].contains(key),
                    parent.contains(.key("tool_calls")) || key == "function_call"
                else { continue }
                calls.append((name, value))
            }
        }
        return calls
    }

    /// Why a tool that is called may not be.
    static func refusedName(in text: AnswerText, facts: RequestFacts) -> AnswerRefusal? {
        guard let refuses = facts.refusesTool else { return nil }
        for call in called(in: text) {
            if let reason = refuses(call.tool) { return AnswerRefusal(code: .toolCall, message: reason) }
        }
        return nil
    }
}

extension AnswerRefusal: Error {}
