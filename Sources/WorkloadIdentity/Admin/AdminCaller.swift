public import ZeroTrust

/// Who administers: a local user, as the kernel names them, or a workload, as its certificate does.
public enum AdminCaller: Hashable, Sendable {
    /// A user of this machine.
    case user(UInt32)
    /// A workload with a verified SVID.
    case workload(SPIFFEID)
}

extension AdminCaller: CustomStringConvertible {
    /// `uid 1000`, or the SPIFFE ID.
    public var description: String {
        switch self {
        case .user(let uid): "uid \(uid)"
        case .workload(let id): id.description
        }
    }
}
