import ZeroTrust

/// The addresses of this machine alone.
enum Loopback {
    private static let v4 = AddressBlock("127.0.0.0/8")
    private static let v6 = AddressBlock("::1")

    /// Whether an address, as text, is on loopback; a name never is, since it could resolve to anything.
    static func contains(_ address: String) -> Bool {
        guard let address = IPAddress(address) else { return false }
        return v4?.contains(address) == true || v6?.contains(address) == true
    }
}
