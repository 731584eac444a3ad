public import FoundationEssentials

/// The life of an authority's certificates: an event comes in, what has to be done comes out.
///
/// It reads no clock, makes no key and stores nothing, so a schedule of years runs in a test in no time. ``Authority``
/// performs the actions and stores ``state``.
///
/// ```swift
/// var rotation = AuthorityRotation(authority: "a", state: stored, schedule: schedule)
/// for action in rotation.handle(.tick(now)) { … }
/// ```
public struct AuthorityRotation: Sendable {
    /// What happens.
    public enum Event: Sendable {
        /// Time passes.
        case tick(Date)
        /// The keys that the key store holds, told once before the first tick: without its key a certificate cannot
        /// sign any more, and is only published until it ends.
        case keysPresent(Set<String>)
        /// A certificate was made, as ``Action/prepare`` asked.
        case prepared(AuthoritySlot, at: Date)
        /// Somebody wants the next certificate made and published now, to take over on schedule.
        case preparationRequested(Date)
        /// Somebody wants a new certificate: published now, and signing after the overlap.
        case rotationRequested(Date)
        /// Somebody wants the prepared certificate to take over now, whoever has not heard of it yet.
        case activationRequested(Date)
        /// Somebody wants what no longer signs out of the bundle: where `force` is set at once, else only what has
        /// signed nothing that still lives.
        case pruningRequested(Date, force: Bool)
    }

    /// What is to be done.
    public enum Action: Hashable, Sendable {
        /// Make a key and a certificate and report it as ``Event/prepared(_:at:)``.
        case prepare
        /// Sign with this certificate from now on.
        case activate(String)
        /// Forget the keys of these certificates, once the state is stored.
        case deleteKeys([String])
    }

    /// Whose certificates this machine prepares and activates.
    public let authority: String
    /// The certificates of the whole trust domain.
    public private(set) var state: AuthorityState
    /// When things happen.
    public let schedule: RotationSchedule
    // A rotation was asked for, and its certificate is being made.
    private var isRotating = false

    /// A machine over a stored state.
    public init(authority: String, state: AuthorityState, schedule: RotationSchedule) {
        self.authority = authority
        self.state = state
        self.schedule = schedule
    }

    /// The certificate that signs now.
    public var active: AuthoritySlot? { own(.active) }
    /// The certificate that signs next.
    public var prepared: AuthoritySlot? { own(.prepared) }

    /// Takes an event and says what is to be done, in order.
    public mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .tick(let now):
            return prune(at: now) + step(at: now)
        case .keysPresent(let keys):
            let authority = authority
            state.change { slots in
                for index in slots.indices where slots[index].authority == authority && !keys.contains(slots[index].id)
                {
                    slots[index].status = .old
                }
            }
            return []
        case .prepared(let slot, let now):
            state.change { $0.append(slot) }
            guard isRotating else { return step(at: now) }
            isRotating = false
            return handle(.rotationRequested(now))
        case .preparationRequested:
            return prepared == nil ? [.prepare] : []
        case .rotationRequested(let now):
            guard let prepared else {
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
            let (authority, life) = (authority, schedule.maximumSVIDLifetime)
            state.change { slots in
                slots.removeAll {
                    $0.authority == authority && $0.status == .old
                        && (force || $0.retiredAt.map { now >= $0 + life } ?? false)
                }
            }
            return []
        }
    }

    /// The next move of our own certificates.
    private mutating func step(at now: Date) -> [Action] {
        guard let active, now < active.notAfter else {
            // Nothing can sign: whatever is prepared takes over at once.
            guard let prepared, now < prepared.notAfter else { return [.prepare] }
            return activate(prepared, at: now)
        }
        guard let prepared else {
            let due = RotationSchedule.preparation(notBefore: active.notBefore, notAfter: active.notAfter)
            return now >= due ? [.prepare] : []
        }
        let scheduled = RotationSchedule.activation(notBefore: active.notBefore, notAfter: active.notAfter)
        return now >= min(scheduled, prepared.activatesAt ?? .distantFuture) ? activate(prepared, at: now) : []
    }

    private mutating func activate(_ slot: AuthoritySlot, at now: Date) -> [Action] {
        let retired = state.slots.filter { $0.authority == authority && $0.status == .active }.map(\.id)
        for id in retired {
            update(id) {
                $0.status = .old
                $0.retiredAt = now
            }
        }
        update(slot.id) {
            $0.status = .active
            $0.activatesAt = nil
        }
        return [.activate(slot.id)] + (retired.isEmpty ? [] : [.deleteKeys(retired)])
    }

    /// Takes out of the bundle what ended a day ago, whichever authority made it.
    private mutating func prune(at now: Date) -> [Action] {
        let ended = state.slots.filter { now >= $0.notAfter + RotationSchedule.pruneDelay }
        guard !ended.isEmpty else { return [] }
        let ids = Set(ended.map(\.id))
        state.change { $0.removeAll { ids.contains($0.id) } }
        let keys = ended.filter { $0.authority == authority && $0.status != .old }.map(\.id)
        return keys.isEmpty ? [] : [.deleteKeys(keys)]
    }

    private func own(_ status: AuthoritySlot.Status) -> AuthoritySlot? {
        state.slots.last { $0.authority == authority && $0.status == status }
    }

    private mutating func update(_ id: String, _ body: (inout AuthoritySlot) -> Void) {
        state.change { slots in
            for index in slots.indices where slots[index].id == id { body(&slots[index]) }
        }
    }
}
