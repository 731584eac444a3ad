import ZeroTrust

/// A set of IP addresses of both families.
struct AddressSet: Hashable, Sendable {
    private let v4: IntervalSet<UInt32>
    private let v6: IntervalSet<UInt128>

    /// Every address.
    static let all = AddressSet(v4: .all, v6: .all)

    private init(v4: IntervalSet<UInt32>, v6: IntervalSet<UInt128>) {
        self.v4 = v4
        self.v6 = v6
    }

    /// The addresses in any of some blocks.
    init(_ blocks: [AddressBlock]) {
        var v4: [ClosedRange<UInt32>] = []
        var v6: [ClosedRange<UInt128>] = []
        for block in blocks {
            if block.network.family == .v4 {
                let first = UInt32(truncatingIfNeeded: block.network.bits)
                v4.append(first...(first | UInt32.max >> UInt32(block.prefixLength)))
            } else {
                let first = block.network.bits
                v6.append(first...(first | UInt128.max >> UInt128(block.prefixLength)))
            }
        }
        self.init(v4: IntervalSet(v4), v6: IntervalSet(v6))
    }

    var isEmpty: Bool { v4.isEmpty && v6.isEmpty }
    var complement: AddressSet { AddressSet(v4: v4.complement, v6: v6.complement) }

    func intersection(_ other: AddressSet) -> AddressSet {
        AddressSet(v4: v4.intersection(other.v4), v6: v6.intersection(other.v6))
    }

    /// The set with the IPv4-mapped form of each IPv4 address.
    var withMapped: AddressSet {
        let prefix = UInt128(0xffff) << 32
        let mapped = v4.intervals.map { (prefix | UInt128($0.lowerBound))...(prefix | UInt128($0.upperBound)) }
        return AddressSet(v4: v4, v6: IntervalSet(v6.intervals + mapped))
    }

    func contains(_ address: IPAddress) -> Bool {
        address.family == .v4
            ? v4.contains(UInt32(truncatingIfNeeded: address.bits)) : v6.contains(address.bits)
    }

    /// An address of the set, or nil where there is none; the given one where it is in the set.
    func member(preferring address: IPAddress) -> IPAddress? {
        if contains(address) { return address }
        if let first = v4.intervals.first { return IPAddress(v4: first.lowerBound) }
        return v6.intervals.first.map { IPAddress(v6: $0.lowerBound) }
    }
}

extension AddressSet: CustomStringConvertible {
    /// The set as blocks, or as their complement, whichever has fewer intervals.
    var description: String {
        let other = complement
        let isShorter = other.v4.intervals.count + other.v6.intervals.count < v4.intervals.count + v6.intervals.count
        if self == .all { return "any" }
        if isShorter || (v4.intervals.count > 0 && v6.intervals.count > 0) && !other.isEmpty {
            return "any except " + other.texts.joined(separator: ", ")
        }
        return texts.joined(separator: ", ")
    }

    private var texts: [String] {
        v4.intervals.map { Self.text(IPAddress(v4: $0.lowerBound), IPAddress(v4: $0.upperBound)) }
            + v6.intervals.map { Self.text(IPAddress(v6: $0.lowerBound), IPAddress(v6: $0.upperBound)) }
    }

    private static func text(_ first: IPAddress, _ last: IPAddress) -> String {
        guard first != last else { return "\(first)" }
        let interval = AddressSet(first: first, last: last)
        for prefix in 0...(first.family == .v4 ? 32 : 128) {
            guard let block = AddressBlock("\(first)/\(prefix)"), AddressSet([block]) == interval else { continue }
            return block.description
        }
        return "\(first)-\(last)"
    }

    private init(first: IPAddress, last: IPAddress) {
        if first.family == .v4 {
            self.init(
                v4: IntervalSet([UInt32(truncatingIfNeeded: first.bits)...UInt32(truncatingIfNeeded: last.bits)]),
                v6: IntervalSet([])
            )
        } else {
            self.init(v4: IntervalSet([]), v6: IntervalSet([first.bits...last.bits]))
        }
    }
}
