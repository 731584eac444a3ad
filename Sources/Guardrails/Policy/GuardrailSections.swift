import Resources

/// The sections of a guardrail that other parts of the module read.
extension Guardrail {
    /// Reads `injection` and `output`.
    ///
    /// What `injection` says of answers becomes part of `output`, which filters them.
    mutating func readSections(_ fields: inout FieldReader) throws {
        let dialect = dialect
        injection = try fields.optional("injection") { try InjectionSection($0, dialect: dialect) }
        output = try fields.optional("output") { value in
            try refuseSchema(beside: "output", value)
            return try OutputSection(value)
        }
        guard let injection, injection.looksAtAnswers || dialect == .mcp, let value = fields.value("injection") else {
            return
        }
        try refuseSchema(beside: "injection", value)
        if injection.systemPrompt != nil, output?.policy.promptLeak != nil {
            throw value.error("`systemPrompt` stands in `output` as well; say it in one of them")
        }
        guard injection.looksAtAnswers else { return }
        output = try OutputSection(injection.adding(to: output?.policy ?? OutputPolicy()), at: value)
    }

    private func refuseSchema(beside section: String, _ value: Value) throws {
        guard responseSchema != nil else { return }
        throw value.error(
            "an answer is either filtered or held against a schema: leave out what `\(section)` says of answers, or "
                + "`schema.response`"
        )
    }

    /// What judges by this guardrail: its sections become inspectors of requests and filters of answers here.
    public func makeStage() -> GuardrailStage {
        let filtered = output.map { OutputAnswers($0, taint: injection?.taint) }
        // What a server of tools answers is what a model reads next.
        let answers: (any AnswerFilterMaker)? =
            if let injection, dialect == .mcp { ProtocolAnswers(injection.policy, next: filtered) } else { filtered }
        return GuardrailStage(
            self,
            inspectors: injection.map { [InjectionInspector($0.policy)] } ?? [],
            answers: answers
        )
    }
}
