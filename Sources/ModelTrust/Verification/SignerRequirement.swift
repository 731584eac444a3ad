/// Signers of whom one has to have signed.
struct SignerRequirement: Sendable {
    /// The policy that asks for it; nil where the operator does.
    let name: String?
    let trusts: [SignerTrust]

    /// Why none of them did: the one reason, or that of each.
    func refusal(_ failures: [ModelRefusal]) -> ModelRefusal {
        // What a method cannot say about a bundle of another says nothing where others can.
        let telling = failures.filter { $0.code != .wrongMethod }
        let reasons = telling.isEmpty ? failures : telling
        guard let first = reasons.first else { return ModelRefusal(.policy, "nobody may sign it") }
        let message = reasons.map(\.message).joined(separator: "; ")
        guard let name else { return ModelRefusal(first.code, message) }
        return ModelRefusal(reasons.count == 1 ? first.code : .policy, "by the policy `\(name)`: \(message)")
    }
}
