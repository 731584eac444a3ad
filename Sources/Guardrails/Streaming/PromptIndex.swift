import RegularExpressions

/// What of a request must not come back in its answer: its system prompt, and the canaries in it.
///
/// The system prompt is looked for by its words: from 24 letters and digits in a row that stand in it in the same
/// order, whatever the case and the punctuation, also read backwards, turned by thirteen letters or forty-seven
/// characters, or in base64 and hexadecimal. Making an index sorts the prompt's words, so keep
/// it for the requests that share a prompt.
public struct PromptIndex: Sendable {
    /// How many letters and digits in a row are a leak.
    public static let leastOverlap = 24
    /// The largest system prompt that is indexed, in bytes; of a longer one the beginning is.
    public static let maximumPrompt = 64 << 10

    /// How many places are kept that go on alike for ``leastOverlap`` letters and digits.
    private static let maximumAlike = 4

    /// The prompt's letters and digits, forwards, turned both ways and backwards, with a 0 after each.
    private let text: [UInt8]
    /// Where words begin in `text`, in the order of what follows there.
    private let words: [Int32]
    /// Canaries and what they look like encoded, in letters and digits.
    private let canaries: [[UInt8]]
    /// For each unit, whether a canary begins with it.
    private let canaryStarts: UnitSet

    /// Makes the index of a request's system prompt and canaries.
    ///
    /// A canary of less than 12 letters and digits is left out.
    public init(systemPrompt: String = "", canaries: [String] = []) {
        var text: [UInt8] = []
        var starts: [Int32] = []
        let prompt = Array(systemPrompt.utf8.prefix(Self.maximumPrompt))
        for variant in [prompt, prompt.map(Self.turned), prompt.map(Self.moved), prompt.reversed()] {
            var inWord = false
            for byte in variant {
                guard let unit = Self.plain(byte) else {
                    inWord = false
                    continue
                }
                if !inWord { starts.append(Int32(text.count)) }
                inWord = true
                text.append(unit)
            }
            text.append(0)
        }
        let all = text
        // Of places that go on alike only a few are kept, so that a prompt that repeats itself is sorted as fast.
        var alike: [Int: Int] = [:]
        let distinct = starts.filter { start in
            guard Int(start) + Self.leastOverlap <= all.count else { return false }
            var hasher = Hasher()
            for unit in all[Int(start)..<Int(start) + Self.leastOverlap] { hasher.combine(unit) }
            let window = hasher.finalize()
            let count = alike[window, default: 0]
            guard count < Self.maximumAlike else { return false }
            alike[window] = count + 1
            return true
        }
        words = distinct.sorted { left, right in
            var left = Int(left)
            var right = Int(right)
            // As far as anything is looked at: the hold-back.
            for _ in 0..<TextUnits.holdBack {
                if right >= all.count { return false }
                if left >= all.count { return true }
                if all[left] != all[right] { return all[left] < all[right] }
                left += 1
                right += 1
            }
            return left < right
        }
        self.text = text
        var variants: [[UInt8]] = []
        for canary in canaries {
            let bytes = Array(canary.utf8)
            guard bytes.compactMap(Self.plain).count >= 12 else { continue }
            variants.append(bytes)
            variants.append(bytes.map(Self.turned))
            variants.append(bytes.map(Self.moved))
            variants.append(bytes.reversed())
            variants.append(OutputKeys.hexadecimal(bytes))
            for alignment in 0..<3 {
                // What of the base64 does not depend on what stands around the canary.
                let padded = [UInt8](repeating: 0, count: alignment) + bytes
                let whole = Array(Base64URL.encode(Array(padded[..<(padded.count / 3 * 3)])).utf8)
                variants.append(Array(whole.dropFirst(alignment == 0 ? 0 : 4)))
            }
        }
        self.canaries = variants.map { $0.compactMap(Self.plain) }.filter { $0.count >= 12 }
        var first = UnitSet()
        for canary in self.canaries { first.insert(canary[0]...canary[0]) }
        first.foldCase()
        canaryStarts = first
    }

    /// An index of nothing.
    public static let none = PromptIndex()

    var isEmpty: Bool { words.isEmpty && canaries.isEmpty }
    var hasCanaries: Bool { !canaries.isEmpty }

    @inline(__always)
    func mayBeCanary(_ unit: UInt8) -> Bool { canaryStarts.contains(unit) }

    /// Where a canary ends that begins at a place, punctuation and spaces in it passed over.
    func canary(_ reader: inout UnitReader, at start: Int) -> Int? {
        search: for canary in canaries {
            var index = start
            for unit in canary {
                while let next = Self.passedOver(reader[index]), next { index += 1 }
                guard Self.plain(reader[index]) == unit else { continue search }
                index += 1
            }
            return index
        }
        return nil
    }

    /// Where a piece of the system prompt ends that begins at a place.
    func overlap(_ reader: inout UnitReader, at start: Int) -> Int? {
        var range = words.startIndex..<words.endIndex
        var depth = 0
        var index = start
        var end: Int?
        while !range.isEmpty {
            while let next = Self.passedOver(reader[index]), next { index += 1 }
            guard let unit = Self.plain(reader[index]) else { break }
            range = narrowed(range, depth: depth, to: unit)
            if range.isEmpty { break }
            depth += 1
            index += 1
            if depth >= Self.leastOverlap { end = index }
        }
        return end
    }

    /// Whether text that was decoded holds a piece of the system prompt, or a canary.
    func isIn(_ decoded: [UInt8]) -> Bool {
        unsafe decoded.withUnsafeBufferPointer { buffer in
            var reader = unsafe UnitReader(buffer, isFinal: true)
            for start in decoded.indices where Self.plain(decoded[start]) != nil {
                reader.begin(at: start)
                if overlap(&reader, at: start) != nil || canary(&reader, at: start) != nil { return true }
            }
            return false
        }
    }

    private func narrowed(_ range: Range<Int>, depth: Int, to unit: UInt8) -> Range<Int> {
        func bound(_ isBefore: (UInt8) -> Bool) -> Int {
            var low = range.lowerBound
            var high = range.upperBound
            while low < high {
                let middle = (low + high) / 2
                let place = Int(words[middle]) + depth
                if isBefore(place < text.count ? text[place] : 0) { low = middle + 1 } else { high = middle }
            }
            return low
        }
        return bound { $0 < unit }..<bound { $0 <= unit }
    }

    /// A letter or digit in lower case; nil for anything else.
    @inline(__always)
    private static func plain(_ unit: UInt8) -> UInt8? {
        UnitClass.isAlphanumeric(unit) ? UnitClass.lowercased(unit) : nil
    }

    /// Whether a unit is neither a letter nor a digit; nil at the end.
    @inline(__always)
    private static func passedOver(_ unit: UInt8) -> Bool? {
        unit == TextUnits.end ? nil : !UnitClass.isAlphanumeric(unit)
    }

    private static func turned(_ byte: UInt8) -> UInt8 {
        guard UnitClass.isLetter(byte) else { return byte }
        let base = byte & 0xE0 | 1
        return base + (byte - base + 13) % 26
    }

    private static func moved(_ byte: UInt8) -> UInt8 {
        UInt8(truncatingIfNeeded: Ciphers.rot47(UInt32(byte)))
    }
}
