import CLinux
import Glibc
import NIOCore
package import RPC
package import ZeroTrust

/// The other end of an accepted connection, and how to make sure that it is still the same.
///
/// A TCP connection is looked up in the kernel's table by both of its ends, which only one socket of this network
/// namespace can have: whoever is not found is not on this machine. The lookup is repeated after the attestation. In
/// between, the inode cannot have passed to another socket, since this one still has it.
package struct ConnectionOwner: Sendable {
    /// The ends of a TCP connection as its client sees them.
    package struct Ends: Sendable {
        let own: Exchange.Endpoint
        let other: Exchange.Endpoint

        /// The ends, the client's own first.
        package init(own: Exchange.Endpoint, other: Exchange.Endpoint) {
            self.own = own
            self.other = other
        }
    }

    /// Who it is.
    package let peer: LocalPeer
    private let ends: Ends?

    /// The owner of a Unix connection; nil where its process cannot be held.
    package init?(unix credentials: PeerCredentials) {
        guard credentials.process?.isRunning == true else { return nil }
        self.peer = .process(credentials)
        self.ends = nil
    }

    /// The owner of a TCP connection; nil where the kernel knows no such socket here.
    package init?(_ ends: Ends) {
        guard let owner = Self.owner(of: ends) else { return nil }
        self.peer = .socket(inode: owner.inode, uid: owner.uid)
        self.ends = ends
    }

    /// Whether the same process, or the same socket, is still at the other end.
    package var isUnchanged: Bool {
        switch peer {
        case .process(let credentials): return credentials.process?.isRunning == true
        case .socket(let inode, let uid):
            guard let ends, let owner = Self.owner(of: ends) else { return false }
            return owner.inode == inode && owner.uid == uid
        }
    }

    private static func owner(of ends: Ends) -> (inode: UInt64, uid: UInt32)? {
        var own = lapwing_endpoint(ends.own)
        var other = lapwing_endpoint(ends.other)
        var found = lapwing_socket_owner()
        // The kernel reads the two and writes the third during the call.
        guard unsafe lapwing_tcp_owner(&own, &other, &found) == 0 else { return nil }
        return (found.inode, found.uid)
    }
}

extension lapwing_endpoint {
    /// An endpoint as the kernel reads it.
    init(_ endpoint: Exchange.Endpoint) {
        self.init()
        let isV4 = endpoint.address.family == .v4
        family = UInt16(isV4 ? AF_INET : AF_INET6)
        port = endpoint.port.bigEndian
        let count = isV4 ? 4 : 16
        // Sound: at most 16 bytes are written into the 16 of the field.
        unsafe withUnsafeMutableBytes(of: &address) { bytes in
            for index in 0..<count {
                unsafe bytes[index] = UInt8(
                    truncatingIfNeeded: endpoint.address.bits >> UInt128(8 * (count - 1 - index))
                )
            }
        }
    }

    /// The endpoint, or nil for another family.
    var endpoint: Exchange.Endpoint? {
        var address = address
        let bits = unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe bytes.prefix(family == UInt16(AF_INET) ? 4 : 16).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        }
        switch Int32(family) {
        case AF_INET:
            return Exchange.Endpoint(
                address: IPAddress(v4: UInt32(truncatingIfNeeded: bits)),
                port: UInt16(bigEndian: port)
            )
        case AF_INET6: return Exchange.Endpoint(address: IPAddress(v6: bits), port: UInt16(bigEndian: port))
        default: return nil
        }
    }
}

/// Where a connection was going before the kernel redirected it to us.
enum OriginalDestination {
    /// The destination; nil for a connection that was not redirected.
    static func of(_ descriptor: CInt, local: Exchange.Endpoint) -> Exchange.Endpoint? {
        var found = lapwing_endpoint()
        let family = local.address.family == .v4 ? AF_INET : AF_INET6
        // The kernel writes one address of that family.
        guard unsafe lapwing_original_destination(descriptor, family, &found) == 0, let endpoint = found.endpoint,
            endpoint != local
        else { return nil }
        return endpoint
    }
}
