/// Markup in which every text from outside is escaped, because there is no other way to put it in.
///
/// What stands in a literal of the source is markup; what is interpolated is text, unless it is ``HTML`` itself. A
/// literal is a `StaticString`, so that no text which arrives while the program runs can become one:
///
/// ```swift
/// let name = "<script>"
/// let row: HTML = "<td>\(name)</td>"  // <td>&lt;script&gt;</td>
/// ```
package struct HTML: Hashable, Sendable {
    /// The markup as it is sent.
    package let text: String

    fileprivate init(markup: String) {
        text = markup
    }

    /// The bytes that it takes.
    package var length: Int { text.utf8.count }

    /// Nothing.
    package static let empty: HTML = ""

    /// A text over several lines, whose line ends and tabs stay; for what stands in a `pre`.
    package static func lines(_ text: String) -> HTML {
        HTML(markup: VisibleText.escaped(text, keepingLines: true))
    }

    /// A text whose direction of writing is its own, so that it turns nothing around that stands beside it.
    package static func isolated(_ text: String) -> HTML { "<bdi>\(text)</bdi>" }
}

extension HTML: ExpressibleByStringInterpolation {
    /// Markup that stands in the source.
    package init(stringLiteral literal: StaticString) {
        text = literal.description
    }

    package init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
    }

    /// Puts literals together with what is interpolated.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        /// Markup.
        package mutating func appendLiteral(_ literal: StaticString) { text += literal.description }

        /// A text, escaped.
        package mutating func appendInterpolation(_ value: String) {
            text += VisibleText.escaped(value, keepingLines: false)
        }

        /// A number.
        package mutating func appendInterpolation(_ value: some BinaryInteger) { text += String(value) }

        /// Markup that was made before; nothing where there is none.
        package mutating func appendInterpolation(_ value: HTML?) { text += value?.text ?? "" }

        /// Pieces of markup, one after the other.
        package mutating func appendInterpolation(_ values: [HTML]) {
            for value in values { text += value.text }
        }

        /// A place in the console: always a path of our own, so that no other scheme or host can be in it.
        package mutating func appendInterpolation(_ path: ConsolePath) {
            text += VisibleText.escaped(path.text, keepingLines: false)
        }
    }
}
