import Synchronization

/// Holds what an answer does to what the user and the application of its request wrote.
///
/// It keeps the request's texts until the answer is over. What is read of them is read once: when a link is to be judged or
/// the first tool is called.
///
/// Tools that the guardrail does not name only read: all that is asked of them is that they name no strange host.
final class AnswerTaint: Sendable {
    private let section: InjectionSection.Taint
    private let texts: [LabelledText]
    /// Guards the rule and the gate over it, each of which is made once.
    private let made = Mutex(Made())

    private struct Made {
        var rule: TaintRule?
        var gate: ToolGate?

        mutating func rule(_ texts: [LabelledText], _ hosts: [String]) -> TaintRule {
            let known = rule ?? TaintRule(texts: texts, allowedHosts: hosts)
            rule = known
            return known
        }
    }

    init(_ section: InjectionSection.Taint, _ request: ModelRequest) {
        self.section = section
        texts = request.texts.map { LabelledText($0.text, channel: $0.channel) }
    }

    /// The rule over the texts of the request.
    private var rule: TaintRule { made.withLock { $0.rule(texts, section.hosts) } }

    /// The hosts that may be linked to beside those that are allowed.
    var hosts: Set<String> { rule.vouchedHosts }

    /// Why a call of a tool is not made; nil where it may be.
    func refusal(ofCall name: String, arguments: [UInt8]) -> String? {
        guard let document = try? JSONDocument(arguments) else { return "the arguments of a tool cannot be read" }
        let gate = made.withLock { made in
            let gate =
                made.gate
                ?? ToolGate(
                    tools: section.tools,
                    texts: texts,
                    taint: made.rule(texts, section.hosts),
                    takesUndeclared: true
                )
            made.gate = gate
            return gate
        }
        var values: [(name: String, value: String)] = []
        Self.collect(document.root, [], &values)
        switch gate.refusal(ofCall: name, arguments: values) {
        case nil: return nil
        case .undeclared: return "a tool is called that is not declared"
        case .unasked: return "a tool is called that the user did not ask for"
        case .tainted(let taint):
            return "the argument `\(taint.argument)` of a tool was given by a text of the channel "
                + "`\(texts[taint.text].channel.rawValue)`"
        case .unvouched(let argument): return "the argument `\(argument)` of a tool is nothing that the user wrote"
        case .ambiguous: return "two arguments of a tool have names that differ in case alone"
        case .leaks: return "an argument of a tool shows the system prompt"
        }
    }

    /// The values within arguments, each under the name of its outermost argument.
    ///
    /// A name is a value, too: it may say what another would.
    private static func collect(_ value: JSONValue, _ path: [String], _ values: inout [(name: String, value: String)]) {
        let name = path.first ?? ""
        switch value.kind {
        case .object:
            for (key, member) in value.members {
                let key = key.string ?? ""
                // An outermost name counts even where its value says nothing.
                values.append(path.isEmpty ? (key, "") : (name, key))
                collect(member, path + [key], &values)
            }
        case .array: for element in value.elements { collect(element, path, &values) }
        case .string: values.append((name, value.string ?? ""))
        case .number: values.append((name, value.lexeme ?? ""))
        case .true, .false, .null: break
        }
    }
}
