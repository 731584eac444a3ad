import Resources

/// The sections of a guardrail that other parts of the module read.
extension Guardrail {
    /// Reads `injection` and `output`.
    ///
    /// A section that nothing acts on is refused, so that nobody believes to be guarded by it.
    mutating func readSections(_ fields: inout FieldReader) throws {
        if let value = fields.value("injection"), !value.isNull {
            throw value.error("`injection` is not available in this version; leave it out")
        }
        output = try fields.optional("output") { value in
            guard responseSchema == nil else {
                throw value.error(
                    "an answer is either filtered or held against a schema: leave out `output` or `schema.response`"
                )
            }
            return try OutputSection(value)
        }
    }

    /// What judges by this guardrail: its sections become inspectors of requests and filters of answers here.
    public func makeStage() -> GuardrailStage {
        GuardrailStage(self, inspectors: [], answers: output.map { OutputAnswers($0) })
    }
}
