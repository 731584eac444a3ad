/// What a URL begins with, up to its authority.
struct URLOpening {
    private enum Kind {
        /// `www.`
        case bare
        /// A scheme and strokes.
        case strokes
        /// A scheme that needs no strokes.
        case scheme
        /// Strokes alone.
        case relative
    }

    private static let schemes = Set(["http", "https", "ws", "wss", "ftp"].map { $0.unicodeScalars.map(\.value) })

    private let kind: Kind
    /// Where the authority begins.
    let end: Int
    /// Whether the text begins with the URL, and may be read as one by a program.
    private let isWhole: Bool
    /// Whether a program that reads the whole text as a URL may look for a name in all that stands before an at sign.
    let mayHoldName: Bool
    /// Whether a program may take line ends out: where the text is the URL, or an attribute is.
    let dropsLineEnds: Bool
    /// What ends the URL, where something was opened before it.
    let close: UInt32?

    /// What begins a URL at a place of a text: a colon, a stroke, or `www.`; nil where none does.
    init?(_ scalars: [UInt32], at index: Int) {
        var first = index
        if Self.isWWW(scalars, index) {
            kind = .bare
            end = index
        } else if scalars[index] == 0x3A {
            let (count, end) = Self.strokes(scalars, index + 1)
            self.end = end
            if let scheme = Self.scheme(scalars, before: index) {
                first = scheme
                kind = count > 0 ? .strokes : .scheme
            } else if count >= 2, URLs.isSlash(scalars[index + 1]) {
                while first > 0, first > index - 64, URLs.isHost(scalars[first - 1]) || scalars[first - 1] == 0x2B {
                    first -= 1
                }
                kind = .strokes
            } else {
                return nil
            }
        } else {
            guard URLs.isSlash(scalars[index]), index == 0 || Self.opens(scalars[index - 1]) else { return nil }
            let (count, end) = Self.strokes(scalars, index)
            guard count >= 2 else { return nil }
            kind = .relative
            self.end = end
        }
        var before = first
        while before > 0, before > first - 64, scalars[before - 1] <= 0x20 { before -= 1 }
        isWhole = before == 0
        mayHoldName = isWhole && (kind == .strokes || kind == .scheme)
        let opener = first > 0 ? scalars[first - 1] : 0
        close =
            switch opener {
            case 0x22, 0x27, 0x60: opener
            case 0x28: 0x29
            case 0x3C: 0x3E
            default: nil
            }
        dropsLineEnds = isWhole || close != nil
    }

    /// Whether what follows is meant for a host.
    func takes(_ name: String) -> Bool {
        switch kind {
        case .bare, .strokes: true
        // A word behind a colon is a word, unless nothing else is there.
        case .scheme: isWhole || name.contains(".") || name.contains(":") || name.hasPrefix("0x") || Self.isNumber(name)
        case .relative: name.contains(".")
        }
    }

    /// Addresses are written as one number, too.
    private static func isNumber(_ name: String) -> Bool {
        name.utf8.count > 5 && name.utf8.allSatisfy(UnitClass.isDigit)
    }

    private static func isWWW(_ scalars: [UInt32], _ index: Int) -> Bool {
        guard index + 4 < scalars.count, scalars[index + 3] == 0x2E else { return false }
        return (index..<index + 3).allSatisfy { scalars[$0] | 0x20 == 0x77 }
            && (index == 0 || !URLs.isHost(scalars[index - 1]))
    }

    /// Strokes of either kind, and where they end.
    private static func strokes(_ scalars: [UInt32], _ start: Int) -> (count: Int, end: Int) {
        var count = 0
        var end = start
        while end < scalars.count, URLs.isSlash(scalars[end]) || URLs.isLeftOut(scalars[end]) {
            if URLs.isSlash(scalars[end]) { count += 1 }
            end += 1
        }
        return (count, end)
    }

    /// Where a scheme begins that needs no strokes and ends before a colon; nil where another word does.
    private static func scheme(_ scalars: [UInt32], before colon: Int) -> Int? {
        var letters: [UInt32] = []
        var index = colon - 1
        while index >= 0, letters.count < 5, colon - index < 64 {
            let letter = scalars[index] | 0x20
            if !URLs.isLeftOut(scalars[index]) {
                guard letter &- 0x61 < 26 else { return nil }
                letters.insert(letter, at: 0)
                if schemes.contains(letters), index == 0 || !Letters.isWord(scalars[index - 1]) { return index }
            }
            index -= 1
        }
        return nil
    }

    /// What may stand before strokes that begin a URL.
    private static func opens(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x22, 0x27, 0x60, 0x28, 0x5B, 0x3C, 0x3D: true
        default: false
        }
    }
}
