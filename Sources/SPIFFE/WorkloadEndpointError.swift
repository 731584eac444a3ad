/// Why a text is not the address of a Workload API (SPIFFE Workload Endpoint §4).
public enum WorkloadEndpointError: Error, Hashable, Sendable, CaseIterable {
    /// The text is longer than 4,096 bytes.
    case tooLong
    /// A byte is not printable ASCII, or is an escape.
    case badCharacter
    /// Nothing stands before a `:`.
    case missingScheme
    /// The scheme is neither `unix` nor `tcp`.
    case wrongScheme
    /// There is a query.
    case query
    /// There is a fragment.
    case fragment
    /// There is a user name or a password.
    case userInfo
    /// A Unix socket has an authority.
    case authority
    /// A Unix socket has no path.
    case missingPath
    /// A Unix socket's path is not absolute.
    case relativePath
    /// A TCP address has no host.
    case missingHost
    /// A TCP address's host is not an IP address.
    case hostIsNoAddress
    /// A TCP address has no port.
    case missingPort
    /// A TCP address's port is not 1 to 65535.
    case badPort
    /// A TCP address has a path.
    case path
}

extension WorkloadEndpointError: CustomStringConvertible {
    /// What is wrong, in words.
    public var description: String {
        switch self {
        case .tooLong: "the endpoint address is longer than \(WorkloadEndpoint.maximumLength) bytes"
        case .badCharacter: "the endpoint address may hold only printable ASCII, without escapes"
        case .missingScheme, .wrongScheme: "the endpoint address must begin with `unix:` or `tcp:`"
        case .query: "the endpoint address must not have a query"
        case .fragment: "the endpoint address must not have a fragment"
        case .userInfo: "the endpoint address must not have a user name"
        case .authority: "a Unix socket must not have an authority; write `unix:///path`"
        case .missingPath: "a Unix socket must have a path: `unix:///path`"
        case .relativePath: "a Unix socket's path must be absolute: `unix:///path`"
        case .missingHost: "a TCP endpoint must have an IP address: `tcp://127.0.0.1:8000`"
        case .hostIsNoAddress: "a TCP endpoint's host must be an IP address"
        case .missingPort: "a TCP endpoint must have a port"
        case .badPort: "a TCP endpoint's port must be 1 to 65535"
        case .path: "a TCP endpoint must not have a path"
        }
    }
}
