public import ZeroTrust

/// What a CUSTOM rule asks of an external provider about one request.
///
/// Only ``PolicyEngine`` makes one. The answer is made from it and names the request that was asked about, so that an
/// answer to one request permits no other.
public struct ExternalQuestion: Sendable, Hashable {
    /// The provider to ask, by the name in the policy.
    public let provider: String
    /// The rule that asks.
    public let rule: RuleReference
    /// The request that is asked about.
    public let requestID: RequestID
    /// The decision so far, for the record of a request whose provider is never asked.
    public let decision: Decision

    /// The provider's answer to this question.
    public func answered(_ verdict: ExternalVerdict) -> ExternalAnswer {
        ExternalAnswer(provider: provider, requestID: requestID, verdict: verdict)
    }
}

/// A provider's answer to one ``ExternalQuestion``.
public struct ExternalAnswer: Sendable, Hashable {
    /// The provider that was asked.
    public let provider: String
    /// The request that it was asked about.
    public let requestID: RequestID
    /// What it said.
    public let verdict: ExternalVerdict
}
