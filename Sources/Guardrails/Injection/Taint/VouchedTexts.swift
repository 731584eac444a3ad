/// What the user and the application wrote, as far as a value may be taken from it.
///
/// A value is vouched for where it stands in such a text as it is: whole, from the beginning of a word to the end of
/// one, with case and spacing alone of no account. `anna@firm.example` is not vouched for by `joanna@firm.example`, nor
/// `/plans` by `/plans/tower.pdf`, nor `j.olee@firm.example` by `jo.lee@firm.example`.
///
/// That holds against every way in which somebody else may have written the value, since it does not ask for that. What
/// nobody sees in a text vouches for nothing: a user who pastes hidden letters did not write them.
struct VouchedTexts: Sendable {
    /// The texts as they are compared, with a space at either end.
    private var texts: [[UInt8]] = []
    /// The hosts that they name.
    private(set) var hosts: Set<String> = []
    /// Those of them that stand in URLs and addresses.
    private var addressed: Set<String> = []

    /// Takes in a text of the user's or the application's.
    mutating func add(_ text: String) {
        let scalars = Self.readable(TracedText(Array(text.utf8)).scalars.filter { !Invisible.drawsNothing($0) })
        texts.append(Self.folded(scalars))
        for (host, isAddressed) in Self.hosts(in: scalars) {
            hosts.insert(host)
            if isAddressed { addressed.insert(host) }
        }
    }

    /// Whether a value stands in one of the texts, or says nothing.
    func contain(_ value: String) -> Bool {
        let wanted = Self.folded(value: value)
        guard wanted.count > 1 else { return true }
        if contains(wanted) { return true }
        // The root of a host is the host; a whole number is one however many zeros are written behind its point.
        if let short = Self.shortened(value) { return contains(Self.folded(value: short)) }
        return addressed.contains(value.lowercased())
    }

    private func contains(_ wanted: [UInt8]) -> Bool {
        let search = ByteSearch(wanted)
        return texts.contains { search.first(in: $0) != nil }
    }

    private static func isPartOfHost(_ scalar: UInt32) -> Bool {
        Letters.isWord(scalar) || scalar == 0x2D || scalar == 0x2E
    }

    /// A URL without the slash that ends it, a number without the zeros behind its point; nil for anything else.
    private static func shortened(_ value: String) -> String? {
        if value.hasSuffix("/"), value.contains("://") { return String(value.dropLast()) }
        let parts = value.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, parts[0].utf8.allSatisfy(UnitClass.isDigit),
            parts[1].allSatisfy({ $0 == "0" })
        else { return nil }
        return String(parts[0])
    }

    // MARK: - How texts are compared

    /// A value as it is compared; letters hidden in it count.
    private static func folded(value: String) -> [UInt8] {
        var seen = Invisible.Seen()
        return folded(readable(Invisible.reveal(TracedText(Array(value.utf8)), seen: &seen).scalars))
    }

    /// Scalars in form KC.
    private static func readable(_ scalars: [UInt32]) -> [UInt32] {
        var text = TracedText()
        text.reserve(scalars.count)
        for scalar in scalars { text.append(scalar, 0, 0) }
        return CompatibilityForm.shared.normalise(text).scalars
    }

    /// A text in lower case, with one space for what stands between words, and one at either end.
    private static func folded(_ scalars: [UInt32]) -> [UInt8] {
        let gaps = gaps(in: scalars)
        var result: [UInt8] = [0x20]
        for (index, scalar) in scalars.enumerated() {
            if gaps[index] {
                // Thousands are written with a comma or without.
                if scalar == 0x2C, isThousands(scalars, index) { continue }
                if result.last != 0x20 { result.append(0x20) }
            } else {
                UTF8Reader.append(scalar &- 0x41 < 26 ? scalar | 0x20 : scalar, to: &result)
            }
        }
        if result.last != 0x20 { result.append(0x20) }
        return result
    }

    /// For each scalar whether it stands between words: spaces, quotation marks, brackets, and points that end a sentence.
    private static func gaps(in scalars: [UInt32]) -> [Bool] {
        var gaps = [Bool](repeating: false, count: scalars.count)
        var isNextGap = true
        for index in scalars.indices.reversed() {
            isNextGap = isSeparator(scalars[index]) || (scalars[index] == 0x2E && isNextGap)
            gaps[index] = isNextGap
        }
        return gaps
    }

    private static func isSeparator(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x22, 0x27, 0x60, 0x28, 0x29, 0x5B, 0x5D, 0x7B, 0x7D, 0x3C, 0x3E, 0x2C, 0x3A, 0x3D, 0x21, 0x3F,
            0x2018...0x201F, 0x2039, 0x203A, 0xAB, 0xBB, 0x3001, 0x3002:
            true
        default: Letters.isSpace(scalar)
        }
    }

    private static func isThousands(_ scalars: [UInt32], _ index: Int) -> Bool {
        func isDigit(_ place: Int) -> Bool { scalars.indices.contains(place) && Letters.isDigit(scalars[place]) }
        return isDigit(index - 1) && (1...3).allSatisfy { isDigit(index + $0) } && !isDigit(index + 4)
    }

    /// What may be the name of a host in a text: letters, digits and hyphens with a point between, or after `//`.
    private static func hosts(in scalars: [UInt32]) -> [(name: String, isAddressed: Bool)] {
        var hosts: [(name: String, isAddressed: Bool)] = []
        var index = 0
        while index < scalars.count {
            guard isPartOfHost(scalars[index]) else {
                index += 1
                continue
            }
            var end = index
            var name = ""
            while end < scalars.count, isPartOfHost(scalars[end]) {
                name += Unicode.Scalar(scalars[end])?.properties.lowercaseMapping ?? ""
                end += 1
            }
            while name.last == "." { name.removeLast() }
            // Part of a name with a stroke below is no host.
            let isWhole =
                (end == scalars.count || scalars[end] != 0x5F) && (index == 0 || scalars[index - 1] != 0x5F)
            let isAfterSlashes = index >= 2 && scalars[index - 1] == 0x2F && scalars[index - 2] == 0x2F
            if isWhole, !name.isEmpty, isAfterSlashes || name.contains(".") {
                hosts.append((name, isAfterSlashes || (index > 0 && scalars[index - 1] == 0x40)))
            }
            index = end
        }
        return hosts
    }
}
