/// A block of addresses, or one address, in CIDR form: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.7`.
public struct AddressBlock: Hashable, Sendable {
    /// The first address of the block; the bits past the prefix are zero.
    public let network: IPAddress
    /// How many leading bits are fixed: 0 to 32, or 0 to 128.
    public let prefixLength: Int

    /// In two words for the reason that ``RequestID`` gives.
    private let maskHigh: UInt64
    private let maskLow: UInt64
    private var mask: UInt128 { UInt128(maskHigh) << 64 | UInt128(maskLow) }

    /// Parses `ADDRESS` or `ADDRESS/PREFIX`; bits past the prefix are dropped.
    ///
    /// Returns nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(parts[0]) else { return nil }
        let width = address.family == .v4 ? 32 : 128
        var prefix = width
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let value = Int(parts[1]), value <= width
            else { return nil }
            prefix = value
        }
        let ones: UInt128 = width == 32 ? UInt128(UInt32.max) : .max
        let host: UInt128 = width - prefix >= 128 ? .max : (UInt128(1) << UInt128(width - prefix)) - 1
        let mask = ones & ~host
        self.maskHigh = UInt64(truncatingIfNeeded: mask >> 64)
        self.maskLow = UInt64(truncatingIfNeeded: mask)
        self.prefixLength = prefix
        self.network =
            address.family == .v4
            ? IPAddress(v4: UInt32(truncatingIfNeeded: address.bits & mask)) : IPAddress(v6: address.bits & mask)
    }

    /// Whether the address is of this block's family and lies in it.
    public func contains(_ address: IPAddress) -> Bool {
        address.family == network.family && address.bits & mask == network.bits
    }
}

extension AddressBlock: CustomStringConvertible {
    /// The block in CIDR form.
    public var description: String { "\(network)/\(prefixLength)" }
}
