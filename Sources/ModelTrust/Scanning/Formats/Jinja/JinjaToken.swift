/// A piece of a template.
struct JinjaToken: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// Text that is sent out as it stands.
        case text(String)
        /// `{{`, `}}`, `{%`, `%}`.
        case outputBegin, outputEnd, blockBegin, blockEnd
        case name(String)
        case string(String)
        case integer(Int)
        case float
        /// An operator or a bracket.
        case symbol(String)
        case end
    }

    let kind: Kind
    /// Where it begins in the template's UTF-8 text.
    let offset: Int
}
