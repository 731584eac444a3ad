import ZeroTrust

/// What kind of address an answer is, as far as it matters to whom it is dangerous.
///
/// The blocks are those of the IANA special-purpose registries (RFC 6890 and its updates), and the addresses at which
/// clouds serve credentials.
enum AddressClass: Hashable, Sendable {
    case global
    case privateUse
    case loopback
    case linkLocal
    case metadata
    /// Unspecified, multicast, reserved, documentation, benchmarking.
    case special
    /// An IPv6 address that stands for an IPv4 address: mapped, compatible, NAT64, 6to4, Teredo, ISATAP.
    case embedded

    /// Why an address of this kind is refused unless it is declared, or nil.
    var reason: EgressRefusal.Reason? {
        switch self {
        case .global: nil
        case .privateUse: .privateAddress
        case .loopback: .loopbackAddress
        case .linkLocal: .linkLocalAddress
        case .metadata: .metadataAddress
        case .special: .specialAddress
        case .embedded: .embeddedAddress
        }
    }

    /// Why an address of this kind is refused even where an endpoint names it, or nil.
    var reasonAlways: EgressRefusal.Reason? {
        switch self {
        case .global, .privateUse, .loopback: nil
        case .linkLocal, .metadata, .special, .embedded: reason
        }
    }

    /// The kind of an address.
    static func of(_ address: IPAddress) -> AddressClass {
        if contains(Self.metadataBlocks, address) { return .metadata }
        if contains(Self.loopbackBlocks, address) { return .loopback }
        if contains(Self.linkLocalBlocks, address) { return .linkLocal }
        if contains(Self.privateBlocks, address) { return .privateUse }
        if contains(Self.embeddedBlocks, address) || isISATAP(address) { return .embedded }
        if contains(Self.specialBlocks, address) { return .special }
        // Of IPv6, only 2000::/3 has been given out.
        if address.family == .v6, address.bits >> 125 != 1 { return .special }
        return .global
    }

    private static func contains(_ blocks: [AddressBlock], _ address: IPAddress) -> Bool {
        blocks.contains { $0.contains(address) }
    }

    /// RFC 5214 §6.1: `::0:5efe:a.b.c.d`, with or without the universal bit.
    private static func isISATAP(_ address: IPAddress) -> Bool {
        address.family == .v6 && [0x0000_5efe, 0x0200_5efe].contains(UInt32(truncatingIfNeeded: address.bits >> 32))
    }

    private static func blocks(_ texts: String...) -> [AddressBlock] { texts.compactMap { AddressBlock($0) } }

    private static let metadataBlocks = blocks(
        // AWS, Azure, Google, Oracle and others; ECS tasks and EKS Pod Identity.
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        // Azure's wire server; Alibaba; Oracle's older one.
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192"
    )
    private static let loopbackBlocks = blocks("127.0.0.0/8", "::1")
    private static let linkLocalBlocks = blocks("169.254.0.0/16", "fe80::/10")
    private static let privateBlocks = blocks(
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fc00::/7",
        "fec0::/10"
    )
    private static let embeddedBlocks = blocks(
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32"
    )
    private static let specialBlocks = blocks(
        "0.0.0.0/8",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "ff00::/8"
    )
}
