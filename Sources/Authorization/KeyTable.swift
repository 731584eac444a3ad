/// A hash table from byte strings to numbers that is probed with parts of a request's strings, without building them.
///
/// It is filled once, from policies; a request only reads it, so that no request can lengthen a probe.
struct KeyTable: Sendable {
    /// What a key is held against.
    enum Kind: UInt8, Sendable {
        /// The whole string.
        case exact
        /// What the string begins with.
        case prefix
        /// What the string ends with.
        case suffix
        /// A namespace in a SPIFFE ID.
        case namespace
        /// A namespace and a service account in a SPIFFE ID, with `/` between them.
        case account
    }

    /// A key of a rule: a request that matches the rule hits at least one of the rule's keys.
    struct Key: Hashable, Sendable {
        let kind: Kind
        let bytes: [UInt8]
    }

    private struct Slot: Sendable {
        var hash: UInt64 = 0
        var start = 0
        var count = 0
        var kind = Kind.exact
        var value: Int32 = -1
    }

    private var slots: [Slot]
    private var bytes: [UInt8] = []
    private let mask: Int
    private var prefixLengths: [Int] = []
    private var suffixLengths: [Int] = []
    private var hasNamespaces = false
    private var hasAccounts = false

    /// A table of keys, each with its number.
    init(_ entries: [(key: Key, value: Int32)]) {
        var capacity = 4
        while capacity < entries.count * 2 { capacity *= 2 }
        self.slots = Array(repeating: Slot(), count: capacity)
        self.mask = capacity - 1
        var prefixes: Set<Int> = []
        var suffixes: Set<Int> = []
        for (key, value) in entries {
            switch key.kind {
            case .exact: break
            case .prefix: prefixes.insert(key.bytes.count)
            case .suffix: suffixes.insert(key.bytes.count)
            case .namespace: hasNamespaces = true
            case .account: hasAccounts = true
            }
            insert(key, value)
        }
        self.prefixLengths = prefixes.sorted()
        self.suffixLengths = suffixes.sorted()
    }

    private mutating func insert(_ key: Key, _ value: Int32) {
        var hash = Self.seed
        if key.kind == .suffix {
            for byte in key.bytes.reversed() { hash = Self.mix(hash, byte) }
        } else {
            for byte in key.bytes { hash = Self.mix(hash, byte) }
        }
        var index = Self.position(hash, key.kind) & mask
        while slots[index].value >= 0 { index = (index + 1) & mask }
        slots[index] = Slot(hash: hash, start: bytes.count, count: key.bytes.count, kind: key.kind, value: value)
        bytes += key.bytes
    }

    // FNV-1a, 64 bits: it can be continued byte by byte, so that one pass over a string finds all its prefixes.
    private static let seed: UInt64 = 0xcbf2_9ce4_8422_2325
    private static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    private static func position(_ hash: UInt64, _ kind: Kind) -> Int {
        let spread = (hash ^ UInt64(kind.rawValue)) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: spread >> 32)
    }

    /// Calls with the number of each key that a string hits: equals, begins with or ends with.
    ///
    /// - Parameter ignoringCase: whether the string's letters count as lower case; the keys are in lower case.
    func forEachHit(_ text: Span<UInt8>, ignoringCase: Bool, _ body: (Int32) -> Void) {
        var hash = Self.seed
        var nextLength = 0
        for index in 0...text.count {
            if nextLength < prefixLengths.count, prefixLengths[nextLength] == index {
                nextLength += 1
                find(.prefix, hash, text, 0, index, ignoringCase, body)
            }
            guard index < text.count else { break }
            hash = Self.mix(hash, ignoringCase ? text[index].lowercasedASCII : text[index])
        }
        find(.exact, hash, text, 0, text.count, ignoringCase, body)
        guard let longest = suffixLengths.last else { return }
        hash = Self.seed
        nextLength = 0
        for length in 0...min(longest, text.count) {
            if suffixLengths[nextLength] == length {
                nextLength += 1
                find(.suffix, hash, text, text.count - length, text.count, ignoringCase, body)
            }
            guard nextLength < suffixLengths.count, length < text.count else { break }
            let byte = text[text.count - length - 1]
            hash = Self.mix(hash, ignoringCase ? byte.lowercasedASCII : byte)
        }
    }

    /// Calls with the number of each key that a caller's name hits.
    func forEachHit(name: Span<UInt8>, _ body: (Int32) -> Void) {
        forEachHit(name, ignoringCase: false, body)
        if hasNamespaces {
            SPIFFEName.forEachNamespace(in: name) { start, end in
                find(.namespace, Self.hash(name, start, end, Self.seed), name, start, end, false, body)
            }
        }
        if hasAccounts {
            SPIFFEName.forEachAccount(in: name) { namespace, account in
                var hash = Self.hash(name, namespace.0, namespace.1, Self.seed)
                hash = Self.mix(hash, UInt8(ascii: "/"))
                hash = Self.hash(name, account.0, account.1, hash)
                findAccount(hash, name, namespace, account, body)
            }
        }
    }

    private static func hash(_ text: Span<UInt8>, _ start: Int, _ end: Int, _ seed: UInt64) -> UInt64 {
        var hash = seed
        for index in start..<end { hash = mix(hash, text[index]) }
        return hash
    }

    private func find(
        _ kind: Kind,
        _ hash: UInt64,
        _ text: Span<UInt8>,
        _ start: Int,
        _ end: Int,
        _ ignoringCase: Bool,
        _ body: (Int32) -> Void
    ) {
        var index = Self.position(hash, kind) & mask
        while slots[index].value >= 0 {
            let slot = slots[index]
            if slot.hash == hash, slot.kind == kind, slot.count == end - start,
                equals(slot.start, text, start, end, ignoringCase)
            {
                body(slot.value)
                return
            }
            index = (index + 1) & mask
        }
    }

    private func findAccount(
        _ hash: UInt64,
        _ name: Span<UInt8>,
        _ namespace: (Int, Int),
        _ account: (Int, Int),
        _ body: (Int32) -> Void
    ) {
        let first = namespace.1 - namespace.0
        let count = first + 1 + account.1 - account.0
        var index = Self.position(hash, .account) & mask
        while slots[index].value >= 0 {
            let slot = slots[index]
            if slot.hash == hash, slot.kind == .account, slot.count == count,
                equals(slot.start, name, namespace.0, namespace.1, false),
                bytes[slot.start + first] == UInt8(ascii: "/"),
                equals(slot.start + first + 1, name, account.0, account.1, false)
            {
                body(slot.value)
                return
            }
            index = (index + 1) & mask
        }
    }

    private func equals(_ offset: Int, _ text: Span<UInt8>, _ start: Int, _ end: Int, _ ignoringCase: Bool) -> Bool {
        for index in start..<end {
            let byte = ignoringCase ? text[index].lowercasedASCII : text[index]
            guard bytes[offset + index - start] == byte else { return false }
        }
        return true
    }
}
