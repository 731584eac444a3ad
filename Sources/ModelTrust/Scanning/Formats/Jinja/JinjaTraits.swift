/// What is known of a template's value without running the template.
struct JinjaTraits: OptionSet, Hashable, Sendable {
    let rawValue: Int

    /// Messages, tools or documents, or a part of their structure.
    static let conversation = JinjaTraits(rawValue: 1 << 0)
    /// Text that somebody wrote into a message.
    static let content = JinjaTraits(rawValue: 1 << 1)
    /// Content cut or changed in a way that says something of what is in it.
    static let transformed = JinjaTraits(rawValue: 1 << 2)
    /// It depends on what content says, or on the date.
    static let inspected = JinjaTraits(rawValue: 1 << 3)
    /// It can be a sentence that the template itself brings.
    static let prose = JinjaTraits(rawValue: 1 << 4)
    /// The clock's answer.
    static let time = JinjaTraits(rawValue: 1 << 5)
    /// A string that was put together.
    static let built = JinjaTraits(rawValue: 1 << 6)
    /// It can be something else than a number.
    static let unnumbered = JinjaTraits(rawValue: 1 << 7)
    /// Content may stand in it under a key that is one of structure in a message.
    static let disguised = JinjaTraits(rawValue: 1 << 8)
    /// A dictionary that the template writes out is it, or in it; or a text that could be one.
    static let composite = JinjaTraits(rawValue: 1 << 9)
    /// A number above two is in it, which a count of messages could be held against.
    static let large = JinjaTraits(rawValue: 1 << 10)

    /// What depends on what somebody wrote, or on when.
    static let foreign: JinjaTraits = [.content, .inspected, .time]

    /// All that several values may be.
    static func all(of values: some Sequence<JinjaTraits>) -> JinjaTraits {
        values.reduce(into: []) { $0.formUnion($1) }
    }
}
