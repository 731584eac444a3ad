/// The rule that holds when detection misses: what came from outside may not say where something goes.
///
/// A value that says where something goes, which is an argument of a tool that acts on the world or the host of a URL,
/// has to stand in what the user or the application wrote, as it is and whole (``isVouched(_:)``). It is not asked
/// whether an untrusted text has the value, since a model reads codes that no filter knows; that is looked for only to
/// name the bytes on both sides where it can be found (``taint(of:argument:tool:)``), in the value's own letters and
/// digits and in those of its ciphers.
///
/// ```swift
/// let rule = TaintRule(texts: request.texts, allowedHosts: ["example.org"])
/// rule.isVouched("mallory@evil.example")                                          // false
/// rule.taint(of: "mallory@evil.example", argument: "to", tool: "send_mail")?.range // 19..<39
/// ```
public struct TaintRule: Sendable {
    /// A value that an untrusted text gave.
    public struct Taint: Sendable, Hashable {
        /// The tool called; empty for a URL in an answer.
        public var tool: String
        /// The argument, or `host`.
        public var argument: String
        /// The value.
        public var value: String
        /// The text that gave it, by its place in what the rule was made of.
        public var text: Int
        /// The bytes of that text.
        public var range: Range<Int>
        /// The bytes of the value that they gave.
        public var valueRange: Range<Int>
    }

    private var untrusted: [(index: Int, text: String)] = []
    private var vouched = VouchedTexts()
    private let allowedHosts: [String]

    /// A rule over the texts of one request.
    ///
    /// - Parameters:
    ///   - texts: all that the model is shown.
    ///   - allowedHosts: hosts that may be named whoever names them; `*.example.org` stands for all below it.
    public init(texts: [LabelledText], allowedHosts: [String] = []) {
        self.allowedHosts = allowedHosts.map { $0.lowercased() }
        for (index, text) in texts.enumerated() {
            switch text.channel {
            case .toolResult, .retrieved, .toolDescription: untrusted.append((index, text.text))
            case .system, .user: vouched.add(text.text)
            // What a model said may be what it read.
            case .assistant: break
            }
        }
    }

    /// The hosts that the user and the application named.
    var vouchedHosts: Set<String> { vouched.hosts }

    /// Whether a value stands, as it is and whole, in what the user or the application wrote.
    public func isVouched(_ value: String) -> Bool { vouched.contain(value) }

    /// Where a value that nobody vouches for came from; nil where somebody does, and where it cannot be found.
    public func taint(of value: String, argument: String, tool: String) -> Taint? {
        guard !isVouched(value) else { return nil }
        let search = TaintSearch(value)
        for (index, text) in untrusted {
            guard let (range, part) = search.first(in: text) else { continue }
            return Taint(tool: tool, argument: argument, value: value, text: index, range: range, valueRange: part)
        }
        return nil
    }

    /// The hosts of URLs in a text that are neither allowed nor named by the user or the application.
    public func strangeHosts(in text: String) -> [(host: String, range: Range<Int>)] {
        URLs.hosts(in: text).filter { $0.isStrange || !isAllowed($0.name) }.map { ($0.name, $0.range) }
    }

    /// Whether a host may be named: by anyone, or since the user or the application did.
    public func isAllowed(_ host: String) -> Bool {
        if vouched.hosts.contains(host) { return true }
        return allowedHosts.contains { $0.hasPrefix("*.") ? host.hasSuffix($0.dropFirst()) : host == $0 }
    }
}
