/// Something that records are searched by; its raw value is what a search calls it.
public enum RecordField: String, Hashable, Sendable, CaseIterable {
    /// What a record is: `decision`, `refusals`, `act`, `bodies` or `sampling`. A request's decision and completion count as one.
    case kind
    /// What was decided: `allow` or `deny`, and for acts also `failed`.
    case decision
    /// The caller's SPIFFE ID, or who did an act.
    case caller
    /// The model that was asked for.
    case model
    /// The digest of the model that the caller's certificate says it has loaded.
    case digest
    /// The rule that decided: `NAMESPACE/NAME:INDEX`.
    case rule
    /// The rule of a guardrail that refused the request or its answer.
    case finding
    /// The path without its query.
    case path
    /// The method.
    case method
    /// The status that was sent.
    case status
    /// The grounds of the decision: `no_policy_allows`.
    case reason
    /// How the request ended: `client_left`.
    case ended
    /// What an act was: `entry.create`.
    case action
    /// The address that the request came from.
    case source
    /// The digest of the model that answered, as it was proved to be loaded at the upstream.
    case served

    /// The field's place among all, which does not change: indexes that were written keep it.
    public var number: Int {
        switch self {
        case .kind: 0
        case .decision: 1
        case .caller: 2
        case .model: 3
        case .digest: 4
        case .rule: 5
        case .finding: 6
        case .path: 7
        case .method: 8
        case .status: 9
        case .reason: 10
        case .ended: 11
        case .action: 12
        case .source: 13
        case .served: 14
        }
    }
}
