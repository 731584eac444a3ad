/// Links and images in Markdown and HTML, which show an answer's reader what another host sends, and tell that host
/// what the link says: the usual way out for stolen text (rule S14).
struct LinkRules: Sendable {
    private let exact: Set<String>
    private let below: [String]
    private let maximumQuery: Int

    init(_ links: OutputPolicy.Links) {
        exact = Set(links.allowedHosts.filter { !$0.hasPrefix("*.") }.map { $0.lowercased() })
        below = links.allowedHosts.filter { $0.hasPrefix("*.") }.map { String($0.dropFirst().lowercased()) }
        maximumQuery = links.maximumQuery
    }

    /// A link that begins at a place and may not go out: `](…)`, `]: …`, `<img …>` and other elements that load.
    func recognise(_ reader: inout UnitReader, at start: Int, rule: Int) -> Match? {
        switch reader[start] {
        case UInt8(ascii: "]"):
            let next = reader[start + 1]
            guard next == UInt8(ascii: "(") || next == UInt8(ascii: ":") else { return nil }
            var index = start + 2
            while index < start + 12, UnitClass.isSpace(reader[index]) { index += 1 }
            if next == UInt8(ascii: ":"), index == start + 2 { return nil }
            let isAngled = reader[index] == UInt8(ascii: "<")
            if isAngled { index += 1 }
            return target(&reader, from: index, rule: rule) { unit in
                UnitClass.isSpace(unit) || unit == 0
                    || unit == (isAngled ? UInt8(ascii: ">") : next == UInt8(ascii: "(") ? UInt8(ascii: ")") : 0)
            }
        case UInt8(ascii: "<"):
            return element(&reader, at: start, rule: rule)
        default: return nil
        }
    }

    /// The elements that load, or lead, elsewhere.
    private static let elements: [[UInt8]] = [
        "a", "img", "image", "iframe", "frame", "script", "link", "embed", "object", "video", "audio", "source",
        "track", "form", "input", "button", "area", "base", "meta", "svg", "use", "body", "table", "td", "bgsound",
        "style", "div", "span",
    ].map { Array($0.utf8) }

    private func element(_ reader: inout UnitReader, at start: Int, rule: Int) -> Match? {
        var index = start + 1
        guard UnitClass.isLetter(reader[index]) else { return nil }
        var name: [UInt8] = []
        while name.count < 8, UnitClass.isAlphanumeric(reader[index]) {
            name.append(UnitClass.lowercased(reader[index]))
            index += 1
        }
        guard Self.elements.contains(name), !UnitClass.isWord(reader[index]) else { return nil }
        let last = start + TextUnits.holdBack - 1
        var isBad = false
        while index < last {
            let unit = reader[index]
            if unit == UInt8(ascii: ">") { return isBad ? Match(rule, start, index + 1) : nil }
            if unit == 0 { break }
            // Whatever the attribute is called: what names a host is looked at.
            if unit == UInt8(ascii: "/"), reader[index + 1] == UInt8(ascii: "/"), !isBad {
                isBad = !isAllowed(&reader, authority: index + 2, upTo: last)
                index += 1
            }
            index += 1
        }
        // An element that is too long to be held is not known to be harmless.
        var open = UnitSet(UInt8(ascii: ">")...UInt8(ascii: ">"))
        open.invert()
        return Match(rule, start, index, tail: .units(open))
    }

    private func target(
        _ reader: inout UnitReader,
        from start: Int,
        rule: Int,
        isEnd: (UInt8) -> Bool
    ) -> Match? {
        var index = start
        var authority: Int?
        // A scheme, or what a browser takes for the page's own.
        while index < start + 24 {
            let unit = reader[index]
            if unit == UInt8(ascii: "/") || unit == UInt8(ascii: "\\") {
                let next = reader[index + 1]
                if next == UInt8(ascii: "/") || next == UInt8(ascii: "\\") { authority = index + 2 }
                break
            }
            guard UnitClass.isAlphanumeric(unit) || unit == UInt8(ascii: ":") || unit == UInt8(ascii: "+") else {
                break
            }
            index += 1
        }
        guard let authority else { return isScript(&reader, start) ? through(&reader, start, rule, isEnd) : nil }
        if isAllowed(&reader, authority: authority, upTo: start + 240) { return nil }
        return through(&reader, start, rule, isEnd)
    }

    /// `javascript:` and `data:` run or show what they carry.
    private func isScript(_ reader: inout UnitReader, _ start: Int) -> Bool {
        ["javascript:", "vbscript:", "data:"].contains { reader.hasCaseless(Array($0.utf8), at: start) }
    }

    private func through(
        _ reader: inout UnitReader,
        _ start: Int,
        _ rule: Int,
        _ isEnd: (UInt8) -> Bool
    ) -> Match {
        var index = start
        while index < start + 230, !isEnd(reader[index]) { index += 1 }
        guard index == start + 230 else { return Match(rule, start, index) }
        var rest = UnitSet(0x21...0xFF)
        var close = UnitSet(UInt8(ascii: ")")...UInt8(ascii: ")"), UInt8(ascii: ">")...UInt8(ascii: ">"))
        close.invert()
        rest.formIntersection(close)
        return Match(rule, start, index, tail: .units(rest))
    }

    private func isAllowed(_ reader: inout UnitReader, authority: Int, upTo last: Int) -> Bool {
        var host: [UInt8] = []
        var index = authority
        scan: while index < last {
            let unit = reader[index]
            switch unit {
            case UInt8(ascii: "@"):
                // What comes before is a name and a password: nothing that a link in an answer needs.
                return false
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: ":"), UInt8(ascii: ")"),
                UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: ">"), 0x20, 0x0A, 0x0D, 0x09, 0:
                break scan
            default:
                guard UnitClass.isAlphanumeric(unit) || unit == UInt8(ascii: "-") || unit == UInt8(ascii: ".") else {
                    return false
                }
                host.append(UnitClass.lowercased(unit))
            }
            index += 1
        }
        while host.last == UInt8(ascii: ".") { host.removeLast() }
        let name = String(decoding: host, as: UTF8.self)
        guard exact.contains(name) || below.contains(where: { name.hasSuffix($0) && name.count > $0.count }) else {
            return false
        }
        // The path, query and fragment carry data as well as a host does: only so much of them.
        var carried = 0
        var carries = false
        while index < last {
            let unit = reader[index]
            if unit == 0 || UnitClass.isSpace(unit) || unit == UInt8(ascii: ")") || unit == UInt8(ascii: ">")
                || unit == UInt8(ascii: "\"") || unit == UInt8(ascii: "'")
            {
                return carried <= maximumQuery
            }
            if unit == UInt8(ascii: "?") || unit == UInt8(ascii: "#") { carries = true }
            if carries { carried += 1 }
            if carried > maximumQuery { return false }
            index += 1
        }
        return false
    }
}
