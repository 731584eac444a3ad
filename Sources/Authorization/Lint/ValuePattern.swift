import ZeroTrust

/// A value of a field, as far as two values can be compared: what one covers of the other.
///
/// The comparison is sound and not complete: where it says that a value covers another, it does; where it does not say
/// so, it may all the same.
enum ValuePattern: Equatable {
    case any
    case exact(String)
    case prefix(String)
    case suffix(String)
    case template(String, PathTemplate)
    case block(AddressBlock)

    init(_ text: String, _ subject: AuthorizationPolicy.Subject) {
        switch subject {
        case .sourceIP, .remoteIP, .destinationIP:
            self = AddressBlock(text).map { ValuePattern.block($0) } ?? .exact(text)
            return
        case .serviceAccount, .destinationPort:
            self = .exact(text)
            return
        case .path where PathTemplate.isTemplate(text):
            self = (try? PathTemplate(text)).map { ValuePattern.template(text, $0) } ?? .exact(text)
            return
        case .requestPrincipal where text != "*" && text.contains("*"):
            // Issuer and subject have wildcards of their own: compared as written.
            self = .exact(text)
            return
        default: break
        }
        let text = subject == .host ? text.lowercased() : text
        if text == "*" {
            self = .any
        } else if text.hasPrefix("*") {
            self = .suffix(String(text.dropFirst()))
        } else if text.hasSuffix("*") {
            self = .prefix(String(text.dropLast()))
        } else {
            self = .exact(text)
        }
    }

    /// Whether everything that the other matches, this one matches.
    func covers(_ other: ValuePattern) -> Bool {
        switch (self, other) {
        case (.block(let wide), .block(let narrow)):
            return wide.prefixLength <= narrow.prefixLength && wide.contains(narrow.network)
        case (.any, .block): return false
        case (.any, _): return true
        case (.exact(let left), .exact(let right)): return left == right
        case (.prefix(let left), .exact(let right)), (.prefix(let left), .prefix(let right)):
            return right.hasBytePrefix(left)
        case (.prefix(let left), .template(_, let template)): return template.literalPrefix.starts(with: left.utf8)
        case (.suffix(let left), .exact(let right)), (.suffix(let left), .suffix(let right)):
            return right.utf8.reversed().starts(with: left.utf8.reversed())
        case (.template(_, let template), .exact(let path)): return template.matches(path)
        case (.template(let left, _), .template(let right, _)): return left == right
        default: return false
        }
    }

    /// Whether the value matches one text.
    func matches(_ text: String) -> Bool { covers(.exact(text)) }

    /// The text, where the value matches nothing else.
    var literal: String? {
        if case .exact(let text) = self { return text }
        return nil
    }
}

extension String {
    /// Whether the bytes of a text begin these.
    fileprivate func hasBytePrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }
}
