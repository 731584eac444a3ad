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
        var filter = TextFilter(rules, prompt: facts.prompt, vault: facts.vault)
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

    /// Why one of the calls in a whole message of Anthropic's may not go out.
    static func refusedInput(in text: AnswerText, facts: RequestFacts) -> AnswerRefusal? {
        guard let refuses = facts.refusesToolCall else { return nil }
        for value in text.values where value.kind == .composite && value.key == "input" {
            let parent = Array(value.path.dropLast())
            guard text.text(at: parent + [.key("type")]) == "tool_use" else { continue }
            let tool = text.text(at: parent + [.key("name")]) ?? ""
            if let reason = refuses(tool, Array(text.bytes[value.range])) {
                return AnswerRefusal(code: .toolCall, message: reason)
            }
        }
        return nil
    }
}

extension AnswerRefusal: Error {}
