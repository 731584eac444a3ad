import Foundation
import ZeroTrust

/// M3: an identity's first access to a model, told apart from the first access to a new version of a model that it uses.
///
/// For each identity two sets of models are kept, of the current half of the memory's span and of the one before: so what
/// is exact takes a bit for each pair, and what was not used for long is forgotten.
struct FirstModelAccess: Detector {
    /// Nanoseconds of one of the two halves.
    let half: Int64

    private var models = NameTable(limit: Self.maximumModels)
    private var callers: [UInt32: Access] = [:]
    /// What the identities of each namespace use.
    private var groups: [String: Bits] = [:]
    private let maximumCallers: Int
    private var lastMarked = (name: "", marked: "name:")

    static let maximumModels = 1 << 16
    private static let maximumGroups = 1 << 16

    /// The models that one identity used.
    private struct Access {
        /// The half in which it was last seen.
        var half: Int64
        var current = Bits()
        var before = Bits()
        /// Names of models, whichever the version.
        var names = Bits()

        mutating func advance(to now: Int64) {
            guard now > half else { return }
            before = now == half + 1 ? current : Bits()
            current = Bits()
            half = now
        }
    }

    /// How many times a model found no room among those that are told apart.
    var refusedNames: UInt64 { models.refused }

    init(memory: Int64, maximumCallers: Int) {
        self.half = max(memory / 2, 1)
        self.maximumCallers = maximumCallers
    }

    mutating func observe(_ seen: Observed, _ book: inout Casebook) {
        let observation = seen.observation
        guard let model = observation.model, observation.decision != .deny, seen.caller != 0 else { return }
        let identity = model.digest.isEmpty ? model.name : model.digest
        guard !identity.isEmpty else { return }
        let number = models.number(of: identity, for: seen.caller)
        let name = model.name.isEmpty ? number : models.number(of: marked(model.name), for: seen.caller)
        guard number != 0 else { return }
        let now = seen.time / half
        // Most accesses are like one before, and change nothing.
        if let access = callers[seen.caller], access.half == now, access.current.contains(number),
            access.names.contains(name)
        {
            return
        }
        if callers[seen.caller] == nil {
            guard callers.count < maximumCallers else { return }
            callers[seen.caller] = Access(half: now)
        }
        let (isNew, knowsName, known) = note(seen.caller, number, name, now)
        guard isNew else { return }
        let group = Self.group(of: observation.caller)
        let peersUse = groups[group]?.contains(number) ?? false
        if groups.count < Self.maximumGroups || groups[group] != nil { groups[group, default: Bits()].insert(number) }
        guard seen.isPastLearning else { return }
        let isVersion = knowsName && name != number
        let key = FindingKey(.firstModelAccess, UInt64(isVersion ? name : seen.caller), isVersion ? 1 : 0)
        let severity: Severity = isVersion ? .info : peersUse ? .low : .medium
        book.report(key, seen, severity: severity, amount: 1) { _ in
            Signal(
                type: .firstModelAccess,
                severity: severity,
                subject: isVersion ? model.name : observation.caller,
                object: isVersion ? "" : identity,
                cause: isVersion
                    ? "callers of the model `\(model.name)` are served a new version, \(model.digest)"
                    : "`\(observation.caller)` asked the model `\(model.name.isEmpty ? identity : model.name)` for the "
                        + "first time" + (peersUse ? "; others of its namespace do" : ""),
                measure: .init(
                    baseline: Double(known),
                    observed: 1,
                    threshold: 0,
                    unit: "new models (usual: models used)"
                ),
                member: "\(observation.caller) \(identity)",
                groupCause: isVersion
                    ? "callers of the model `\(model.name)` are served a new version"
                    : "models asked by `\(observation.caller)` for the first time"
            )
        }
    }

    /// A model's name as it stands among the digests; made once for accesses in turn to the same.
    private mutating func marked(_ name: String) -> String {
        if lastMarked.name != name { lastMarked = (name, "name:" + name) }
        return lastMarked.marked
    }

    /// Notes an access; says whether it is the first within memory, and how many models the caller knew.
    private mutating func note(
        _ caller: UInt32,
        _ model: UInt32,
        _ name: UInt32,
        _ now: Int64
    ) -> (isNew: Bool, knowsName: Bool, known: Int) {
        guard var access = callers[caller] else { return (false, false, 0) }
        callers[caller] = nil
        defer { callers[caller] = access }
        access.advance(to: now)
        let isNew = !access.current.contains(model) && !access.before.contains(model)
        let knowsName = access.names.contains(name)
        let known = isNew ? access.current.count : 0
        access.current.insert(model)
        access.names.insert(name)
        return (isNew, knowsName, known)
    }

    /// What identities of a kind share: the SPIFFE ID up to its service account, an ARN up to its last part.
    static func group(of caller: String) -> String {
        if let range = caller.range(of: "/sa/") { return String(caller[..<range.lowerBound]) }
        guard let slash = caller.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return String(caller[..<slash])
    }

    mutating func setBack(to time: Int64) {
        for caller in callers.values.indices {
            callers.values[caller].half = min(callers.values[caller].half, time / half)
        }
    }

    func write(to writer: inout StateWriter) {
        models.write(to: &writer)
        writer.write(UInt64(callers.count))
        for (caller, access) in callers.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt64(caller))
            writer.write(access.half)
            access.current.write(to: &writer)
            access.before.write(to: &writer)
            access.names.write(to: &writer)
        }
        writer.write(UInt64(groups.count))
        for (group, bits) in groups.sorted(by: { $0.key < $1.key }) {
            writer.write(group)
            bits.write(to: &writer)
        }
    }

    mutating func restore(from reader: inout StateReader) throws(MonitoringError) {
        models = try NameTable(from: &reader)
        callers = [:]
        for _ in 0..<(try reader.count(of: 5)) {
            let caller = UInt32(clamping: try reader.number())
            var access = Access(half: try reader.signed())
            access.current = try Bits(from: &reader)
            access.before = try Bits(from: &reader)
            access.names = try Bits(from: &reader)
            callers[caller] = access
        }
        groups = [:]
        for _ in 0..<(try reader.count(of: 2)) {
            let group = try reader.string()
            groups[group] = try Bits(from: &reader)
        }
    }
}
