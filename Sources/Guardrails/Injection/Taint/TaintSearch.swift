import ZeroTrust

/// Looks for a value in texts, however it is written there.
///
/// The value is known, so it is written in every simple cipher and looked for, instead of reading the text: a name that
/// is no word of any language is found so.
struct TaintSearch {
    /// The shortest run of letters and digits that is no coincidence.
    private static let run = 8
    private static let gram = 6
    /// How many places of one gram are followed.
    private static let mostPlaces = 64

    /// The value in one writing, with the place in its letters and digits that each byte stands for.
    private struct Form {
        var bytes: [UInt8]
        var places: [Int]
    }

    private struct Grams {
        var forms: [Form] = []
        var places: [UInt64: [(form: Int, place: Int)]] = [:]

        mutating func add(_ form: Form) {
            guard form.bytes.count >= gram else { return }
            for start in 0...form.bytes.count - gram {
                let key = TaintSearch.key(form.bytes, start)
                if places[key, default: []].count < mostPlaces { places[key, default: []].append((forms.count, start)) }
            }
            forms.append(form)
        }
    }

    private let value: SqueezedText
    private let skeleton: SqueezedText
    private var plain = Grams()
    private var loose = Grams()

    init(_ value: String) {
        self.value = SqueezedText(value, reads: false)
        skeleton = SqueezedText(skeletonOf: value)
        let bytes = self.value.bytes
        let places = Array(bytes.indices)
        func changed(_ change: (UInt32) -> UInt32) -> Form {
            Form(bytes: bytes.map { UInt8(truncatingIfNeeded: change(UInt32($0))) }, places: places)
        }
        plain.add(Form(bytes: bytes, places: places))
        plain.add(Form(bytes: bytes.reversed(), places: places.reversed()))
        for shift in UInt32(1)...25 { plain.add(changed { Ciphers.shift($0, by: shift) }) }
        plain.add(changed(Ciphers.atbash))
        plain.add(Form(bytes: Array(Hexadecimal.text(bytes).utf8), places: places.flatMap { [$0, $0] }))
        loose.add(Form(bytes: skeleton.bytes, places: Array(skeleton.bytes.indices)))
    }

    private static func key(_ bytes: [UInt8], _ start: Int) -> UInt64 {
        var key: UInt64 = 0
        for byte in bytes[start..<start + gram] { key = key << 8 | UInt64(byte) }
        return key
    }

    /// The bytes of a text that give the value, and the bytes of the value that they give.
    func first(in text: String) -> (text: Range<Int>, value: Range<Int>)? {
        guard !value.bytes.isEmpty else { return nil }
        let squeezed = SqueezedText(text, reads: false)
        if value.bytes.count < Self.gram {
            // Short values, such as an amount, count where the text has them as a word.
            for squeezed in [squeezed, SqueezedText(text, reads: true)] {
                if let place = squeezed.word(value.bytes) {
                    return (squeezed.origin(place), value.origin(0..<value.bytes.count))
                }
            }
            return nil
        }
        return longest(plain, value, in: squeezed) ?? longest(plain, value, in: SqueezedText(text, reads: true))
            ?? longest(loose, skeleton, in: SqueezedText(skeletonOf: text))
    }

    /// The longest run that a text shares with the value, where it is all of the value or long enough.
    private func longest(_ grams: Grams, _ value: SqueezedText, in text: SqueezedText) -> (Range<Int>, Range<Int>)? {
        let bytes = text.bytes
        var best = 0
        var result: (Range<Int>, Range<Int>)?
        var start = 0
        while start + Self.gram <= bytes.count {
            var furthest = 0
            for (number, place) in grams.places[Self.key(bytes, start)] ?? [] {
                let form = grams.forms[number]
                var length = Self.gram
                while start + length < bytes.count, place + length < form.bytes.count,
                    bytes[start + length] == form.bytes[place + length]
                { length += 1 }
                furthest = max(furthest, length)
                guard length > best, length >= Self.run || length == form.bytes.count else { continue }
                best = length
                let places = form.places[place..<place + length]
                let part = (places.min() ?? 0)..<(places.max() ?? 0) + 1
                result = (text.origin(start..<start + length), value.origin(part))
            }
            start += max(1, furthest - Self.gram + 1)
        }
        return result
    }
}
