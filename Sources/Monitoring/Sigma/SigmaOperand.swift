import RegularExpressions
import ZeroTrust

/// What a field is held against.
enum SigmaOperand: Sendable {
    /// A text with wildcards; in lower case, unless case counts.
    case pattern(SigmaPattern, isCased: Bool)
    /// A regular expression, which is looked for anywhere in the text.
    case expression(RegexProgram)
    /// A block of addresses.
    case block(AddressBlock)
    /// A number that the field's is compared with.
    case comparison(Comparison, Double)
    /// A number or a truth value, as written.
    case plain(String, Double?)
    /// Whether there is such a field at all.
    case exists(Bool)
    /// Another field that has the same value.
    case reference(String)
    /// No value.
    case null

    enum Comparison: String, Sendable, CaseIterable {
        case lt, lte, gt, gte, neq

        func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .lt: left < right
            case .lte: left <= right
            case .gt: left > right
            case .gte: left >= right
            case .neq: left != right
            }
        }
    }

    /// Whether the field of an event is as this has it.
    func matches(_ field: String, in event: SigmaEvent) -> Bool {
        let values = event[field]
        switch self {
        case .exists(let wanted): return event.has(field) == wanted
        case .null: return !event.has(field)
        case .reference(let other):
            return values.contains { value in event[other].contains { $0.folded == value.folded } }
        default: return values.contains(where: matches)
        }
    }

    /// Whether a value is as this has it.
    func matches(_ value: SigmaEvent.Value) -> Bool {
        switch self {
        case .pattern(let pattern, let isCased): return pattern.matches(isCased ? value.text : value.folded)
        case .expression(let program):
            var machine = RegexMachine(program)
            return machine.first(in: value.text[...], from: 0) != nil
        case .block(let block):
            guard let address = IPAddress(String(decoding: value.text, as: UTF8.self)) else { return false }
            return block.contains(address)
        case .comparison(let comparison, let number): return value.number.map { comparison.holds($0, number) } ?? false
        case .plain(let text, let number):
            if let number, let own = value.number { return own == number }
            return value.folded.elementsEqual(text.utf8)
        case .exists, .null, .reference: return false
        }
    }
}
