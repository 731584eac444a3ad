/// Finds the lines of a head as its bytes arrive, each ended by CRLF and by nothing else.
///
/// The caller passes the same bytes from the head's start each time, with more at the end; what was searched is not
/// searched again.
struct LineScanner: Sendable {
    /// Where the line that is being read begins.
    private(set) var position = 0
    private var searched = 0

    /// The next whole line without its CRLF, or nil until more has come.
    mutating func next(_ bytes: Span<UInt8>, limit: Int) throws(HTTP1Refusal) -> Range<Int>? {
        let end = min(bytes.count, limit)
        while searched < end {
            searched = bytes.skipPrintable(searched..<end)
            guard searched < end else { break }
            switch bytes[searched] {
            case UInt8(ascii: "\r"):
                guard searched + 1 < end else {
                    guard searched + 1 < limit else { throw HTTP1Refusal(.headTooLarge) }
                    return nil
                }
                guard bytes[searched + 1] == UInt8(ascii: "\n") else { throw HTTP1Refusal(.bareCarriageReturn) }
                let line = position..<searched
                searched += 2
                position = searched
                return line
            case UInt8(ascii: "\n"): throw HTTP1Refusal(.bareLineFeed)
            default: searched += 1
            }
        }
        guard searched < limit else { throw HTTP1Refusal(.headTooLarge) }
        return nil
    }
}
