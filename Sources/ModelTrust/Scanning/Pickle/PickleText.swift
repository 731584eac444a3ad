/// Texts of protocol 0, with their escapes, and how values are shown.
enum PickleText {
    /// Replaces escapes by what they stand for: `\x6f`, `\u006f`, `\157`.
    ///
    /// What is no escape stays.
    static func unescape(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(0x5c) else { return bytes }
        var text: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 0x5c, index + 1 < bytes.count else {
                text.append(bytes[index])
                index += 1
                continue
            }
            let (scalar, length) = escape(bytes[(index + 1)...])
            text.append(contentsOf: String(scalar).utf8)
            index += 1 + length
        }
        return text
    }

    /// What an escape stands for and how many bytes it takes, after its backslash.
    private static func escape(_ bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, Int) {
        let letter = bytes[bytes.startIndex]
        switch letter {
        case UInt8(ascii: "x"): return digits(bytes.dropFirst(), 2, 16)
        case UInt8(ascii: "u"): return digits(bytes.dropFirst(), 4, 16)
        case UInt8(ascii: "U"): return digits(bytes.dropFirst(), 8, 16)
        case 0x30...0x37:
            let count = bytes.prefix(3).prefix { 0x30...0x37 ~= $0 }.count
            let (scalar, _) = digits(bytes, count, 8)
            return (scalar, count)
        case UInt8(ascii: "n"): return ("\n", 1)
        case UInt8(ascii: "t"): return ("\t", 1)
        case UInt8(ascii: "r"): return ("\r", 1)
        default: return (Unicode.Scalar(letter), 1)
        }
    }

    private static func digits(_ bytes: ArraySlice<UInt8>, _ count: Int, _ radix: Int) -> (Unicode.Scalar, Int) {
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        guard let value = UInt32(text, radix: radix), let scalar = Unicode.Scalar(value) else {
            return ("\u{fffd}", 1 + min(count, bytes.count))
        }
        return (scalar, 1 + count)
    }

    /// A value as Python would write it, shortened.
    static func show(_ value: PickleValue, limit: Int = 120, depth: Int = 0) -> String {
        switch value {
        case .none: return "None"
        case .bool(let value): return value ? "True" : "False"
        case .integer(let value): return value.map(String.init) ?? "a large integer"
        case .float: return "a float"
        case .text(let text), .longText(let text, _): return "'" + clean(text, limit: limit) + "'"
        case .bytes(let bytes):
            let text = bytes.beginning.map { 0x20...0x7e ~= $0 ? String(Unicode.Scalar($0)) : "." }.joined()
            return "b'" + clean(text, limit: min(limit, 40)) + (bytes.count > 40 ? "…" : "") + "'"
        case .global(let global): return clean(global.qualified, limit: limit)
        case .object(let object): return "<what \(clean(object.maker, limit: limit)) returned>"
        case .unknown: return "<something from outside>"
        case .container(let container):
            guard depth < 3 else { return "…" }
            var items = container.items.prefix(6).map { show($0, limit: limit / 2, depth: depth + 1) }
            if container.count > items.count { items.append("…") }
            let text = items.joined(separator: ", ")
            switch container.kind {
            case .tuple: return "(\(text)\(items.count == 1 ? "," : ""))"
            case .list: return "[\(text)]"
            case .dictionary, .set, .frozenSet: return "{\(text)}"
            }
        }
    }

    /// Text that a terminal can be shown: without control characters, and not too long.
    static func clean(_ text: String, limit: Int) -> String {
        var shown = ""
        for scalar in text.unicodeScalars.prefix(limit) {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return text.unicodeScalars.count > limit ? shown + "…" : shown
    }
}
