import Foundation
import RegularExpressions
import Resources
import ZeroTrust

/// One line of a detection: a field with its modifiers, and the values that it is held against.
///
/// Modifiers are applied from the left to the right: `field|base64offset|contains`.
struct SigmaItem: Sendable {
    /// The field; nil where any of the record's values will do.
    let field: String?
    let operands: [SigmaOperand]
    /// Whether every value has to match, and not one of them.
    let needsAll: Bool

    /// The most values that one line comes to, with all that its modifiers make of them.
    static let maximumOperands = 10_000
    /// The longest value.
    static let maximumLength = 1_024
    /// The most instructions of one regular expression.
    static let maximumProgram = 1_000

    func matches(_ event: SigmaEvent) -> Bool {
        func holds(_ operand: SigmaOperand) -> Bool {
            if let field { return operand.matches(field, in: event) }
            return event.fields.values.contains { $0.contains(where: operand.matches) }
        }
        return needsAll ? operands.allSatisfy(holds) : operands.contains(where: holds)
    }

    /// Reads a line.
    ///
    /// - Parameters:
    ///   - key: the field and its modifiers; empty for words that stand anywhere.
    ///   - location: where the key stands.
    ///   - value: a value, or a list of them.
    /// - Throws: `ResourceError` for what is not Sigma, or is not evaluated here.
    init(key: String, at location: SourceLocation, _ value: Value) throws {
        let parts = key.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        let name = parts[0]
        field = name.isEmpty ? nil : name
        var modifiers = Array(parts.dropFirst())
        needsAll = modifiers.contains("all")
        modifiers.removeAll { $0 == "all" }
        // Words stand anywhere in a value.
        if field == nil, modifiers.isEmpty { modifiers = ["contains"] }
        var values = [value]
        if case .list(let elements) = value.content {
            guard !elements.isEmpty else { throw value.error("a list without values matches nothing") }
            values = elements
        } else if needsAll {
            throw value.error("`all` is about several values, and there is one")
        }
        var operands: [SigmaOperand] = []
        for value in values {
            operands += try Drafts(value, hasField: field != nil).applying(modifiers, at: location).operands()
            guard operands.count <= Self.maximumOperands else {
                throw value.error(
                    "the values come to more than \(Self.maximumOperands), with what modifiers make of them"
                )
            }
        }
        self.operands = operands
    }

    /// What is made of one value, one modifier after the other.
    private struct Drafts {
        enum Draft {
            case pattern(SigmaPattern)
            case operand(SigmaOperand)
        }

        let value: Value
        let hasField: Bool
        var drafts: [Draft]
        var isCased = false
        /// The expression, until it is known which flags it has.
        var expression: String?
        var flags: Set<String> = []

        init(_ value: Value, hasField: Bool) throws {
            self.value = value
            self.hasField = hasField
            switch value.content {
            case .null: drafts = [.operand(.null)]
            case .bool(let flag): drafts = [.operand(.plain(flag ? "true" : "false", nil))]
            case .number(let text): drafts = [.operand(.plain(text, Double(text)))]
            case .string(let text):
                guard text.utf8.count <= maximumLength else {
                    throw value.error("a value has at most \(maximumLength) bytes, and this has \(text.utf8.count)")
                }
                drafts = [.pattern(SigmaPattern(text))]
            case .list, .mapping: throw value.error("expected a text, a number, `true`, `false` or `null`")
            }
        }

        func applying(_ modifiers: [String], at location: SourceLocation) throws -> Drafts {
            var result = self
            for modifier in modifiers { try result.apply(modifier, at: location) }
            return result
        }

        func operands() throws -> [SigmaOperand] {
            if let expression {
                do {
                    let program = try RegexProgram(
                        expression,
                        ignoresCase: flags.contains("i"),
                        matchesNewlines: flags.contains("s"),
                        isMultiline: flags.contains("m"),
                        limit: maximumProgram
                    )
                    return [.expression(program)]
                } catch {
                    throw value.error("\(error.message); expressions are RE2's, whose time is that of the text")
                }
            }
            return drafts.map { draft in
                switch draft {
                case .operand(let operand): operand
                case .pattern(let pattern): .pattern(isCased ? pattern : pattern.folded, isCased: isCased)
                }
            }
        }

        private mutating func apply(_ modifier: String, at location: SourceLocation) throws {
            if expression != nil {
                let names = ["i": "i", "ignorecase": "i", "m": "m", "multiline": "m", "s": "s", "dotall": "s"]
                guard let flag = names[modifier] else {
                    throw ResourceError(at: location, "`re` is followed by `i`, `m` or `s` alone, found `\(modifier)`")
                }
                flags.insert(flag)
                return
            }
            switch modifier {
            case "contains": try change { $0.surrounded(before: true, after: true) }
            case "startswith": try change { $0.surrounded(before: false, after: true) }
            case "endswith": try change { $0.surrounded(before: true, after: false) }
            case "cased": isCased = true
            case "wide", "utf16le": try change { $0.mapped { Self.utf16($0, bigEndian: false) } }
            case "utf16be": try change { $0.mapped { Self.utf16($0, bigEndian: true) } }
            case "utf16": try change { $0.mapped { [0xFF, 0xFE] + Self.utf16($0, bigEndian: false) } }
            case "base64": try encode { [Array(Data($0).base64EncodedString().utf8)] }
            case "base64offset": try encode(Self.base64Offsets)
            case "windash": try dashes()
            case "re":
                guard case .string(let text) = value.content, drafts.count == 1 else {
                    throw value.error("`re` takes a text")
                }
                expression = text
            case "cidr":
                guard case .string(let text) = value.content, let block = AddressBlock(text) else {
                    throw value.error("`cidr` takes a block of addresses such as `10.0.0.0/8`")
                }
                drafts = [.operand(.block(block))]
            case "exists":
                guard hasField, case .bool(let flag) = value.content else {
                    throw value.error("`exists` is about a field, and takes `true` or `false`")
                }
                drafts = [.operand(.exists(flag))]
            case "fieldref":
                guard hasField, case .string(let name) = value.content else {
                    throw value.error("`fieldref` is about a field, and takes the name of another")
                }
                drafts = [.operand(.reference(name))]
            default:
                if let comparison = SigmaOperand.Comparison(rawValue: modifier) {
                    guard case .number(let text) = value.content, let number = Double(text) else {
                        throw value.error("`\(modifier)` takes a number")
                    }
                    drafts = [.operand(.comparison(comparison, number))]
                    return
                }
                throw ResourceError(at: location, Self.unknown(modifier))
            }
        }

        private static func unknown(_ modifier: String) -> String {
            let others = ["expand", "minute", "hour", "day", "week", "month", "year"]
            if others.contains(modifier) { return "the modifier `\(modifier)` is not evaluated here" }
            let known =
                [
                    "all", "base64", "base64offset", "cased", "cidr", "contains", "endswith", "exists", "fieldref",
                    "re",
                    "startswith", "utf16", "utf16be", "utf16le", "wide", "windash",
                ] + SigmaOperand.Comparison.allCases.map(\.rawValue)
            return "unknown modifier `\(modifier)`; \(suggestion(for: modifier, among: known))"
        }

        private mutating func change(_ change: (SigmaPattern) -> SigmaPattern) throws {
            drafts = try drafts.map { draft -> Draft in
                switch draft {
                case .pattern(let pattern): .pattern(change(pattern))
                case .operand(.plain(let text, _)): .pattern(change(SigmaPattern(literal: Array(text.utf8))))
                case .operand: throw value.error("the modifier takes a text")
                }
            }
        }

        private mutating func encode(_ encode: ([UInt8]) -> [[UInt8]]) throws {
            try change { $0 }
            drafts = try drafts.flatMap { draft -> [Draft] in
                guard case .pattern(let pattern) = draft, let bytes = pattern.literal else {
                    throw value.error("what is encoded has no wildcards")
                }
                return encode(bytes).map { .pattern(SigmaPattern(literal: $0)) }
            }
        }

        private static func utf16(_ bytes: [UInt8], bigEndian: Bool) -> [UInt8] {
            String(decoding: bytes, as: UTF8.self).utf16.flatMap { unit in
                let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
                return bigEndian ? [high, low] : [low, high]
            }
        }

        /// The three forms that bytes have in Base64, by where they stand in it, without what depends on their neighbours.
        private static func base64Offsets(_ bytes: [UInt8]) -> [[UInt8]] {
            (0..<3).map { offset in
                let whole = Array(Data([UInt8](repeating: 0x20, count: offset) + bytes).base64EncodedString().utf8)
                let end = [0, 3, 2][(bytes.count + offset) % 3]
                return Array(whole.dropFirst([0, 2, 3][offset]).dropLast(end))
            }
        }

        /// Every way to write the dashes before parameters: `-`, `/`, and the dashes that word processors make of them.
        private mutating func dashes() throws {
            try change { $0 }
            drafts = try drafts.flatMap { draft -> [Draft] in
                guard case .pattern(let pattern) = draft else { return [draft] }
                guard let forms = pattern.expanded(Self.dashForms, limit: 625) else {
                    throw value.error("`windash` takes at most 4 dashes")
                }
                return forms.map { .pattern($0) }
            }
        }

        private static func dashForms(_ bytes: [UInt8]) -> [[UInt8]] {
            func isWord(_ index: Int) -> Bool {
                guard bytes.indices.contains(index) else { return false }
                let byte = bytes[index]
                return byte >= 0x80 || byte == UInt8(ascii: "_")
                    || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
            }
            // Those that begin a parameter: behind no word, and before one.
            let places = bytes.indices.filter {
                (bytes[$0] == UInt8(ascii: "-") || bytes[$0] == UInt8(ascii: "/")) && !isWord($0 - 1) && isWord($0 + 1)
            }
            var forms = [bytes]
            for place in places.prefix(5).reversed() {
                forms = forms.flatMap { form in
                    ["-", "/", "\u{2013}", "\u{2014}", "\u{2015}"].map {
                        Array(form[..<place]) + Array($0.utf8) + Array(form[(place + 1)...])
                    }
                }
            }
            return forms
        }
    }
}
