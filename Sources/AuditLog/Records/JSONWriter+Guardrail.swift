import ZeroTrust

extension JSONWriter {
    /// What a guardrail refused, and where.
    mutating func guardrail(_ guardrail: DecisionRecord.Guardrail, _ limits: RecordEncoding.Limits) {
        beginObject()
        if let range = guardrail.range {
            name("end")
            integer(UInt64(clamping: range.upperBound))
        }
        if let field = guardrail.field {
            name("field")
            string(field, limit: limits.file, field: "guardrail.field")
        }
        name("name")
        string(guardrail.name, limit: limits.text, field: "guardrail.name")
        if let rule = guardrail.rule {
            name("rule")
            string(rule, limit: limits.text, field: "guardrail.rule")
        }
        if let range = guardrail.range {
            name("start")
            integer(UInt64(clamping: range.lowerBound))
        }
        endObject()
    }
}
