import Monitoring
import ZeroTrust

/// Numbers without luck: SplitMix64.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return StableHash.mix(state)
    }
}

/// A Monday, 00:00 UTC.
let monday: Int64 = 1_795_392_000_000_000_000
/// The caller unless another is said.
let gateway = "spiffe://cluster.local/ns/ml-api/sa/api-gateway"
let second: Int64 = 1_000_000_000
let hour: Int64 = 3_600 * second
let day: Int64 = 24 * hour

/// An observation at a time after `monday`, in nanoseconds.
func seen(
    _ record: UInt64,
    at offset: Int64,
    _ caller: String = "spiffe://cluster.local/ns/ml-api/sa/api-gateway",
    _ callee: String = "ml-inference/inference-service",
    verb: String = "POST",
    source: LogSource = .lapwing,
    object: String = "",
    model: Observation.ModelReference? = nil,
    decision: Observation.Outcome = .allow,
    bytes: UInt64 = 0,
    rows: UInt64 = 0,
    tokens: UInt64 = 0,
    guardRule: String? = nil,
    wasGuarded: Bool = false,
    prompt: PromptTraits? = nil,
    marks: Observation.Marks = []
) -> Observation {
    Observation(
        source: source,
        record: record,
        time: Timestamp(nanoseconds: monday + offset),
        caller: caller,
        callee: callee,
        verb: verb,
        object: object,
        model: model,
        decision: decision,
        bytes: bytes,
        rows: rows,
        tokens: tokens,
        guardRule: guardRule,
        wasGuarded: wasGuarded,
        prompt: prompt,
        marks: marks
    )
}

/// A monitor that looks for a few types only.
func monitor(
    for types: Set<FindingType>,
    declared: (any DeclaredEdges)? = nil,
    _ change: (inout MonitorSettings) -> Void = { _ in }
) -> Monitor {
    var settings = MonitorSettings()
    settings.disabled = Set(FindingType.allCases).subtracting(types)
    change(&settings)
    return Monitor(settings: settings, declared: declared)
}
