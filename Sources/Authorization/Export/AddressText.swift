import ZeroTrust

/// Reads an address or a block as it is written.
enum AddressText {
    /// The address as written and the length of the prefix.
    static func parse(_ text: String) -> (address: IPAddress, length: Int)? {
        guard let block = AddressBlock(text), let address = IPAddress(text.prefix { $0 != "/" }) else { return nil }
        return (address, block.prefixLength)
    }
}
