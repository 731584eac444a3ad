public import ZeroTrust

/// Finds the addresses of a name.
///
/// It is asked only for names that an entry declares and a policy allows, so that no refused name reaches a DNS server.
public protocol HostResolver: Sendable {
    /// The addresses, in the order of preference; empty where the name has none.
    ///
    /// - Throws: where nobody could say.
    func addresses(of name: DestinationName) async throws -> [IPAddress]
}
