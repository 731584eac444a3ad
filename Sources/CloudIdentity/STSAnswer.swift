import FoundationEssentials
import ZeroTrust

/// The answer of AWS STS to `AssumeRoleWithWebIdentity`, in the small part of XML that it is written in.
///
/// Declarations of types and entities, CDATA, and an element that is looked for and stands twice are refused, and the
/// answer is bounded: it comes from outside.
struct STSAnswer {
    /// The longest answer that is looked at, in bytes.
    static let maximumLength = 64 * 1024
    private static let maximumDepth = 16

    /// The text of each element that holds no other, by the names that lead to it.
    private let texts: [String: String]

    /// Reads an answer.
    ///
    /// - Throws: ``CloudIdentityError`` with `badAnswer`.
    init(_ bytes: [UInt8]) throws(CloudIdentityError) {
        func bad(_ reason: String) -> CloudIdentityError {
            CloudIdentityError(.badAnswer, "the answer of STS cannot be read: \(reason)")
        }
        guard bytes.count <= Self.maximumLength else { throw bad("it has more than \(Self.maximumLength) bytes") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw bad("it is not UTF-8") }
        var (texts, path, content): ([String: String], [Substring], String) = ([:], [], "")
        var rest = text[...]
        while let open = rest.utf8.firstIndex(of: UInt8(ascii: "<")) {
            content += rest[..<open]
            rest = rest[open...].dropFirst()
            guard let close = rest.utf8.firstIndex(of: UInt8(ascii: ">")) else { throw bad("a tag does not end") }
            let tag = rest[..<close]
            rest = rest[close...].dropFirst()
            if tag.hasPrefix("?") {
                guard path.isEmpty, tag.hasSuffix("?") else { throw bad("it has an instruction within") }
            } else if tag.hasPrefix("!") {
                throw bad("it has a declaration, a comment or CDATA")
            } else if tag.hasPrefix("/") {
                guard let name = path.last, tag.dropFirst() == name else { throw bad("its tags do not match") }
                let key = path.joined(separator: "/")
                guard let decoded = Self.decoded(content) else {
                    throw bad("it has an entity that is not known")
                }
                guard texts.updateValue(decoded, forKey: key) == nil else { throw bad("`\(name)` stands twice") }
                path.removeLast()
            } else {
                let name = tag.prefix { $0 != " " && $0 != "\t" && $0 != "\n" && $0 != "/" }
                guard !name.isEmpty, path.count < Self.maximumDepth else { throw bad("its tags cannot be read") }
                if !tag.hasSuffix("/") { path.append(name) }
            }
            content = ""
        }
        guard path.isEmpty, !texts.isEmpty else { throw bad("it is no XML document, or not a whole one") }
        self.texts = texts
    }

    /// The text of the one element whose place ends so; nil where there is none, or more than one.
    private func text(_ suffix: String) -> String? {
        let found = texts.filter { $0.key.hasSuffix("/" + suffix) }
        guard found.count == 1, let text = found.first?.value, !text.isEmpty else { return nil }
        return text
    }

    /// The credentials.
    ///
    /// - Throws: ``CloudIdentityError``: `refused` for an answer that says so, `badAnswer` where something is missing.
    func credentials(roleARN: String, at now: Date) throws(CloudIdentityError) -> TemporaryCredentials {
        let place = "AssumeRoleWithWebIdentityResult/Credentials/"
        guard let id = text(place + "AccessKeyId"), let secret = text(place + "SecretAccessKey"),
            let token = text(place + "SessionToken"), let expiration = text(place + "Expiration"),
            let expiresAt = Self.date(expiration), expiresAt > now,
            id.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), id.utf8.count <= 128
        else { throw CloudIdentityError(.badAnswer, "the answer of STS holds no credentials that could be used") }
        let parts = roleARN.split(separator: ":", omittingEmptySubsequences: false)
        return TemporaryCredentials(
            accessKeyID: id,
            secretAccessKey: Redacted(secret),
            sessionToken: Redacted(token),
            expiresAt: expiresAt,
            accountID: parts.count > 4 ? String(parts[4]) : ""
        )
    }

    /// Why STS refused, in its own words.
    var refusal: String? {
        guard let code = text("Error/Code") else { return nil }
        let message = text("Error/Message") ?? ""
        return PrintableLine.of("\(code): \(message)", limit: 300)
    }

    private static func date(_ text: String) -> Date? {
        (try? Date(text, strategy: .iso8601))
            ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }

    /// The text with its five entities decoded; nil where there is another.
    private static func decoded(_ text: String) -> String? {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        let entities = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]
        var (output, rest) = ("", text[...])
        while let start = rest.firstIndex(of: "&") {
            output += rest[..<start]
            rest = rest[start...].dropFirst()
            guard let end = rest.prefix(8).firstIndex(of: ";"), let character = entities[String(rest[..<end])] else {
                return nil
            }
            output += character
            rest = rest[end...].dropFirst()
        }
        return output + rest
    }
}
