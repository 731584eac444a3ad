/// Why a scan of one input ended early.
///
/// The engine turns it into a finding at the input's path: never less than not proven.
struct ScanStop: Error, Hashable, Sendable {
    /// The rule that the finding will name: `pickle-truncated`, `limit-memory`, `unreadable`.
    let rule: String
    /// ``ScanVerdict/notProven`` or ``ScanVerdict/unsafe``.
    var verdict: ScanVerdict = .notProven
    /// Where it ended.
    var offset: UInt64?
    /// The opcode or field at which it ended.
    var element: String?
    /// What was wrong, as a sentence that starts in lower case.
    let message: String
}
