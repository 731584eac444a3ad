/// What a scan says of an artifact.
///
/// Only ``proven`` passes admission: what nobody understood is as unwelcome as what is known to be bad, and the two are
/// told apart because a person mends them differently.
public enum ScanVerdict: String, Hashable, Sendable, Comparable, CaseIterable, Codable {
    /// Every byte was understood, and none of them runs code.
    case proven
    /// Something was not understood: an unknown format, an opcode or name that is on no list, a broken file.
    case notProven = "not-proven"
    /// Loading it would run code that it brings, or reach out of its place.
    case unsafe

    /// From the best to the worst.
    public static func < (left: ScanVerdict, right: ScanVerdict) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .proven: 0
        case .notProven: 1
        case .unsafe: 2
        }
    }
}
