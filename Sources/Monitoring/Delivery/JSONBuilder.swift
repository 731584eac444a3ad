/// Writes JSON, members in the order given.
struct JSONBuilder {
    private(set) var text = ""
    private var needsComma = false

    mutating func object(_ members: (inout JSONBuilder) -> Void) { enclosed("{", members, "}") }

    mutating func array<Element>(_ elements: some Sequence<Element>, _ write: (inout JSONBuilder, Element) -> Void) {
        enclosed("[", { builder in for element in elements { write(&builder, element) } }, "]")
    }

    mutating func member(_ name: String, _ value: (inout JSONBuilder) -> Void) {
        comma()
        quote(name)
        text += ":"
        needsComma = false
        value(&self)
        needsComma = true
    }

    mutating func member(_ name: String, _ value: String) { member(name) { $0.string(value) } }

    mutating func member(_ name: String, _ value: Double) { member(name) { $0.number(value) } }

    mutating func member(_ name: String, _ value: UInt64) { member(name) { $0.raw("\(value)") } }

    mutating func member(_ name: String, _ value: Bool) { member(name) { $0.raw("\(value)") } }

    mutating func member(_ name: String, _ values: [String]) {
        member(name) { $0.array(values) { $0.string($1) } }
    }

    mutating func string(_ value: String) {
        comma()
        quote(value)
        needsComma = true
    }

    mutating func number(_ value: Double) {
        let isWhole = value == value.rounded() && abs(value) < 1e15
        raw(!value.isFinite ? "null" : isWhole ? "\(Int64(value))" : "\(value)")
    }

    mutating func raw(_ value: String) {
        comma()
        text += value
        needsComma = true
    }

    private mutating func enclosed(_ open: String, _ body: (inout JSONBuilder) -> Void, _ close: String) {
        comma()
        text += open
        needsComma = false
        body(&self)
        text += close
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { text += "," }
    }

    private mutating func quote(_ value: String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
