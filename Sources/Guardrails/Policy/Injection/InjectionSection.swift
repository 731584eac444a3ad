/// What is done about instructions that do not belong where they stand: the section `injection` of a guardrail.
///
/// ```yaml
/// injection:
///   falsePositiveRate: 0.005
///   channels:
///     tool-result: { action: sanitise }
///     retrieved: { action: sanitise, falsePositiveRate: 0.01, calibration: documents.calibration.json }
///   canary: { keyFile: canary.key }
///   systemPrompt: block
///   taint:
///     hosts: ["*.firm.example"]
///     tools:
///       send_mail: { destinations: [to, cc], intents: [send, forward, mail] }
/// ```
public struct InjectionSection: Hashable, Sendable {
    /// How requests are judged.
    public var policy: InjectionPolicy
    /// The token that is put into system prompts; nil where none is.
    public var canary: Canary?
    /// What is done with pieces of the system prompt in answers, where the section says so.
    public var systemPrompt: OutputPolicy.Action?
    /// What untrusted texts may not say; nil where calls and links are not held to it.
    public var taint: Taint?

    /// Tokens in system prompts that tell who leaked them.
    public struct Canary: Sendable {
        /// What makes them.
        public let mint: CanaryMint
        /// What is done with one in an answer.
        public let action: OutputPolicy.Action
        /// What the key is known by: no part of it.
        public let keyID: String
    }

    /// What may be the destination of a call of a tool, and the host of a link.
    public struct Taint: Sendable, Hashable {
        /// The hosts that may be named whoever names them; `*.example.org` stands for all below it.
        public var hosts: [String] = []
        /// What is done with a link to any other host that neither the user nor the application named.
        public var links: OutputPolicy.Action = .redact
        /// The tools that act on the world; a tool that is none of them is held to the rule of hosts alone.
        public var tools: [ToolGate.Tool] = []
    }

    /// Whether answers are looked at for it.
    var looksAtAnswers: Bool { canary != nil || systemPrompt != nil || taint != nil }

    /// The policy for answers with what the section asks for in it.
    func adding(to policy: OutputPolicy) -> OutputPolicy {
        var policy = policy
        if let systemPrompt { policy.promptLeak = systemPrompt }
        if let canary { policy.canaryLeak = canary.action }
        if let taint, policy.links == nil {
            // Whoever lists hosts in `output` has said more than this.
            policy.links = OutputPolicy.Links(allowedHosts: taint.hosts, action: taint.links, takesVouched: true)
        }
        return policy
    }
}

extension InjectionSection.Canary: Hashable {
    /// Whether the tokens and what is done about them are the same.
    public static func == (left: Self, right: Self) -> Bool {
        left.keyID == right.keyID && left.action == right.action
    }

    /// Hashes what the key is known by.
    public func hash(into hasher: inout Hasher) { hasher.combine(keyID) }
}
