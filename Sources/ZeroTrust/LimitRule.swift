/// The rules of a guardrail that say how much was asked for, or that there was no room to judge it.
///
/// A refusal by one of these says nothing of what was asked, so that whoever counts attacks leaves it out. Records carry the
/// raw value as the rule's name.
public enum LimitRule: String, Hashable, Sendable, CaseIterable {
    /// More requests at once than the caller may have.
    case tooManyConcurrent = "too_many_concurrent"
    /// More requests in a time than the caller may send.
    case requestRate = "request_rate"
    /// More tokens in a time than the caller may ask for.
    case tokenRate = "token_rate"
    /// More in one request than may ever be had at once.
    case moreThanBurst = "more_than_burst"
    /// A prompt of too many tokens.
    case tooManyTokens = "too_many_tokens"
    /// A request without a limit of the tokens of its answer, where one has to be set.
    case outputLimitMissing = "output_limit_missing"
    /// A limit of the tokens of the answer that is too high.
    case outputLimitTooHigh = "output_limit_too_high"
    /// No room to judge the request, or its answer, now.
    case guardOverloaded = "guard_overloaded"
}
