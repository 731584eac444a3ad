/// The console's colours, once for light and once for dark.
///
/// What has to be told apart by a reader is listed in ``texts`` and ``strokes`` with what it stands on; the tests hold
/// each pair to WCAG 2.2 level AA: 4.5 to 1 for text (1.4.3), 3 to 1 for lines and marks that carry a meaning (1.4.11).
struct Palette: Hashable, Sendable {
    /// A colour of sRGB.
    struct Colour: Hashable, Sendable, ExpressibleByIntegerLiteral {
        let red, green, blue: UInt8

        /// `0xRRGGBB`.
        init(integerLiteral value: UInt32) {
            red = UInt8(truncatingIfNeeded: value >> 16)
            green = UInt8(truncatingIfNeeded: value >> 8)
            blue = UInt8(truncatingIfNeeded: value)
        }

        /// `#rrggbb`.
        var text: String {
            "#"
                + [red, green, blue].map { part in
                    let digits = String(part, radix: 16)
                    return digits.count == 1 ? "0" + digits : digits
                }.joined()
        }
    }

    let page, card, sunk, text, muted, rule, edge, link: Colour
    let good, bad, warn: Colour
    let goodTint, badTint, warnTint, plainTint: Colour
    let bar: Colour

    static let light = Palette(
        page: 0xf5f6f8,
        card: 0xffffff,
        sunk: 0xeef1f4,
        text: 0x17202b,
        muted: 0x53606e,
        rule: 0xdde2e8,
        edge: 0x7b8794,
        link: 0x0a58a6,
        good: 0x146c3c,
        bad: 0xb3201a,
        warn: 0x855000,
        goodTint: 0xe4f3ea,
        badTint: 0xfce9e7,
        warnTint: 0xfaf0dc,
        plainTint: 0xe9edf2,
        bar: 0x5b7fa6
    )

    static let dark = Palette(
        page: 0x0e1217,
        card: 0x161c23,
        sunk: 0x10161c,
        text: 0xe6ebf0,
        muted: 0xa3afbb,
        rule: 0x2b343e,
        edge: 0x7d8a98,
        link: 0x7db8ff,
        good: 0x63d192,
        bad: 0xff8d84,
        warn: 0xf0b851,
        goodTint: 0x14301f,
        badTint: 0x3a1a18,
        warnTint: 0x35290f,
        plainTint: 0x252e38,
        bar: 0x6f97c4
    )

    /// Text, and what it stands on.
    var texts: [(name: String, front: Colour, back: Colour)] {
        [
            ("text on the page", text, page), ("text on a card", text, card), ("text on code", text, sunk),
            ("muted on the page", muted, page), ("muted on a card", muted, card), ("muted on code", muted, sunk),
            ("link on the page", link, page), ("link on a card", link, card), ("link on code", link, sunk),
            ("good on a card", good, card), ("bad on a card", bad, card), ("warn on a card", warn, card),
            ("good on its tint", good, goodTint), ("bad on its tint", bad, badTint),
            ("warn on its tint", warn, warnTint), ("text on a plain tint", text, plainTint),
            ("text on a bad tint", text, badTint), ("text on a warn tint", text, warnTint),
            ("card on a link", card, link),
        ]
    }

    /// Lines and marks that carry a meaning, and what they stand on.
    var strokes: [(name: String, front: Colour, back: Colour)] {
        [
            ("an unused path", edge, card), ("a used path", good, card), ("an undeclared path", bad, card),
            ("a node's border", edge, card), ("a bar", bar, card), ("a bad bar", bad, card), ("a warn bar", warn, card),
            ("a field's border", edge, card), ("the focus", link, card), ("the focus on the page", link, page),
        ]
    }

    /// Names and values for the style sheet.
    var variables: String {
        let all: [(String, Colour)] = [
            ("page", page), ("card", card), ("sunk", sunk), ("text", text), ("muted", muted), ("rule", rule),
            ("edge", edge), ("link", link), ("good", good), ("bad", bad), ("warn", warn), ("good-t", goodTint),
            ("bad-t", badTint), ("warn-t", warnTint), ("plain-t", plainTint), ("bar", bar),
        ]
        return all.map { "--\($0):\($1.text)" }.joined(separator: ";")
    }
}
