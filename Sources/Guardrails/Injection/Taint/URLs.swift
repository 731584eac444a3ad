/// URLs as they may stand in an answer or an argument.
enum URLs {
    struct Host: Hashable {
        var name: String
        var range: Range<Int>
    }

    /// The hosts that URLs of a text name.
    ///
    /// A URL is what follows `scheme://`, with strokes of either kind; `//` at the beginning of the text or within
    /// quotation marks or brackets, where the name has a point; and `www.`, which many programs make a link. A host is
    /// given as it is compared: in form KC and lower case, with all that is no host's in it.
    static func hosts(in text: String) -> [Host] {
        var seen = Invisible.Seen()
        let revealed = Invisible.reveal(TracedText(Array(text.utf8)), seen: &seen)
        let traced = CompatibilityForm.shared.normalise(revealed)
        let scalars = traced.scalars
        var hosts: [Host] = []
        var index = 0
        while index < scalars.count {
            let isBare = isWWW(scalars, index)
            let slashes = isBare ? index : slashesEnd(scalars, index)
            guard isBare || slashes > index, let (start, end) = authority(scalars, slashes) else {
                index = max(slashes, index + 1)
                continue
            }
            let name = name(scalars[start..<end])
            if !name.isEmpty, isBare || hasScheme(scalars, index) || name.contains(".") {
                hosts.append(Host(name: name, range: traced.origin(start..<end)))
            }
            index = max(end, index + 1)
        }
        return hosts
    }

    private static func isWWW(_ scalars: [UInt32], _ index: Int) -> Bool {
        guard index + 4 < scalars.count, scalars[index + 3] == 0x2E else { return false }
        return (index..<index + 3).allSatisfy { scalars[$0] | 0x20 == 0x77 }
            && (index == 0 || !isHost(scalars[index - 1]))
    }

    /// The end of two or more strokes that begin a host; the index itself where they do not.
    private static func slashesEnd(_ scalars: [UInt32], _ index: Int) -> Int {
        guard isSlash(scalars[index]), index == 0 || opensURL(scalars[index - 1]) else { return index }
        var count = 0
        var end = index
        // A browser takes tabs and line ends out of a URL before it reads it.
        while end < scalars.count, isSlash(scalars[end]) || isLeftOut(scalars[end]) {
            if isSlash(scalars[end]) { count += 1 }
            end += 1
        }
        return count >= 2 ? end : index
    }

    /// What may stand before the strokes: the colon of a scheme, or what opens a text of its own.
    private static func opensURL(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x3A, 0x22, 0x27, 0x60, 0x28, 0x5B, 0x3C, 0x3D: true
        default: false
        }
    }

    private static func hasScheme(_ scalars: [UInt32], _ index: Int) -> Bool {
        index > 0 && scalars[index - 1] == 0x3A
    }

    /// The host after some strokes, without a user's name before it and a port behind it; nil where there is none.
    private static func authority(_ scalars: [UInt32], _ first: Int) -> (start: Int, end: Int)? {
        var start = first
        var end = first
        var isBracketed = false
        while end < scalars.count {
            let scalar = scalars[end]
            // What stands before an at sign is no host.
            if scalar == 0x40 { start = end + 1 }
            if scalar == 0x5B, end == start { isBracketed = true }
            guard isHost(scalar) || scalar == 0x40 || scalar == 0x3A || isBracketed && scalar != 0x20 else { break }
            end += 1
            if scalar == 0x5D { break }
        }
        guard start < end else { return nil }
        guard !isBracketed else { return (start, end) }
        let port = (start..<end).first { scalars[$0] == 0x3A } ?? end
        return start < port ? (start, port) : nil
    }

    private static func name(_ scalars: ArraySlice<UInt32>) -> String {
        var name = ""
        for scalar in scalars {
            guard let known = Unicode.Scalar(scalar) else { continue }
            name += known.properties.lowercaseMapping
        }
        while name.last == "." { name.removeLast() }
        return name
    }

    private static func isSlash(_ scalar: UInt32) -> Bool { scalar == 0x2F || scalar == 0x5C }
    private static func isLeftOut(_ scalar: UInt32) -> Bool { scalar == 9 || scalar == 10 || scalar == 13 }

    private static func isHost(_ scalar: UInt32) -> Bool {
        Letters.isWord(scalar) || scalar == 0x2E || scalar == 0x2D || scalar == 0x5F || scalar == 0x25
            || scalar == 0x3002
    }
}
