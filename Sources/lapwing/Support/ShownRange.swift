/// How ranges are written for people, everywhere alike: the first and the last, both counted; one alone where they are one.
enum ShownRange {
    /// Of bytes that begin at one place and end before another; `-` where there are none.
    static func text(from start: Int, to end: Int) -> String {
        guard end > start else { return "-" }
        return end - start == 1 ? "\(start)" : "\(start)-\(end - 1)"
    }

    /// Of bytes.
    static func text(_ range: Range<Int>) -> String { text(from: range.lowerBound, to: range.upperBound) }
}
