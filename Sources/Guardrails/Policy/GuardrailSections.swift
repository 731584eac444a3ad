import Resources

/// The sections of a guardrail that other parts of the module read.
extension Guardrail {
    /// Reads `injection` and `output`.
    ///
    /// A section that nothing acts on is refused, so that nobody believes to be guarded by it.
    mutating func readSections(_ fields: inout FieldReader) throws {
        for name in ["injection", "output"] {
            guard let value = fields.value(name), !value.isNull else { continue }
            throw value.error("`\(name)` is not available in this version; leave it out")
        }
    }

    /// What judges by this guardrail: its sections become inspectors of requests and filters of answers here.
    public func makeStage() -> GuardrailStage {
        GuardrailStage(self, inspectors: [], answers: nil)
    }
}
