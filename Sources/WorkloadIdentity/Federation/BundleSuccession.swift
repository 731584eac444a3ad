import SPIFFE

/// What becomes of a bundle that was fetched while another is held (Trust Domain and Bundle §4.1.1; SPIFFE Federation
/// §4.2).
///
/// A sequence number that is lower than that of the bundle held is an old document, such as a cache or an attacker
/// serves; taking it would believe again what was withdrawn. One without a number counts as the newest.
enum BundleSuccession: Hashable {
    /// It says what the one held says.
    case same
    /// It takes the place of the one held.
    case newer
    /// It says something else under the number of the one held, which the specification forbids. It counts, and is told of.
    case renumbered
    /// It is older than the one held, which stays.
    case older

    init(of next: SPIFFEBundle, after held: SPIFFEBundle?) {
        guard let held else {
            self = .newer
            return
        }
        if let last = held.sequence, let number = next.sequence, number < last {
            self = .older
        } else if next == held {
            self = .same
        } else if let last = held.sequence, next.sequence == last, !Self.saysTheSame(next, held) {
            self = .renumbered
        } else {
            self = .newer
        }
    }

    /// Whether the keys are the same, whatever the hint.
    private static func saysTheSame(_ left: SPIFFEBundle, _ right: SPIFFEBundle) -> Bool {
        left.x509Bundle == right.x509Bundle && left.jwtAuthorities == right.jwtAuthorities
            && left.witAuthorities == right.witAuthorities
    }
}
