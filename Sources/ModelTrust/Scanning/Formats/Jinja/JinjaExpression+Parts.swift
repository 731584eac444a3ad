extension JinjaExpression {
    /// The expressions that it is made of.
    var parts: [JinjaExpression] {
        switch kind {
        case .string, .integer, .constant, .name: []
        case .attribute(let base, _): [base]
        case .element(let base, let index): [base, index]
        case .slice(let base, let parts): [base] + parts
        case .call(let callee, let arguments): [callee] + arguments.map(\.value)
        case .filter(let base, _, let arguments), .test(let base, _, let arguments): [base] + arguments.map(\.value)
        case .unary(_, let operand): [operand]
        case .binary(_, let left, let right): [left, right]
        case .comparison(let first, let rest): [first] + rest.map(\.operand)
        case .conditional(let then, let test, let otherwise): [then, test] + (otherwise.map { [$0] } ?? [])
        case .list(let elements): elements
        case .dictionary(let pairs): pairs.flatMap { [$0.key, $0.value] }
        }
    }

    /// Whether it is a text, a number or a constant.
    var isLiteral: Bool {
        switch kind {
        case .string, .integer, .constant: true
        default: false
        }
    }

    /// Whether it is a text that is written out.
    var isText: Bool { if case .string = kind { true } else { false } }

    /// What a namespace begins with, where it makes one.
    var namespaceArguments: [JinjaArgument]? {
        guard case .call(let callee, let arguments) = kind, case .name("namespace") = callee.kind else { return nil }
        return arguments
    }

    /// Whether it is a text that is written out, in which `%` stands only in `%s`, `%d` and `%%`.
    var isPlainPattern: Bool {
        guard case .string(let text) = kind else { return false }
        return text.replacing("%%", with: "").split(separator: "%", omittingEmptySubsequences: false).dropFirst()
            .allSatisfy { $0.hasPrefix("s") || $0.hasPrefix("d") }
    }

    /// Whether it is written out and empty: `''`, `0`, `[]`, `none`, `false`.
    var isEmptyLiteral: Bool {
        switch kind {
        case .string(let text): text.isEmpty
        case .integer(let value): value == 0
        case .constant: true
        case .list(let elements): elements.isEmpty
        case .dictionary(let pairs): pairs.isEmpty
        default: false
        }
    }

    /// Whether it is a number above two that is written out, or one that is computed from such alone.
    var isCount: Bool {
        switch kind {
        case .integer(let value): value > 2
        case .unary("-", let operand): operand.isCount
        case .binary(_, let left, let right): left.isNumberAlone && right.isNumberAlone
        default: false
        }
    }

    /// Whether it is computed of numbers alone that are written out.
    var isNumberAlone: Bool {
        switch kind {
        case .integer: true
        case .unary(_, let operand): operand.isNumberAlone
        case .binary(_, let left, let right): left.isNumberAlone && right.isNumberAlone
        default: false
        }
    }
}
