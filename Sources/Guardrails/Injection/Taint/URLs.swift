/// URLs as they may stand in an answer or an argument.
enum URLs {
    struct Host: Hashable {
        var name: String
        var range: Range<Int>
        /// Whether two readers may take two hosts for the URL's, so that it is nobody's.
        var isStrange = false
    }

    /// The hosts that URLs of a text name.
    ///
    /// A URL is what follows `http:`, `https:`, `ws:`, `wss:` and `ftp:`, with as many strokes of either kind as there
    /// are, or with none (WHATWG URL, section 4.4); what follows `scheme://`; `//` at the beginning of the text or within
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
            guard let opening = URLOpening(scalars, at: index) else {
                index += 1
                continue
            }
            let authority = URLAuthority(scalars, after: opening)
            let name = name(authority.scalars[...])
            if !name.isEmpty, authority.isStrange || opening.takes(name) {
                let range = traced.origin(opening.end..<authority.end)
                hosts.append(Host(name: name, range: range, isStrange: authority.isStrange))
            }
            if opening.mayHoldName, let last = URLAuthority.lastHost(scalars, from: authority.end) {
                hosts.append(Host(name: self.name(scalars[last]), range: traced.origin(last), isStrange: false))
            }
            index = max(authority.end, index + 1)
        }
        return hosts
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

    static func isSlash(_ scalar: UInt32) -> Bool { scalar == 0x2F || scalar == 0x5C }
    /// What a browser takes out of a URL before it reads it.
    static func isLeftOut(_ scalar: UInt32) -> Bool { scalar == 9 || scalar == 10 || scalar == 13 }

    static func isHost(_ scalar: UInt32) -> Bool {
        Letters.isWord(scalar) || scalar == 0x2E || scalar == 0x2D || scalar == 0x5F || scalar == 0x25
            || scalar == 0x3002
    }
}
