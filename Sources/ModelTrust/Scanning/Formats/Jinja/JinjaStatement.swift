/// A statement of a template.
indirect enum JinjaStatement {
    case text(String, offset: Int)
    case output(JinjaExpression)
    /// The branches with their tests, and what holds where none does.
    case choice([(test: JinjaExpression, body: [JinjaStatement])], otherwise: [JinjaStatement])
    case loop(JinjaLoop)
    case set([JinjaTarget], JinjaExpression)
    case capture(JinjaTarget, filters: [JinjaExpression], body: [JinjaStatement])
    case macro(name: String, parameters: [JinjaArgumentName], body: [JinjaStatement])
    /// `{% call macro() %}…{% endcall %}`
    case call(JinjaExpression, parameters: [JinjaArgumentName], body: [JinjaStatement])
    case with([(name: String, value: JinjaExpression)], body: [JinjaStatement])
    /// `{% filter … %}`, whose filters stand around an empty string, and `{% generation %}`, which has none.
    case around(JinjaExpression?, body: [JinjaStatement])
    /// `{% break %}` and `{% continue %}`.
    case jump(offset: Int)
}

/// A loop: `for a, b in values if condition`.
struct JinjaLoop {
    let names: [String]
    let values: JinjaExpression
    let condition: JinjaExpression?
    let body: [JinjaStatement]
    let otherwise: [JinjaStatement]
}

/// What a `set` assigns to: a name, or an attribute of a namespace.
struct JinjaTarget {
    let name: String
    let attribute: String?
    let offset: Int

    /// The name under which the checker keeps what is known of it.
    var key: String { attribute.map { "\(name).\($0)" } ?? name }
}

/// A parameter of a macro, and its default.
struct JinjaArgumentName {
    let name: String
    let value: JinjaExpression?
}
