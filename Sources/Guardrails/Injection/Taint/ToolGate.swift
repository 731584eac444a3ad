/// Decides which calls of tools that a model asks for are made.
///
/// The model is taken to obey whoever wrote last. A call goes through only where its tool is declared, where a tool that
/// changes something was asked for by the user's own words, where nothing from outside says where something goes, and
/// where it carries neither the system prompt nor what that guards.
public struct ToolGate: Sendable {
    /// A tool as the operator declares it.
    public struct Tool: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// The arguments that say where something goes or what is changed.
        ///
        /// These are never taken from outside. Case is of no account, since it is of none to many who read arguments.
        public var destinations: Set<String>
        /// Words of which the user must have written one for the tool to be called; none where it only reads.
        public var intents: Set<String>

        /// Declares a tool.
        public init(name: String, destinations: Set<String> = [], intents: Set<String> = []) {
            self.name = name
            self.destinations = destinations
            self.intents = intents
        }
    }

    /// Why a call or an answer does not go through.
    public enum Refusal: Sendable, Hashable {
        /// The tool is not declared.
        case undeclared(String)
        /// The user did not ask for what the tool does.
        case unasked(String)
        /// A value came from outside.
        case tainted(TaintRule.Taint)
        /// A value of the argument by that name, or a host in the answer, stands in nothing that the user or the
        /// application wrote, and was not found in an untrusted text either.
        case unvouched(String)
        /// The system prompt or what it guards is shown, in an argument by that name or in the answer.
        case leaks(String)
        /// Two arguments have names that differ in case alone, so that it is not known which of them the tool takes.
        case ambiguous(String)
    }

    private let tools: [String: Tool]
    private let takesUndeclared: Bool
    private let taint: TaintRule
    private let leak: PromptLeak
    private var userWords: Set<UInt64> = []

    /// A gate for one request.
    ///
    /// - Parameters:
    ///   - tools: the tools that there are.
    ///   - texts: all that the model was shown, by channel.
    ///   - guarded: values that must not be shown, such as a password or a canary in the system prompt.
    ///   - allowedHosts: hosts that an answer may name whoever named them.
    ///   - takesUndeclared: whether a tool that is not declared is one that only reads, and may be called.
    public init(
        tools: [Tool],
        texts: [LabelledText],
        guarded: [GuardedValue] = [],
        allowedHosts: [String] = [],
        takesUndeclared: Bool = false
    ) {
        self.init(
            tools: tools,
            texts: texts,
            guarded: guarded,
            taint: TaintRule(texts: texts, allowedHosts: allowedHosts),
            takesUndeclared: takesUndeclared
        )
    }

    /// A gate over a rule that was made of the same texts.
    init(
        tools: [Tool],
        texts: [LabelledText],
        guarded: [GuardedValue] = [],
        taint: TaintRule,
        takesUndeclared: Bool = false
    ) {
        self.takesUndeclared = takesUndeclared
        self.tools = Dictionary(tools.map { ($0.name, $0) }) { first, _ in first }
        self.taint = taint
        leak = PromptLeak(prompts: texts.filter { $0.channel == .system }.map(\.text), values: guarded)
        // The user's words are asked for by tools that need to be asked for, and by nothing else.
        guard tools.contains(where: { !$0.intents.isEmpty }) else { return }
        let normaliser = TextNormaliser()
        for text in texts where text.channel == .user {
            userWords.formUnion(normaliser.normalise(text.text).words.map(\.hash))
        }
    }

    /// Why a call is not made; nil where it may be.
    public func refusal(ofCall name: String, arguments: [(name: String, value: String)]) -> Refusal? {
        guard let tool = tools[name] ?? (takesUndeclared ? Tool(name: name) : nil) else { return .undeclared(name) }
        if !tool.intents.isEmpty, !tool.intents.contains(where: { userWords.contains(Lexicon.hash(Array($0.utf8))) }) {
            return .unasked(name)
        }
        let destinations = Set(tool.destinations.map(Self.folded))
        var names: [String: String] = [:]
        for argument in arguments {
            let folded = Self.folded(argument.name)
            if !destinations.isEmpty, let other = names.updateValue(argument.name, forKey: folded),
                !other.utf8.elementsEqual(argument.name.utf8)
            {
                return .ambiguous(argument.name)
            }
            if destinations.contains(folded), !taint.isVouched(argument.value) {
                return refusal(of: argument.value, argument: argument.name, tool: name)
            }
            if let strange = taint.strangeHosts(in: argument.value).first {
                return refusal(of: strange.host, argument: argument.name, tool: name)
            }
            if !tool.intents.isEmpty || !tool.destinations.isEmpty, leak.range(in: argument.value) != nil {
                return .leaks(argument.name)
            }
        }
        return nil
    }

    /// Why an answer is not shown; nil where it may be.
    public func refusal(ofAnswer text: String) -> Refusal? {
        if leak.range(in: text) != nil { return .leaks("answer") }
        if let strange = taint.strangeHosts(in: text).first {
            return refusal(of: strange.host, argument: "host", tool: "")
        }
        return nil
    }

    /// A name as names are compared: in form KC and without case.
    private static func folded(_ name: String) -> String {
        let scalars = CompatibilityForm.shared.normalise(TracedText(Array(name.utf8))).scalars
        return scalars.reduce(into: "") { $0 += Unicode.Scalar($1)?.properties.lowercaseMapping ?? "" }
    }

    private func refusal(of value: String, argument: String, tool: String) -> Refusal {
        taint.taint(of: value, argument: argument, tool: tool).map { .tainted($0) } ?? .unvouched(argument)
    }
}
