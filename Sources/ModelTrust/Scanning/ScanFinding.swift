/// One thing that a scan has to say about an artifact, with its place.
public struct ScanFinding: Hashable, Sendable, Codable {
    /// The rule that speaks: a short, stable name such as `pickle-import`.
    public let rule: String
    /// What the finding alone makes of the artifact; ``ScanVerdict/proven`` is a remark.
    public let verdict: ScanVerdict
    /// The file, and the members of containers within it, each behind `!/`: `model.pt!/archive/data.pkl`.
    public let path: String
    /// The offset of the first byte it speaks of, within the innermost member, where there is one.
    public let offset: UInt64?
    /// The opcode, field or tensor: `REDUCE`, `tokenizer.chat_template`.
    public let element: String?
    /// What was found and what it would do, as a sentence that starts in lower case.
    public let message: String

    /// The longest text that is kept of what an artifact says of itself, in bytes.
    private static let longest = 1_024

    private static func shorten(_ text: String) -> String {
        text.utf8.count <= longest ? text : String(decoding: text.utf8.prefix(longest), as: UTF8.self) + "…"
    }

    /// Creates a finding; longer texts are cut.
    public init(
        rule: String,
        verdict: ScanVerdict,
        path: String,
        offset: UInt64? = nil,
        element: String? = nil,
        message: String
    ) {
        self.rule = rule
        self.verdict = verdict
        self.path = Self.shorten(path)
        self.offset = offset
        self.element = element.map(Self.shorten)
        self.message = Self.shorten(message)
    }
}
