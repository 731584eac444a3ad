/// What a finding says, in which names stand in backticks.
enum CauseText {
    /// The cause as a page has it: names as code, and of a SPIFFE ID what tells it from others, with the whole where somebody
    /// points at it.
    ///
    /// The subject is known, so that nothing in its name can be taken for the end of it. Of the rest a name is made out where
    /// it is the only one; a name that holds backticks changes no markup.
    static func html(_ cause: String, subject: String) -> HTML {
        let quoted = "`\(subject)`"
        guard !subject.isEmpty, let place = cause.firstRange(of: quoted) else { return "<bdi>\(rest(cause))</bdi>" }
        let (before, after) = (String(cause[..<place.lowerBound]), String(cause[place.upperBound...]))
        return "<bdi>\(rest(before))\(name(subject))\(rest(after))</bdi>"
    }

    private static func rest(_ text: String) -> HTML {
        let pieces = text.split(separator: "`", omittingEmptySubsequences: false).map { String($0) }
        guard pieces.count == 3, !pieces[1].isEmpty else { return "\(text)" }
        return "\(pieces[0])\(name(pieces[1]))\(pieces[2])"
    }

    private static func name(_ name: String) -> HTML {
        let short = RecordRow.short(name)
        return short == name ? "<code>\(name)</code>" : "<code title=\"\(name)\">\(short)</code>"
    }
}
