/// The life of an authority's certificates, and of the bundle that these make.
///
/// It is a ``KeyRotation`` of certificates that keeps the state's sequence number with them.
///
/// ```swift
/// var rotation = AuthorityRotation(authority: "a", state: stored, schedule: schedule)
/// for action in rotation.handle(.tick(now)) { … }
/// ```
public struct AuthorityRotation: Sendable {
    /// What happens.
    public typealias Event = KeyRotation<AuthoritySlot>.Event
    /// What is to be done.
    public typealias Action = KeyRotation<AuthoritySlot>.Action

    /// The certificates of the whole trust domain.
    public private(set) var state: AuthorityState
    private var certificates: KeyRotation<AuthoritySlot>

    /// A machine over a stored state.
    public init(authority: String, state: AuthorityState, schedule: RotationSchedule) {
        self.state = state
        self.certificates = KeyRotation(authority: authority, keys: state.slots, schedule: schedule)
    }

    /// Whose certificates this machine prepares and activates.
    public var authority: String { certificates.authority }
    /// When things happen.
    public var schedule: RotationSchedule { certificates.schedule }
    /// The certificate that signs now.
    public var active: AuthoritySlot? { certificates.active }
    /// The certificate that signs next.
    public var prepared: AuthoritySlot? { certificates.prepared }

    /// Takes an event and says what is to be done, in order.
    public mutating func handle(_ event: Event) -> [Action] {
        let actions = certificates.handle(event)
        let slots = certificates.keys
        state.change { $0 = slots }
        return actions
    }

    /// Puts the keys for tokens beside the certificates.
    mutating func take(_ tokenKeys: [TokenKeySlot]) {
        state.change(tokenKeys: tokenKeys)
    }
}
