/// Writes JSON in one form only: names sorted, no white space.
enum JSONText {
    /// A value to write.
    indirect enum Value {
        case integer(UInt64)
        case string(String)
        case array([Value])
        case object([String: Value])
    }

    static func write(_ value: Value) -> String {
        switch value {
        case .integer(let number): String(number)
        case .string(let text): quote(text)
        case .array(let elements): "[" + elements.map(write).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { quote($0.key) + ":" + write($0.value) }.joined(
                    separator: ","
                )
                + "}"
        }
    }

    static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
