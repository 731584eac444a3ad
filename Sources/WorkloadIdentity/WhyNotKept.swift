/// Where to look when the authority did not do what it cannot record.
///
/// Callers are not told where its files lie.
enum WhyNotKept {
    static let words = "; the authority's log says why, and `lapwing doctor` whether its disk is full"
}
