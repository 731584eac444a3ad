/// Texts of others, put into SQL and into PostgreSQL's configuration files so that none can leave its place.
///
/// Everything that is generated goes through here.
///
/// Quotes are looked for among Unicode scalars, as PostgreSQL does: Swift takes a quote with a combining mark after it for
/// one character that is no quote.
public enum SQLText {
    /// A name in double quotes, where a quote inside is doubled: `"user ""events"""`.
    ///
    /// A zero byte, which PostgreSQL holds in no text, is left out.
    public static func identifier(_ name: String) -> String { "\"" + escaped(name, ["\"": "\"\""]) + "\"" }

    /// A name with its schema.
    public static func identifier(_ schema: String, _ name: String) -> String {
        identifier(schema) + "." + identifier(name)
    }

    /// A text in single quotes, whatever `standard_conforming_strings` says: one with a backslash is written `E'…'`.
    public static func literal(_ text: String) -> String {
        guard text.unicodeScalars.contains("\\") else { return "'" + escaped(text, ["'": "''"]) + "'" }
        return "E'" + escaped(text, ["'": "''", "\\": "\\\\"]) + "'"
    }

    /// The text form of an array, as PostgreSQL writes it: elements are quoted where they have to be.
    public static func array(_ elements: [String]) -> String {
        "{" + elements.map(element).joined(separator: ",") + "}"
    }

    /// The rules of `array_out`: quotes for what is empty, `NULL`, or has braces, commas, quotes, backslashes or spaces.
    private static func element(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.uppercased() != "NULL"
            && !text.utf8.contains { "{},\"\\".utf8.contains($0) || $0 == 0x20 || (0x09...0x0d).contains($0) }
        return isPlain ? text : "\"" + escaped(text, ["\\": "\\\\", "\"": "\\\""]) + "\""
    }

    /// A token of `pg_hba.conf` or `pg_ident.conf`: in quotes, so that no keyword is meant.
    ///
    /// Returns nil for a text that such a file cannot hold without being read as something else: one with a quote, a
    /// line's end, a backslash (which continues a line), or one that begins with `/` (a regular expression), `+` (a
    /// group) or `@` (a file).
    public static func token(_ text: String) -> String? {
        let scalars = text.unicodeScalars
        let isPlain = scalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f && $0 != "\"" && $0 != "\\" }
        guard isPlain, let first = scalars.first, !["/", "+", "@"].contains(first), text.utf8.count <= 1024 else {
            return nil
        }
        return "\"" + text + "\""
    }

    private static func escaped(_ text: String, _ escapes: [Unicode.Scalar: String]) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where scalar != "\0" {
            if let escape = escapes[scalar] {
                result.append(contentsOf: escape.unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
