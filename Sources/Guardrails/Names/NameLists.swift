/// Which lists of names a word is in: a bit for each word's hash, so that a few words more than the lists' are in them.
package struct NameLists: Sendable {
    /// The lists, in the order of their bits.
    package enum List: Int, CaseIterable, Sendable {
        case given, family, town, country, street, firm
    }

    /// The bits of a list, as a power of two.
    static let width = 18
    static let bytes = List.allCases.count << (width - 3)

    private(set) var bits: [UInt8]

    /// Lists without words.
    package init() { bits = [UInt8](repeating: 0, count: Self.bytes) }

    init(_ bits: ArraySlice<UInt8>) { self.bits = Array(bits) }

    /// Adds the words of a name but common ones; short ones of several say nothing.
    package mutating func add(_ name: String, to list: List, without common: Set<UInt32> = []) {
        let words = Self.hashes(name)
        for (hash, length) in words where (words.count == 1 || length > 3) && !common.contains(hash) {
            let place = Self.place(hash, list)
            bits[place >> 3] |= 1 << UInt8(place & 7)
        }
    }

    /// The lists that a word is in, a bit for each.
    @inline(__always)
    func membership(_ hash: UInt32) -> UInt32 {
        var found: UInt32 = 0
        for list in 0..<List.allCases.count {
            let place = list << Self.width | Int(hash >> (32 - UInt32(Self.width)))
            found |= UInt32(bits[place >> 3] >> UInt8(place & 7) & 1) << UInt32(list)
        }
        return found
    }

    private static func place(_ hash: UInt32, _ list: List) -> Int {
        list.rawValue << width | Int(hash >> (32 - UInt32(width)))
    }

    /// The hashes of a name's words as they are read in text, with their lengths.
    package static func hashes(_ name: String) -> [(hash: UInt32, length: Int)] {
        var text = TextUnits()
        text.append(Array(name.utf8)[...])
        text.finish()
        return unsafe text.units.withUnsafeBufferPointer { units in
            // Sound: the reader lives within this closure.
            var reader = unsafe UnitReader(units, isFinal: true)
            reader.begin(at: 0)
            var found: [(hash: UInt32, length: Int)] = []
            var place = 0
            while place < units.count {
                let word = NameWord.after(place, &reader)
                if word.isWord { found.append((word.hash, word.end - word.start)) }
                place = max(word.end, place + 1)
            }
            return found
        }
    }
}
