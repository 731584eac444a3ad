import ZeroTrust

/// A hash table from byte strings to numbers that is probed with parts of a request's strings, without building them.
///
/// It is filled once, from policies; a request only reads it, so that no request can lengthen a probe.
final class KeyTable: Sendable {
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
        /// A block of addresses: its family, its prefix length and its network.
        case block
    }

    /// A key of a rule: a request that matches the rule hits at least one of the rule's keys.
    struct Key: Hashable, Sendable {
        let kind: Kind
        let bytes: [UInt8]

        init(kind: Kind, bytes: [UInt8]) {
            self.kind = kind
            self.bytes = bytes
        }

        /// The key of a block of addresses.
        init(_ block: AddressBlock) {
            self.kind = .block
            let family: UInt8 = block.network.family == .v4 ? 4 : 6
            self.bytes =
                [family, UInt8(block.prefixLength)]
                + (0..<16).map { UInt8(truncatingIfNeeded: block.network.bits >> (8 * $0)) }
        }
    }

    private struct Slot: Sendable {
        var hash: UInt64 = 0
        var start = 0
        var count = 0
        var kind = Kind.exact
        var value: Int32 = -1
    }

    private let slots: [Slot]
    private let bytes: [UInt8]
    private let mask: Int
    private let prefixLengths: [Int]
    private let suffixLengths: [Int]
    private let hasNamespaces: Bool
    private let hasAccounts: Bool
    /// The prefix lengths of blocks, by family.
    private let blockLengths: (v4: [UInt8], v6: [UInt8])

    /// A table of keys, each with its number.
    init(_ entries: [(key: Key, value: Int32)]) {
        var capacity = 4
        while capacity < entries.count * 2 { capacity *= 2 }
        var slots = Array(repeating: Slot(), count: capacity)
        var bytes: [UInt8] = []
        for (key, value) in entries {
            let hash = (key.kind == .suffix ? key.bytes.reversed() : key.bytes).reduce(Self.seed, Self.mix)
            var index = Self.position(hash, key.kind) & (capacity - 1)
            while slots[index].value >= 0 { index = (index + 1) & (capacity - 1) }
            slots[index] = Slot(hash: hash, start: bytes.count, count: key.bytes.count, kind: key.kind, value: value)
            bytes += key.bytes
        }
        func lengths(_ kind: Kind) -> [Int] {
            Set(entries.filter { $0.key.kind == kind }.map(\.key.bytes.count)).sorted()
        }
        self.slots = slots
        self.bytes = bytes
        self.mask = capacity - 1
        self.prefixLengths = lengths(.prefix)
        self.suffixLengths = lengths(.suffix)
        self.hasNamespaces = entries.contains { $0.key.kind == .namespace }
        self.hasAccounts = entries.contains { $0.key.kind == .account }
        func blocks(_ family: UInt8) -> [UInt8] {
            Set(entries.filter { $0.key.kind == .block && $0.key.bytes[0] == family }.map(\.key.bytes[1])).sorted()
        }
        self.blockLengths = (blocks(4), blocks(6))
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
    /// Where case is ignored, the string's letters count as lower case; the keys are in lower case.
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

    /// Calls with the number of each block that an address lies in.
    func forEachHit(address: IPAddress, _ body: (Int32) -> Void) {
        let isV4 = address.family == .v4
        let lengths = isV4 ? blockLengths.v4 : blockLengths.v6
        let width = isV4 ? 32 : 128
        for position in lengths.indices {
            let length = lengths[position]
            let hostBits = width - Int(length)
            let network = hostBits >= 128 ? 0 : (address.bits >> UInt128(hostBits)) << UInt128(hostBits)
            var hash = Self.mix(Self.mix(Self.seed, isV4 ? 4 : 6), length)
            for byte in 0..<16 { hash = Self.mix(hash, UInt8(truncatingIfNeeded: network >> UInt128(8 * byte))) }
            // Equal hashes of different blocks only cost an examination in vain: the rule itself is held to the address.
            var index = Self.position(hash, .block) & mask
            while slots[index].value >= 0 {
                if slots[index].hash == hash, slots[index].kind == .block { body(slots[index].value) }
                index = (index + 1) & mask
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
