/// How a part of a text was written so that it would not be read at once.
public enum Decoding: String, CaseIterable, Sendable, Hashable {
    /// RFC 4648 base 64, in either alphabet.
    case base64
    /// RFC 4648 base 32.
    case base32
    /// Ascii85, RFC 1924 or Z85.
    case base85
    /// Bitcoin's base 58.
    case base58
    /// Hexadecimal digits.
    case hex
    /// Groups of eight 0s and 1s.
    case binary
    /// Decimal numbers of characters.
    case decimal
    /// Morse code.
    case morse
    /// Bytes of gzip or zlib, themselves in one of these.
    case compressed
    /// `%41`.
    case percent
    /// `&#65;` and `&amp;`.
    case entity
    /// `\x41`, `\u0041`, `\101`.
    case backslash
    /// `=41`.
    case quotedPrintable = "quoted-printable"
    /// Letters moved along the alphabet by thirteen.
    case rot13
    /// Letters moved along the alphabet by another number.
    case caesar
    /// The alphabet turned round.
    case atbash
    /// Printable ASCII moved by forty-seven.
    case rot47
    /// Last character first.
    case reversed
    /// Each word's last letter first.
    case reversedWords = "reversed-words"
    /// Pig Latin.
    case pigLatin = "pig-latin"
    /// Digits and signs for letters.
    case leetspeak
    /// Something between each letter and the next.
    case spacing
    /// Words written together or broken apart.
    case joining
    /// Letters of other scripts that look alike.
    case homoglyph
    /// Characters that draw nothing, or letters hidden in them.
    case invisible
}
