public import FoundationEssentials

/// When an authority's certificate is succeeded: SPIRE's schedule, so that whoever knows one knows the other.
///
/// The next certificate is published well before it signs, so that every bundle holds it by then, and it signs well
/// before the last one ends, so that everything signed by the last one ends first.
public struct RotationSchedule: Hashable, Sendable {
    /// How long an authority's own certificate lives.
    public var authorityLifetime: TimeInterval
    /// How long a forced successor is published before it signs.
    public var overlap: TimeInterval

    /// SPIRE's default for a self-made authority.
    public static let defaultAuthorityLifetime: TimeInterval = 24 * 3600
    /// How long an expired certificate stays in the bundle.
    public static let pruneDelay: TimeInterval = 24 * 3600
    /// How far back `notBefore` is set, for peers whose clocks run late.
    public static let backdate: TimeInterval = 10

    /// A schedule for authorities of a lifetime.
    ///
    /// - Parameters:
    ///   - authorityLifetime: how long an authority's own certificate lives.
    ///   - overlap: how long a forced successor is published before it signs.
    public init(authorityLifetime: TimeInterval = defaultAuthorityLifetime, overlap: TimeInterval = 30) {
        self.authorityLifetime = authorityLifetime
        self.overlap = overlap
    }

    /// The longest that an X.509-SVID may live: a sixth of the authority's life.
    public var maximumSVIDLifetime: TimeInterval { authorityLifetime / 6 }

    /// When the successor of a certificate is made and published: half of its life before the end, at most 30 days.
    public static func preparation(notBefore: Date, notAfter: Date) -> Date {
        notAfter - min(notAfter.timeIntervalSince(notBefore) / 2, 30 * 86400)
    }

    /// When the successor takes over: a sixth of the life before the end, at most 7 days.
    public static func activation(notBefore: Date, notAfter: Date) -> Date {
        notAfter - min(notAfter.timeIntervalSince(notBefore) / 6, 7 * 86400)
    }
}
