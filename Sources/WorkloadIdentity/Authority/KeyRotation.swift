public import FoundationEssentials

/// A key of an authority and where it stands in its life.
public protocol RotatingKey: Hashable, Sendable {
    /// Its name, in the key store as well.
    var id: String { get }
    /// Which authority of the trust domain made it.
    var authority: String { get }
    /// Where it stands.
    var status: AuthoritySlot.Status { get set }
    /// The start of its life.
    var notBefore: Date { get }
    /// The end of its life.
    var notAfter: Date { get }
    /// When it takes over, where somebody asked for that ahead of the schedule.
    var activatesAt: Date? { get set }
    /// When it stopped signing.
    var retiredAt: Date? { get set }
}

/// The life of the keys that an authority signs with, certificates or tokens: an event comes in, what has to be done
/// comes out.
///
/// It reads no clock, makes no key and stores nothing, so a schedule of years runs in a test in no time. ``Authority``
/// performs the actions and stores ``keys``.
///
/// ```swift
/// var rotation = KeyRotation(authority: "a", keys: state.tokenKeys, schedule: schedule)
/// for action in rotation.handle(.tick(now)) { … }
/// ```
public struct KeyRotation<Key: RotatingKey>: Sendable {
    /// What happens.
    public enum Event: Sendable {
        /// Time passes.
        case tick(Date)
        /// The keys that the key store holds, told once before the first tick: what is missing there cannot sign any
        /// more, and is only published until it ends.
        case keysPresent(Set<String>)
        /// A key was made, as ``Action/prepare`` asked.
        case prepared(Key, at: Date)
        /// Somebody wants the next key made and published now, to take over on schedule.
        case preparationRequested(Date)
        /// Somebody wants a new key: published now, and signing after the overlap.
        case rotationRequested(Date)
        /// Somebody wants the prepared key to take over now, whoever has not heard of it yet.
        case activationRequested(Date)
        /// Somebody wants what no longer signs out of the bundle: where `force` is set at once, else only what has
        /// signed nothing that still lives.
        case pruningRequested(Date, force: Bool)
    }

    /// What is to be done.
    public enum Action: Hashable, Sendable {
        /// Make a key, with its certificate where it has one, and report it as ``Event/prepared(_:at:)``.
        case prepare
        /// Sign with this key from now on.
        case activate(String)
        /// Forget these keys, once the state is stored.
        case deleteKeys([String])
    }

    /// Whose keys this machine prepares and activates.
    public let authority: String
    /// The keys of the whole trust domain, oldest first.
    public private(set) var keys: [Key]
    /// When things happen.
    public let schedule: RotationSchedule
    // A rotation was asked for, and its key is being made.
    private var isRotating = false

    /// A machine over stored keys.
    public init(authority: String, keys: [Key], schedule: RotationSchedule) {
        self.authority = authority
        self.keys = keys
        self.schedule = schedule
    }

    /// The key that signs now.
    public var active: Key? { own(.active) }
    /// The key that signs next.
    public var prepared: Key? { own(.prepared) }

    /// Takes an event and says what is to be done, in order.
    public mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .tick(let now):
            return prune(at: now) + step(at: now)
        case .keysPresent(let present):
            for index in keys.indices where keys[index].authority == authority && !present.contains(keys[index].id) {
                keys[index].status = .old
            }
            return []
        case .prepared(let key, let now):
            keys.append(key)
            guard isRotating else { return step(at: now) }
            isRotating = false
            return handle(.rotationRequested(now))
        case .preparationRequested(let now):
            return prepared.map { Self.canSign($0, at: now) } ?? false ? [] : [.prepare]
        case .rotationRequested(let now):
            guard let prepared, Self.canSign(prepared, at: now) else {
                isRotating = true
                return [.prepare]
            }
            let moment = now + schedule.overlap
            update(prepared.id) { $0.activatesAt = min($0.activatesAt ?? .distantFuture, moment) }
            return step(at: now)
        case .activationRequested(let now):
            guard let prepared else { return [] }
            update(prepared.id) { $0.activatesAt = now }
            return step(at: now)
        case .pruningRequested(let now, let force):
            keys.removeAll { key in
                key.authority == authority && key.status == .old
                    && (force || key.retiredAt.map { now >= $0 + schedule.maximumSVIDLifetime } ?? false)
            }
            return []
        }
    }

    /// The next move of our own keys.
    private mutating func step(at now: Date) -> [Action] {
        guard let active, Self.canSign(active, at: now) else {
            // Nothing can sign: whatever is prepared takes over at once.
            guard let prepared, Self.canSign(prepared, at: now) else { return [.prepare] }
            return activate(prepared, at: now)
        }
        guard let prepared, Self.canSign(prepared, at: now) else {
            let due = RotationSchedule.preparation(notBefore: active.notBefore, notAfter: active.notAfter)
            return now >= due ? [.prepare] : []
        }
        let scheduled = RotationSchedule.activation(notBefore: active.notBefore, notAfter: active.notAfter)
        return now >= min(scheduled, prepared.activatesAt ?? .distantFuture) ? activate(prepared, at: now) : []
    }

    /// Whether what a key signs now is valid: one from the future was made while the clock was wrong.
    private static func canSign(_ key: Key, at now: Date) -> Bool { key.notBefore <= now && now < key.notAfter }

    private mutating func activate(_ key: Key, at now: Date) -> [Action] {
        let retired = keys.filter { $0.authority == authority && $0.status == .active }.map(\.id)
        for id in retired {
            update(id) {
                $0.status = .old
                $0.retiredAt = now
            }
        }
        update(key.id) {
            $0.status = .active
            $0.activatesAt = nil
        }
        return [.activate(key.id)] + (retired.isEmpty ? [] : [.deleteKeys(retired)])
    }

    /// Takes out of the bundle what ended a day ago, whichever authority made it.
    private mutating func prune(at now: Date) -> [Action] {
        let ended = keys.filter { now >= $0.notAfter + RotationSchedule.pruneDelay }
        guard !ended.isEmpty else { return [] }
        let ids = Set(ended.map(\.id))
        keys.removeAll { ids.contains($0.id) }
        let unused = ended.filter { $0.authority == authority && $0.status != .old }.map(\.id)
        return unused.isEmpty ? [] : [.deleteKeys(unused)]
    }

    private func own(_ status: AuthoritySlot.Status) -> Key? {
        keys.last { $0.authority == authority && $0.status == status }
    }

    private mutating func update(_ id: String, _ body: (inout Key) -> Void) {
        for index in keys.indices where keys[index].id == id { body(&keys[index]) }
    }
}
