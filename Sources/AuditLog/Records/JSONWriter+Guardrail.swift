import ZeroTrust

extension JSONWriter {
    /// What a guardrail found, what it did about it, and where.
    mutating func guardrail(_ guardrail: DecisionRecord.Guardrail, _ limits: RecordEncoding.Limits) {
        beginObject()
        if let action = guardrail.action {
            name("action")
            string(action, limit: limits.text, field: "guardrail.action")
        }
        if let basis = guardrail.basis {
            name("basis")
            string(basis, limit: min(64, limits.text), field: "guardrail.basis")
        }
        if let range = guardrail.range {
            name("end")
            integer(UInt64(clamping: range.upperBound))
        }
        if let field = guardrail.field {
            name("field")
            string(field, limit: limits.file, field: "guardrail.field")
        }
        write(guardrail.findings, limits)
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

    /// As many findings as there is room for, and how many there were beside.
    private mutating func write(_ findings: [DecisionRecord.Guardrail.Finding], _ limits: RecordEncoding.Limits) {
        guard !findings.isEmpty else { return }
        let written = findings.prefix(limits.findings)
        if !written.isEmpty {
            name("findings")
            beginArray()
            for (place, finding) in written.enumerated() { write(finding, at: place, limits) }
            endArray()
        }
        if written.count < findings.count {
            name("findings_omitted")
            integer(UInt64(findings.count - written.count))
        }
    }

    private mutating func write(
        _ finding: DecisionRecord.Guardrail.Finding,
        at place: Int,
        _ limits: RecordEncoding.Limits
    ) {
        beginObject()
        name("channel")
        string(finding.channel, limit: limits.text, field: "guardrail.findings[].channel", at: place)
        name("end")
        integer(UInt64(clamping: finding.range.upperBound))
        name("field")
        string(finding.field, limit: limits.file, field: "guardrail.findings[].field", at: place)
        name("rule")
        string(finding.rule, limit: limits.text, field: "guardrail.findings[].rule", at: place)
        if let score = finding.score {
            name("score")
            integer(signed: score)
        }
        name("start")
        integer(UInt64(clamping: finding.range.lowerBound))
        if let threshold = finding.threshold {
            name("threshold")
            integer(signed: threshold)
        }
        endObject()
    }
}
