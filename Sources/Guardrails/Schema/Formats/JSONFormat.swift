/// The formats of JSON Schema (Validation §7.3), each a rule for strings.
public enum JSONFormat: String, CaseIterable, Sendable, Hashable {
    case dateTime = "date-time"
    case date
    case time
    case duration
    case email
    case idnEmail = "idn-email"
    case hostname
    case idnHostname = "idn-hostname"
    case ipv4
    case ipv6
    case uri
    case uriReference = "uri-reference"
    case iri
    case iriReference = "iri-reference"
    case uriTemplate = "uri-template"
    case jsonPointer = "json-pointer"
    case relativeJSONPointer = "relative-json-pointer"
    case regex
    case uuid

    /// Whether a text is of the format.
    public func holds(of text: String) -> Bool {
        switch self {
        case .dateTime: DateFormats.isDateTime(text)
        case .date: DateFormats.isDate(text.utf8[...])
        case .time: DateFormats.isTime(text.utf8[...])
        case .duration: DateFormats.isDuration(text)
        case .email: MailFormat.isAddress(text, isInternational: false)
        case .idnEmail: MailFormat.isAddress(text, isInternational: true)
        case .hostname: HostFormats.isHostname(text)
        case .idnHostname: HostFormats.isInternationalHostname(text)
        case .ipv4: AddressFormats.isIPv4(text.utf8[...])
        case .ipv6: AddressFormats.isIPv6(text.utf8[...])
        case .uri: URIFormats.isValid(text, isInternational: false, needsScheme: true)
        case .uriReference: URIFormats.isValid(text, isInternational: false, needsScheme: false)
        case .iri: URIFormats.isValid(text, isInternational: true, needsScheme: true)
        case .iriReference: URIFormats.isValid(text, isInternational: true, needsScheme: false)
        case .uriTemplate: URITemplateFormat.isValid(text)
        case .jsonPointer: JSONPointer.steps(text) != nil
        case .relativeJSONPointer: Self.isRelativePointer(text)
        case .regex: LinearExpression.isExpression(text)
        case .uuid: Self.isUUID(text)
        }
    }

    /// RFC 9562 §4.
    private static func isUUID(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 36
            && bytes.indices.allSatisfy { place in
                switch place {
                case 8, 13, 18, 23: bytes[place] == UInt8(ascii: "-")
                default: HexDigit.value(bytes[place]) != nil
                }
            }
    }

    /// A number of levels, and from there a pointer or `#`.
    private static func isRelativePointer(_ text: String) -> Bool {
        let digits = text.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0") else { return false }
        let rest = String(text.utf8.dropFirst(digits.count)) ?? "?"
        return rest == "#" || JSONPointer.steps(rest) != nil
    }
}
