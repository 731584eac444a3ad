import Synchronization

/// Holds what an answer does to what the user and the application of its request wrote.
///
/// It keeps the request's texts until the answer is over; the gate is made of them when the first tool is called.
///
/// Tools that the guardrail does not name only read: all that is asked of them is that they name no strange host.
final class AnswerTaint: Sendable {
    /// The hosts that may be linked to beside those that are allowed.
    let hosts: Set<String>

    private let section: InjectionSection.Taint
    private let texts: [LabelledText]
    /// Guards the gate, which is made once.
    private let gate = Mutex<ToolGate?>(nil)

    init(_ section: InjectionSection.Taint, _ request: ModelRequest) {
        self.section = section
        texts = request.texts.map { LabelledText($0.text, channel: $0.channel) }
        hosts = TaintRule(texts: texts.filter { !$0.channel.isUntrusted && $0.channel != .assistant }).vouchedHosts
    }

    /// Why a call of a tool is not made; nil where it may be.
    func refusal(ofCall name: String, arguments: [UInt8]) -> String? {
        guard let document = try? JSONDocument(arguments) else { return "the arguments of a tool cannot be read" }
        let gate = gate.withLock { made in
            let gate =
                made
                ?? ToolGate(tools: section.tools, texts: texts, allowedHosts: section.hosts, takesUndeclared: true)
            made = gate
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
