/// What stands in a URL between its strokes and its path, read as every reader may read it.
///
/// Readers differ: a browser takes tabs and line ends out and ends the authority at a stroke of either kind (WHATWG URL,
/// section 4.4), others end it at `/` alone (RFC 3986, section 3.2), and what stands before `@` is a name to all of them.
struct URLAuthority {
    /// How far is looked for an at sign.
    private static let reach = 512

    /// The host without its port; all of it where it is strange.
    private(set) var scalars: [UInt32] = []
    /// Where it ends in the text.
    private(set) var end: Int
    /// Whether there is more in it than a host and a port.
    private(set) var isStrange = false

    init(_ text: [UInt32], after opening: URLOpening) {
        end = opening.end
        // Behind signs the URL is over, unless it goes on.
        var signs: Int?
        var port: Int?
        var isBracketed = false
        while end < text.count {
            let scalar = text[end]
            if scalar == 0x2F || scalar == 0x3F || scalar == 0x23 || scalar == opening.close { break }
            if scalar == 0x5C {
                if Self.at(text, from: end) != nil { isStrange = true }
                break
            }
            if URLs.isLeftOut(scalar) {
                guard opening.dropsLineEnds || Self.goesOn(text, end) else { break }
                end += 1
                continue
            }
            if scalar == 0x5B, scalars.isEmpty {
                isBracketed = true
            } else if !isBracketed, Self.endsText(scalar) {
                break
            }
            if scalar == 0x40 {
                isStrange = true
            } else if isBracketed {
                if scalar == 0x20 { break }
                if scalar == 0x5D { isBracketed = false }
            } else if URLs.isHost(scalar) {
                if signs != nil || (port != nil && !Letters.isDigit(scalar) && scalar != 0x2E) { isStrange = true }
            } else if scalar == 0x3A, port == nil, signs == nil {
                port = scalars.count
            } else if signs == nil {
                signs = scalars.count
            }
            scalars.append(scalar)
            end += 1
        }
        if !isStrange { scalars.removeLast(scalars.count - min(signs ?? scalars.count, port ?? scalars.count)) }
    }

    /// The host behind the last at sign, where a reader may take all before it for a name, whatever is in that.
    static func lastHost(_ text: [UInt32], from start: Int) -> Range<Int>? {
        var last: Int?
        var index = start
        while index < text.count, text[index] != 0x2F, text[index] != 0x3F, text[index] != 0x23 {
            if text[index] == 0x40 { last = index + 1 }
            index += 1
        }
        guard let last else { return nil }
        var end = last
        while end < text.count, URLs.isHost(text[end]) { end += 1 }
        return last < end ? last..<end : nil
    }

    /// Whether a host goes on behind line ends in the midst of a text.
    private static func goesOn(_ text: [UInt32], _ start: Int) -> Bool {
        var index = start
        while index < text.count, URLs.isLeftOut(text[index]) { index += 1 }
        guard index + 1 < text.count, URLs.isHost(text[index + 1]) else { return false }
        return text[index] == 0x2E || text[index] == 0x2D || text[index] == 0x40
    }

    /// An at sign before the path, to readers to whom a stroke to the left is none.
    private static func at(_ text: [UInt32], from start: Int) -> Int? {
        var index = start
        while index < text.count, text[index] != 0x2F, text[index] != 0x3F, text[index] != 0x23, text[index] > 0x20 {
            // What is too long to be looked through is not known to be harmless.
            if text[index] == 0x40 || index - start == reach { return index }
            index += 1
        }
        return nil
    }

    /// What ends a URL in a text, and can be part of no host.
    private static func endsText(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0...0x20, 0x22, 0x3C, 0x3E, 0x5B, 0x5D, 0x5E, 0x60, 0x7C, 0x7F: true
        default: Letters.isSpace(scalar)
        }
    }
}
