/// Matching with `*`, which stands for any bytes, none included.
package enum Wildcard {
    /// Whether a text fits a pattern, in time proportional to the product of their lengths at the most.
    package static func matches(_ pattern: some Sequence<UInt8>, _ text: some Sequence<UInt8>) -> Bool {
        let (pattern, text) = (Array(pattern), Array(text))
        let star = UInt8(ascii: "*")
        var (at, place) = (0, 0)
        // Where to go on from if what follows the last star does not fit here.
        var retry: (pattern: Int, text: Int)?
        while place < text.count {
            if at < pattern.count, pattern[at] == star {
                at += 1
                retry = (at, place)
            } else if at < pattern.count, pattern[at] == text[place] {
                at += 1
                place += 1
            } else if let last = retry {
                (at, place) = (last.pattern, last.text + 1)
                retry = (at, place)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == star }
    }
}
