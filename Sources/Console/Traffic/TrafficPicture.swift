package import ZeroTrust

/// What the newest records come to: who calls whom, how often, with which models.
///
/// It is bounded in everything, whoever writes the records. A value without a clock: the same records give the same picture.
package struct TrafficPicture: Sendable {
    /// A path, and how it stands to what is declared.
    package struct Path: Hashable, Sendable {
        /// Who calls.
        package let caller: String
        /// Who is called.
        package let callee: String
        /// Whether nobody declared it.
        package let isUndeclared: Bool
    }

    /// What was seen of a path, or of a use.
    package struct Tally: Hashable, Sendable {
        /// How many requests.
        package var count: UInt64 = 0
        /// How many of them were refused.
        package var refused: UInt64 = 0
        /// Whether any was in plaintext.
        package var isPlaintext = false
        /// When it was seen first.
        package var first: Timestamp
        /// When it was seen last.
        package var last: Timestamp
    }

    /// A caller's use of a model.
    package struct Use: Hashable, Sendable {
        /// Who.
        package let caller: String
        /// Which model.
        package let model: String
    }

    /// A model that a workload says in its certificate it has loaded.
    package struct Loaded: Hashable, Sendable {
        /// The workload.
        package let identity: String
        /// The model's digest.
        package let digest: String
        /// Who signed it; nil for nobody.
        package let signer: String?
    }

    /// What happened in a minute.
    package struct Minute: Hashable, Sendable {
        /// Requests that were let through.
        package var allowed: UInt64 = 0
        /// Requests and connections that were refused.
        package var denied: UInt64 = 0
        /// Requests and answers that a guardrail refused.
        package var guarded: UInt64 = 0
    }

    /// The last certificate that an identity was given.
    package struct Issuance: Hashable, Sendable {
        /// When it was issued.
        package let issued: Timestamp
        /// When it ends.
        package let expires: Timestamp

        /// A certificate.
        package init(issued: Timestamp, expires: Timestamp) {
            self.issued = issued
            self.expires = expires
        }
    }

    /// Paths.
    package private(set) var paths: [Path: Tally] = [:]
    /// Uses of models.
    package private(set) var uses: [Use: Tally] = [:]
    /// Models that callers have loaded.
    package private(set) var loaded: [Loaded: Tally] = [:]
    /// Minutes by their number since 1970.
    package private(set) var minutes: [Int64: Minute] = [:]
    /// The last certificates by identity.
    package private(set) var issued: [String: Issuance] = [:]
    /// The newest requests, the newest last.
    package private(set) var rows: [Sighting] = []
    /// Requests over mutual TLS, of those that came in.
    package private(set) var secured: UInt64 = 0
    /// Requests in plaintext, of those that came in.
    package private(set) var plaintext: UInt64 = 0
    /// Sightings that are in no count of paths, uses or models, because there were too many.
    package private(set) var dropped: UInt64 = 0

    package static let maximumPaths = 4_000
    package static let maximumUses = 2_000
    package static let maximumIdentities = 20_000
    package static let maximumRows = 200
    /// The minutes that are shown.
    package static let minutesShown: Int64 = 60

    /// Nothing seen.
    package init() {}

    /// What hosts outside are called that were refused: whoever calls makes their names up.
    package static let refusedHosts = "refused hosts"
    /// What models are called of which no use was allowed.
    package static let refusedModels = "refused models"

    /// Takes a request.
    package mutating func take(_ seen: Sighting) {
        let caller = Self.caller(seen)
        var path = Path(caller: caller, callee: seen.callee, isUndeclared: seen.isUndeclared)
        if !seen.isAllowed, seen.isOutbound, paths[path] == nil {
            path = Path(caller: caller, callee: Self.refusedHosts, isUndeclared: seen.isUndeclared)
        }
        dropped += Self.add(&paths, path, seen, Self.maximumPaths)
        if let model = seen.model {
            var use = Use(caller: caller, model: model)
            if !seen.isAllowed, uses[use] == nil { use = Use(caller: caller, model: Self.refusedModels) }
            dropped += Self.add(&uses, use, seen, Self.maximumUses)
        }
        if let digest = seen.digest {
            let key = Loaded(identity: caller, digest: digest, signer: seen.signer)
            dropped += Self.add(&loaded, key, seen, Self.maximumUses)
        }
        if !seen.isOutbound {
            if seen.isPlaintext { plaintext += 1 } else { secured += 1 }
        }
        count(at: seen.time) { minute in
            if seen.isAllowed { minute.allowed += 1 } else { minute.denied += 1 }
            if seen.isGuarded { minute.guarded += 1 }
        }
        rows.append(seen)
        if rows.count > 2 * Self.maximumRows { rows.removeFirst(rows.count - Self.maximumRows) }
    }

    /// Takes connections that were refused before anybody was known.
    package mutating func take(refusals: UInt64, at time: Timestamp) {
        count(at: time) { $0.denied &+= refusals }
    }

    /// Takes an answer that a guardrail refused.
    package mutating func take(refusedAnswerAt time: Timestamp) {
        count(at: time) { $0.guarded += 1 }
    }

    /// Takes the issuing of a certificate.
    package mutating func take(_ issuance: Issuance, of identity: String) {
        guard issued[identity] != nil || issued.count < Self.maximumIdentities else { return dropped += 1 }
        guard issuance.expires.nanoseconds >= issued[identity]?.expires.nanoseconds ?? .min else { return }
        issued[identity] = issuance
    }

    /// The minutes that are shown, the newest last.
    package func recent(at now: Timestamp) -> [Minute] {
        let last = Self.minute(now)
        return ((last - Self.minutesShown + 1)...last).map { minutes[$0] ?? Minute() }
    }

    /// Requests after an entry, oldest first.
    package func rows(after entry: UInt64) -> [Sighting] { rows.filter { $0.entry > entry } }

    /// Callers without an identity are one, whatever their addresses.
    private static func caller(_ seen: Sighting) -> String {
        seen.caller.hasPrefix("anonymous@") ? "anonymous@" : seen.caller
    }

    private static func minute(_ time: Timestamp) -> Int64 { time.nanoseconds / 60_000_000_000 }

    private mutating func count(at time: Timestamp, _ change: (inout Minute) -> Void) {
        change(&minutes[Self.minute(time), default: Minute()])
        guard minutes.count > 2 * Int(Self.minutesShown), let newest = minutes.keys.max() else { return }
        minutes = minutes.filter { $0.key > newest - Self.minutesShown }
    }

    /// Adds a request to a tally; returns how many found no room.
    private static func add<Key>(
        _ tallies: inout [Key: Tally],
        _ key: Key,
        _ seen: Sighting,
        _ limit: Int
    ) -> UInt64 {
        guard tallies[key] != nil || tallies.count < limit else { return 1 }
        var tally = tallies[key] ?? Tally(first: seen.time, last: seen.time)
        tally.count += 1
        if !seen.isAllowed { tally.refused += 1 }
        if seen.isPlaintext, !seen.isOutbound { tally.isPlaintext = true }
        tally.last = seen.time
        tallies[key] = tally
        return 0
    }
}
