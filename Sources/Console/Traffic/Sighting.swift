package import ZeroTrust

/// One request as the console counts it.
package struct Sighting: Hashable, Sendable {
    /// The entry of its decision in the log.
    package var entry: UInt64
    /// The request's id.
    package var id: String
    /// When it was decided on.
    package var time: Timestamp
    /// Who called: a SPIFFE ID, or `anonymous@ADDRESS`.
    package var caller: String
    /// Who was called: a workload's SPIFFE ID, or a host outside.
    package var callee: String
    /// What was asked: `POST /v1/predict`.
    package var asked: String
    /// Whether it was let through.
    package var isAllowed: Bool
    /// On what grounds.
    package var reason: String
    /// The rule that decided, `NAMESPACE/NAME:INDEX`; nil where none did.
    package var rule: String?
    /// Whether nobody has declared the path that it took.
    package var isUndeclared = false
    /// Whether the connection was in plaintext.
    package var isPlaintext = false
    /// Whether it went outside.
    package var isOutbound = false
    /// Whether a guardrail refused it.
    package var isGuarded = false
    /// The model that was asked for.
    package var model: String?
    /// The digest of the model that the caller has loaded.
    package var digest: String?
    /// Who signed that.
    package var signer: String?

    /// A request.
    package init(
        entry: UInt64,
        id: String,
        time: Timestamp,
        caller: String,
        callee: String,
        asked: String,
        isAllowed: Bool,
        reason: String,
        rule: String?
    ) {
        self.entry = entry
        self.id = id
        self.time = time
        self.caller = caller
        self.callee = callee
        self.asked = asked
        self.isAllowed = isAllowed
        self.reason = reason
        self.rule = rule
    }
}
