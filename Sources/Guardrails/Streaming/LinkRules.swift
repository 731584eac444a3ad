import RegularExpressions

/// Links and images in Markdown and HTML, which show an answer's reader what another host sends, and tell that host
/// what the link says: the usual way out for stolen text (rule S14).
struct LinkRules: Sendable {
    private let exact: Set<String>
    private let below: [String]
    private let maximumQuery: Int
    /// Whether the hosts that a request's own user named are allowed.
    private let takesVouched: Bool

    init(_ links: OutputPolicy.Links) {
        exact = Set(links.allowedHosts.filter { !$0.hasPrefix("*.") }.map { $0.lowercased() })
        below = links.allowedHosts.filter { $0.hasPrefix("*.") }.map { String($0.dropFirst().lowercased()) }
        maximumQuery = links.maximumQuery
        takesVouched = links.takesVouched
    }

    /// A link that begins at a place and may not go out: `](…)`, `]: …`, `<img …>` and other elements that load.
    ///
    /// `vouched` are the hosts that the request's own user named.
    func recognise(_ reader: inout UnitReader, at start: Int, rule: Int, vouched: Set<String>) -> Match? {
        switch reader[start] {
        case UInt8(ascii: "]"):
            let next = reader[start + 1]
            guard next == UInt8(ascii: "(") || next == UInt8(ascii: ":") else { return nil }
            var index = start + 2
            while index < start + 12, UnitClass.isSpace(reader[index]) { index += 1 }
            if next == UInt8(ascii: ":"), index == start + 2 { return nil }
            let isAngled = reader[index] == UInt8(ascii: "<")
            if isAngled { index += 1 }
            return target(&reader, from: index, rule: rule, vouched: vouched) { unit in
                (isAngled ? unit == 0x0A : UnitClass.isSpace(unit)) || unit == 0
                    || unit == (isAngled ? UInt8(ascii: ">") : next == UInt8(ascii: "(") ? UInt8(ascii: ")") : 0)
            }
        case UInt8(ascii: "<"):
            return element(&reader, at: start, rule: rule, vouched: vouched)
        default: return nil
        }
    }

    // MARK: - Plain text

    /// A URL in plain text that may not go out, from the colon of its scheme on: many programs make a link of it.
    func bare(_ reader: inout UnitReader, colon start: Int, rule: Int, vouched: Set<String>) -> Match? {
        guard takesVouched, let isWord = isScheme(reader, before: start) else { return nil }
        let authority = afterSlashes(&reader, start + 1, upTo: start + 24)
        if authority < start + 3 {
            // A browser takes a host without two slashes as well, where the scheme is a word of its own.
            guard isWord, authority > start + 1 || isHost(&reader, authority) else { return nil }
        }
        return plain(&reader, start, authority: authority, rule: rule, vouched: vouched)
    }

    /// Whether what stands behind a scheme without a slash is meant for a host: a name with a point, or an address.
    private func isHost(_ reader: inout UnitReader, _ start: Int) -> Bool {
        if reader[start] == UInt8(ascii: "[") { return true }
        var index = start
        while index < start + 230 {
            let unit = reader[index]
            if unit == UInt8(ascii: "@") { return index > start }
            if unit == UInt8(ascii: "."), index > start, Self.isInHost(reader[index + 1]) { return true }
            if unit == 0 || Self.endsToken(unit) || Self.isSlash(unit) { break }
            index += 1
        }
        return index - start > 5 && UnitClass.isDigit(reader[start])
    }

    /// Whether a host may go on with it; every letter that is not ASCII's may be one of a host.
    private static func isInHost(_ unit: UInt8) -> Bool { UnitClass.isAlphanumeric(unit) || unit >= 0x80 }

    /// The same for what begins with `www.`.
    func named(_ reader: inout UnitReader, at start: Int, rule: Int, vouched: Set<String>) -> Match? {
        guard takesVouched else { return nil }
        var name = start
        while name < start + 8, reader[name] == UInt8(ascii: "_") { name += 1 }
        guard reader.hasCaseless([0x77, 0x77, 0x77, 0x2E], at: name) else { return nil }
        return plain(&reader, start, authority: name, rule: rule, vouched: vouched)
    }

    /// Whether a scheme stands before a colon, and then whether it is a word of its own.
    private func isScheme(_ reader: borrowing UnitReader, before colon: Int) -> Bool? {
        var letters: [UInt8] = []
        while letters.count < 6, UnitClass.isLetter(reader.before(colon - letters.count)) {
            letters.append(UnitClass.lowercased(reader.before(colon - letters.count)))
        }
        // What stands before the scheme is no part of it to who makes links.
        guard Self.schemes.contains(where: { letters.starts(with: $0.reversed()) }) else { return nil }
        return Self.schemes.contains(letters.reversed())
    }

    private func plain(
        _ reader: inout UnitReader,
        _ start: Int,
        authority: Int,
        rule: Int,
        vouched: Set<String>
    ) -> Match? {
        let last = start + 240
        var index = authority
        var isDoubtful = false
        var isBehindSign = false
        // Up to the path: a user's name may stand before the host, and what goes on behind a sign is part of the host to a
        // browser.
        var isBehindStroke = false
        while index < last, !Self.endsToken(reader[index]), !Self.endsAuthority(reader[index]) {
            let unit = reader[index]
            // To some a stroke to the left ends the host, to others it is part of a name before it.
            if unit == UInt8(ascii: "\\") { isBehindStroke = true }
            if unit == UInt8(ascii: "@") || (isBehindSign && !isBehindStroke && UnitClass.isAlphanumeric(unit)) {
                isDoubtful = true
            }
            if Self.isSign(unit) { isBehindSign = true }
            index += 1
        }
        if goesOn(&reader, index, upTo: last) { isDoubtful = true }
        if !isDoubtful,
            isAllowed(
                &reader,
                authority: authority,
                upTo: last,
                vouched: vouched,
                isEnd: { Self.endsToken($0) || Self.isSign($0) }
            )
        {
            return nil
        }
        return through(&reader, start, rule, Self.endsToken)
    }

    /// Whether a host goes on behind tabs and line ends, which a browser takes out of a URL before it reads it.
    private func goesOn(_ reader: inout UnitReader, _ start: Int, upTo last: Int) -> Bool {
        var index = start
        while index < last, Self.isLeftOut(reader[index]) { index += 1 }
        guard index > start else { return false }
        switch reader[index] {
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "@"): return Self.isInHost(reader[index + 1])
        default: return false
        }
    }

    private static func isLeftOut(_ unit: UInt8) -> Bool { unit == 0x09 || unit == 0x0A || unit == 0x0D }

    private static func endsAuthority(_ unit: UInt8) -> Bool {
        unit == UInt8(ascii: "/") || unit == UInt8(ascii: "?") || unit == UInt8(ascii: "#")
    }

    /// What ends a URL in plain text, and can be part of no host.
    private static func endsToken(_ unit: UInt8) -> Bool {
        switch unit {
        case 0, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "`"), UInt8(ascii: "]"),
            UInt8(ascii: "["), UInt8(ascii: "|"), UInt8(ascii: "^"):
            true
        default: UnitClass.isSpace(unit)
        }
    }

    /// What ends a URL only where nothing goes on behind it.
    private static func isSign(_ unit: UInt8) -> Bool {
        switch unit {
        case UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"),
            UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    // MARK: - Elements

    /// The elements that load, or lead, elsewhere.
    private static let elements: [[UInt8]] = [
        "a", "img", "image", "iframe", "frame", "script", "link", "embed", "object", "video", "audio", "source",
        "track", "form", "input", "button", "area", "base", "meta", "svg", "use", "body", "table", "td", "bgsound",
        "style", "div", "span",
    ].map { Array($0.utf8) }

    private func element(_ reader: inout UnitReader, at start: Int, rule: Int, vouched: Set<String>) -> Match? {
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
        var namesHost = false
        var attribute = AttributeState()
        while index < last {
            let unit = reader[index]
            if unit == UInt8(ascii: ">"), attribute.quote == nil {
                return isBad ? Match(rule, start, index + 1) : nil
            }
            if unit == 0 { break }
            // Whatever the attribute is called: what names a host is looked at.
            var authority: Int?
            if Self.isSlash(unit) {
                var next = index + 1
                // A browser takes these out of a URL before it reads it.
                while next < last, [0x09, 0x0A, 0x0D].contains(reader[next]) { next += 1 }
                if Self.isSlash(reader[next]) { authority = next }
            } else if unit == UInt8(ascii: ":"), Self.schemes.contains(attribute.scheme) {
                authority = index + 1
            } else if unit == UInt8(ascii: "&"), attribute.isBeforeHost {
                // What a reference stands for may be a slash, or a scheme.
                let next = reader[index + 1]
                isBad = isBad || next == UInt8(ascii: "#") || UnitClass.isLetter(next)
            } else if unit == UInt8(ascii: "@"), namesHost {
                // A quotation mark or a space may be part of what comes before the host.
                isBad = true
            }
            attribute.take(unit, next: reader[index + 1])
            if let authority, !isBad {
                let authority = afterSlashes(&reader, authority, upTo: last)
                isBad =
                    breaks(&reader, authority, upTo: last, quote: attribute.quote)
                    || !isAllowed(
                        &reader,
                        authority: authority,
                        upTo: last,
                        vouched: vouched,
                        isEnd: Self.endsAttribute
                    )
                namesHost = true
            }
            index += 1
        }
        // An element that is too long to be held is not known to be harmless.
        var open = UnitSet(UInt8(ascii: ">")...UInt8(ascii: ">"))
        open.invert()
        return Match(rule, start, index, tail: .units(open))
    }

    /// Whether a host within quotation marks goes on behind a tab or a line end, which no honest one does.
    private func breaks(_ reader: inout UnitReader, _ start: Int, upTo last: Int, quote: UInt8?) -> Bool {
        guard let quote else { return false }
        var index = start
        while index < last,
            Self.isInHost(reader[index]) || reader[index] == UInt8(ascii: ".")
                || reader[index] == UInt8(ascii: "-")
        { index += 1 }
        guard Self.isLeftOut(reader[index]) else { return false }
        while index < last, Self.isLeftOut(reader[index]) { index += 1 }
        return reader[index] != quote && !UnitClass.isSpace(reader[index])
    }

    private func target(
        _ reader: inout UnitReader,
        from start: Int,
        rule: Int,
        vouched: Set<String>,
        isEnd: (UInt8) -> Bool
    ) -> Match? {
        var index = start
        var authority: Int?
        var scheme: [UInt8] = []
        // A scheme, or what a browser takes for the page's own.
        scan: while index < start + 24 {
            let unit = reader[index]
            switch unit {
            case UInt8(ascii: "/"), UInt8(ascii: "\\"):
                let next = reader[index + 1]
                if Self.isSlash(next) {
                    authority = afterSlashes(&reader, index, upTo: start + 240)
                } else if next == UInt8(ascii: "&") || (unit == UInt8(ascii: "\\") && next == UInt8(ascii: ":")) {
                    authority = index + 1
                }
                break scan
            case UInt8(ascii: "&"):
                // What a reference stands for may be a slash, or a scheme: no host is made of it.
                authority = index
                break scan
            case UInt8(ascii: ":"):
                if Self.schemes.contains(scheme) {
                    authority = afterSlashes(&reader, index + 1, upTo: start + 240)
                    break scan
                }
                scheme = []
            default:
                guard UnitClass.isAlphanumeric(unit) || unit == UInt8(ascii: "+") else { break scan }
                scheme.append(UnitClass.lowercased(unit))
            }
            index += 1
        }
        guard let authority else { return isScript(&reader, start) ? through(&reader, start, rule, isEnd) : nil }
        if isAllowed(&reader, authority: authority, upTo: start + 240, vouched: vouched, isEnd: isEnd) { return nil }
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

    /// The schemes after which a browser takes a host, with two slashes, with more, or without any.
    private static let schemes = Set(["http", "https", "ftp", "ws", "wss"].map { Array($0.utf8) })

    /// Whether a browser takes it for a slash.
    private static func isSlash(_ unit: UInt8) -> Bool { unit == UInt8(ascii: "/") || unit == UInt8(ascii: "\\") }

    private static func endsAttribute(_ unit: UInt8) -> Bool {
        unit == UInt8(ascii: "\"") || unit == UInt8(ascii: "'") || unit == UInt8(ascii: ")")
            || unit == UInt8(ascii: ">") || unit == 0 || UnitClass.isSpace(unit)
    }

    private func afterSlashes(_ reader: inout UnitReader, _ start: Int, upTo last: Int) -> Int {
        var index = start
        while index < last, Self.isSlash(reader[index]) { index += 1 }
        return index
    }

    private func isAllowed(
        _ reader: inout UnitReader,
        authority: Int,
        upTo last: Int,
        vouched: Set<String>,
        isEnd: (UInt8) -> Bool
    ) -> Bool {
        var host: [UInt8] = []
        var index = authority
        scan: while index < last {
            let unit = reader[index]
            if isEnd(unit) || unit == 0 { break }
            switch unit {
            case UInt8(ascii: "@"):
                // What comes before is a name and a password: nothing that a link in an answer needs.
                return false
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"): break scan
            case UInt8(ascii: ":"):
                // Only a port: anything else is a name and a password.
                index += 1
                while index < last, UnitClass.isDigit(reader[index]) { index += 1 }
                let after = reader[index]
                guard
                    isEnd(after) || after == 0 || after == UInt8(ascii: "/") || after == UInt8(ascii: "?")
                        || after == UInt8(ascii: "#")
                else { return false }
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
        guard
            exact.contains(name) || below.contains(where: { name.hasSuffix($0) && name.count > $0.count })
                || (takesVouched && vouched.contains(name))
        else { return false }
        // The path, query and fragment carry data as well as a host does: only so much of them.
        var carried = 0
        var carries = false
        while index < last {
            let unit = reader[index]
            if unit == 0 || isEnd(unit) { return carried <= maximumQuery }
            if unit == UInt8(ascii: "?") || unit == UInt8(ascii: "#") { carries = true }
            if carries { carried += 1 }
            if carried > maximumQuery { return false }
            index += 1
        }
        return false
    }
}

/// Where in an element's attributes one is, as far as it matters to links.
private struct AttributeState {
    /// The quotation mark that ends the value that one is in; nil outside one in quotation marks.
    private(set) var quote: UInt8?
    /// Whether no host and no path has begun in the value.
    private(set) var isBeforeHost = false
    /// The letters just before.
    private(set) var scheme: [UInt8] = []
    private var hasName = false
    private var awaitsValue = false
    private var isInValue = false
    private var hasText = false

    mutating func take(_ unit: UInt8, next: UInt8) {
        if UnitClass.isLetter(unit) {
            if scheme.count < 8 { scheme.append(UnitClass.lowercased(unit)) }
        } else if ![0x09, 0x0A, 0x0D].contains(unit) {
            scheme = []
        }
        if awaitsValue {
            if UnitClass.isSpace(unit) { return }
            awaitsValue = false
            isInValue = true
            isBeforeHost = true
            hasText = false
            if unit == UInt8(ascii: "\"") || unit == UInt8(ascii: "'") {
                quote = unit
                return
            }
        }
        guard isInValue else {
            if unit == UInt8(ascii: "="), hasName {
                awaitsValue = true
                hasName = false
                // A reference may stand first.
                isBeforeHost = true
            } else if !UnitClass.isSpace(unit), unit != UInt8(ascii: "/") {
                hasName = true
                isBeforeHost = false
            }
            return
        }
        if quote.map({ $0 == unit }) ?? UnitClass.isSpace(unit) {
            self = AttributeState()
            return
        }
        switch unit {
        case UInt8(ascii: ","), UInt8(ascii: "("):
            isBeforeHost = true
            hasText = false
        case UInt8(ascii: "?"), UInt8(ascii: "#"): isBeforeHost = false
        case UInt8(ascii: "/"):
            if next != UInt8(ascii: "&") { isBeforeHost = false }
        default:
            if !UnitClass.isSpace(unit) { hasText = true } else if hasText { isBeforeHost = false }
        }
    }
}
