/// What is wrong with a template, and where.
struct JinjaFault: Error, Hashable, Sendable {
    /// The rule that a finding names: `template-syntax`, `template-attribute`.
    let rule: String
    /// ``ScanVerdict/notProven`` or ``ScanVerdict/unsafe``.
    var verdict: ScanVerdict = .notProven
    /// The offset in the template's UTF-8 text.
    let offset: Int
    /// The part of the template it speaks of.
    var element: String?
    let message: String
    /// Whether Jinja itself refuses the text for this, so that no loader makes anything of it as a template.
    var isCertain = false
}
