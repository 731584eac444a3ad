public import FoundationEssentials
public import ZeroTrust

/// One certificate of an authority and where it stands in its life.
///
/// The key stays with the key store.
public struct AuthoritySlot: RotatingKey, Codable {
    /// Where a certificate stands in its life.
    public enum Status: String, Sendable, Codable {
        /// Published in the bundle, and not signing yet.
        case prepared
        /// Signing.
        case active
        /// No longer signing; published until everything that it signed has ended.
        case old
    }

    /// The subject key identifier in hexadecimal; it names the key in the key store as well.
    public let id: String
    /// Which authority of the trust domain made it.
    public let authority: String
    /// Where it stands.
    public var status: Status
    /// The authority's certificate, then those between it and the anchor, as DER.
    public let chain: [[UInt8]]
    /// What the bundle publishes for it, as DER: itself when it is its own root.
    public let anchors: [[UInt8]]
    /// The start of its life.
    public let notBefore: Date
    /// The end of its life.
    public let notAfter: Date
    /// When it takes over, where somebody asked for that ahead of the schedule.
    public var activatesAt: Date?
    /// When it stopped signing; nothing that it signed lives for more than a sixth of its own life after that.
    public var retiredAt: Date?

    /// Whether it was succeeded ahead of its schedule, by command: what it signed is replaced at once.
    public var isReplacedEarly: Bool {
        guard status == .old, let retiredAt else { return false }
        return retiredAt < RotationSchedule.activation(notBefore: notBefore, notAfter: notAfter)
    }

    /// A slot.
    public init(
        id: String,
        authority: String,
        status: Status,
        chain: [[UInt8]],
        anchors: [[UInt8]],
        notBefore: Date,
        notAfter: Date,
        activatesAt: Date? = nil,
        retiredAt: Date? = nil
    ) {
        self.id = id
        self.authority = authority
        self.status = status
        self.chain = chain
        self.anchors = anchors
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.activatesAt = activatesAt
        self.retiredAt = retiredAt
    }
}

/// Everything that the authorities of one trust domain share: their certificates and keys for tokens, and the bundle that
/// these make.
public struct AuthorityState: Hashable, Sendable {
    /// The trust domain.
    public let trustDomain: TrustDomain
    /// Counts the writes; a write names the revision that it was decided on.
    public var revision: Int64
    /// The bundle's sequence number: it grows with every change of what is published (SPIFFE Trust Domain and Bundle §4.1.1).
    public private(set) var sequence: Int64
    /// The certificates of every authority, oldest first.
    public private(set) var slots: [AuthoritySlot]
    /// The keys for tokens of every authority, oldest first.
    public private(set) var tokenKeys: [TokenKeySlot]

    /// The state as it was stored, or that of a trust domain which has nothing yet.
    public init(
        trustDomain: TrustDomain,
        revision: Int64 = 0,
        sequence: Int64 = 0,
        slots: [AuthoritySlot] = [],
        tokenKeys: [TokenKeySlot] = []
    ) {
        self.trustDomain = trustDomain
        self.revision = revision
        self.sequence = sequence
        self.slots = slots
        self.tokenKeys = tokenKeys
    }

    /// The bundle: every anchor once, oldest first.
    public var anchors: [[UInt8]] {
        var seen: Set<[UInt8]> = []
        return slots.flatMap(\.anchors).filter { seen.insert($0).inserted }
    }

    /// Changes the certificates; the sequence grows where the bundle did change.
    mutating func change(_ body: (inout [AuthoritySlot]) -> Void) {
        let before = anchors
        body(&slots)
        if anchors != before { sequence += 1 }
    }

    /// Changes the keys for tokens; the sequence grows where a key was published or withdrawn.
    mutating func change(tokenKeys next: [TokenKeySlot]) {
        let isChanged = tokenKeys.map(\.id) != next.map(\.id)
        tokenKeys = next
        if isChanged { sequence += 1 }
    }
}
