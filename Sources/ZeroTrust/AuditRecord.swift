/// One entry of the audit log.
public enum AuditRecord: Hashable, Sendable {
    /// What was decided about a request.
    case decision(DecisionRecord)
    /// How a request ended.
    case completion(CompletionRecord)
    /// Refusals before an identity was known.
    case refusals(AggregateRefusalRecord)
    /// What was done to what Lapwing keeps.
    case act(ActRecord)
    /// What was kept of a request's bodies.
    case bodies(BodyRecord)
    /// Requests whose bodies were not kept.
    case sampling(SamplingRecord)

    /// The record's id.
    public var id: RequestID {
        switch self {
        case .decision(let record): record.id
        case .completion(let record): record.id
        case .refusals(let record): record.id
        case .act(let record): record.id
        case .bodies(let record): record.id
        case .sampling(let record): record.id
        }
    }

    /// When the record was made.
    public var time: Timestamp {
        switch self {
        case .decision(let record): record.time
        case .completion(let record): record.time
        case .refusals(let record): record.second
        case .act(let record): record.time
        case .bodies(let record): record.time
        case .sampling(let record): record.time
        }
    }
}
