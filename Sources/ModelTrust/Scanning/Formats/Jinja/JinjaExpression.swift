/// An expression of a template.
struct JinjaExpression {
    indirect enum Kind {
        case string(String)
        /// A float is a three.
        case integer(Int)
        /// `true`, `false` or `none`.
        case constant
        case name(String)
        case attribute(JinjaExpression, String)
        case element(JinjaExpression, JinjaExpression)
        case slice(JinjaExpression, [JinjaExpression])
        case call(JinjaExpression, [JinjaArgument])
        case filter(JinjaExpression, String, [JinjaArgument])
        case test(JinjaExpression, String, [JinjaArgument])
        case unary(String, JinjaExpression)
        case binary(String, JinjaExpression, JinjaExpression)
        /// `a < b <= c`: the first operand, and each operator with what follows it.
        case comparison(JinjaExpression, [(sign: String, operand: JinjaExpression)])
        case conditional(then: JinjaExpression, test: JinjaExpression, otherwise: JinjaExpression?)
        case list([JinjaExpression])
        case dictionary([(key: JinjaExpression, value: JinjaExpression)])
    }

    let kind: Kind
    /// Where it begins in the template's UTF-8 text.
    let offset: Int
    /// How deep it nests.
    let depth: Int
}

/// An argument of a call, a filter or a test.
struct JinjaArgument {
    let name: String?
    let value: JinjaExpression
}
