import Resources
import ZeroTrust

/// Reads where an estate is enforced.
enum EnforcementDecoder {
    static func enforcement(_ value: Value) throws -> Estate.Enforcement {
        var fields = try FieldReader(value, of: "`enforcement`")
        var result = Estate.Enforcement()
        result.kubernetes = try fields.optional("k8s") { try kubernetes($0) }
        result.aws = try fields.optional("aws") { try aws($0) }
        let servers = try fields.optional("postgres") { value in
            try collectingDiagnostics(try value.mapping()) { ($0.key, try postgres($0.value)) }
        }
        result.postgres = Dictionary(uniqueKeysWithValues: servers ?? [])
        result.minio = try fields.optional("minio") { value in
            var fields = try FieldReader(value, of: "`minio`")
            let endpoint = try fields.required("endpoint") { value in
                let endpoint = try value.string()
                guard endpoint.hasPrefix("https://"), endpoint.utf8.count <= 512 else {
                    throw value.error("expected an endpoint such as `https://minio.data.svc:9000`")
                }
                return endpoint
            }
            try fields.finish()
            return Estate.Enforcement.MinIO(endpoint: endpoint)
        }
        let envoy = try fields.optional("envoy") { value in
            var fields = try FieldReader(value, of: "`envoy`")
            let asks = try fields.optional("extAuthz") { try $0.bool() }
            try fields.finish()
            return asks ?? false
        }
        result.asksExternally = envoy ?? false
        try fields.finish()
        return result
    }

    private static func kubernetes(_ value: Value) throws -> Estate.Enforcement.Kubernetes {
        var fields = try FieldReader(value, of: "`k8s`")
        let networkPolicy = try fields.optional("networkPolicy") { try $0.bool() }
        let istio = try fields.optional("istio") { value in
            var fields = try FieldReader(value, of: "`istio`")
            let mode = try fields.required("mode") {
                try $0.oneOf(Estate.Enforcement.Istio.allCases.map(\.rawValue))
            }
            let image = try fields.optional("proxyImage") { value in
                let image = try plain(value, "an image without tag and digest, such as `docker.io/istio/proxyv2`")
                guard !image.hasSuffix("/") else {
                    throw value.error("expected the name of an image, found `\(image)`")
                }
                return image
            }
            try fields.finish()
            return (mode: Estate.Enforcement.Istio(rawValue: mode) ?? .sidecar, image: image)
        }
        let addresses = try fields.optional("addresses") { value in
            try collectingDiagnostics(try value.mapping()) { ($0.key, try blocks($0.value)) }
        }
        try fields.finish()
        return .init(
            networkPolicy: networkPolicy ?? false,
            istio: istio?.mode,
            proxyImage: istio?.image ?? Estate.Enforcement.Kubernetes.defaultProxyImage,
            addresses: Dictionary(uniqueKeysWithValues: addresses ?? [])
        )
    }

    /// Where a host is: blocks of addresses, none of which is most of the internet or holds a cloud's metadata service.
    private static func blocks(_ value: Value) throws -> [AddressBlock] {
        let blocks = try value.list { element in
            let text = try element.string()
            guard let block = AddressBlock(text) else {
                throw element.error("expected addresses such as `10.9.0.0/24`, found `\(text.prefix(80))`")
            }
            guard block.prefixLength >= (block.network.family == .v4 ? 8 : 16) else {
                throw element.error(
                    "`\(block)` is too wide for the addresses of one host; at most a /8, or a /16 of IPv6"
                )
            }
            guard !KubernetesFlows.metadataServices.contains(where: block.contains) else {
                throw element.error(
                    "`\(block)` holds the metadata service of clouds, which gives out credentials of nodes"
                )
            }
            return block
        }
        guard !blocks.isEmpty else { throw value.error("expected at least one block of addresses") }
        return blocks
    }

    private static func aws(_ value: Value) throws -> Estate.Enforcement.AWS {
        var fields = try FieldReader(value, of: "`aws`")
        let account = try fields.required("account") { try self.account($0) }
        let region = try fields.required("region") { value in
            let region = try value.string()
            guard ComponentDecoder.isLabel(region) else { throw value.error("expected a region such as `eu-west-1`") }
            return region
        }
        let partition = try fields.optional("partition") { try $0.oneOf(["aws", "aws-cn", "aws-us-gov"]) }
        let provider = try fields.optional("oidcProvider") { try plain($0, "an issuer without `https://`") }
        let organization = try fields.optional("organization") {
            try plain($0, "an organisation such as `o-a1b2c3d4e5`")
        }
        let endpoint = try fields.optional("vpcEndpoint") { try plain($0, "a VPC endpoint such as `vpce-0a1b2c3d`") }
        try fields.finish()
        return .init(
            account: account,
            region: region,
            partition: partition ?? "aws",
            oidcProvider: provider,
            organization: organization,
            vpcEndpoint: endpoint
        )
    }

    /// An AWS account: 12 digits, quoted.
    static func account(_ value: Value) throws -> String {
        let account = try value.string()
        guard account.utf8.count == 12,
            account.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { throw value.error("expected an account of 12 digits, found `\(account.prefix(40))`") }
        return account
    }

    /// Text without anything that means something in a policy.
    private static func plain(_ value: Value, _ what: String) throws -> String {
        let text = try value.string()
        let isPlain = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-._/".utf8.contains(byte)
            }
        }
        guard (1...512).contains(text.utf8.count), text.utf8.allSatisfy(isPlain) else {
            throw value.error("expected \(what), found `\(text.prefix(80))`")
        }
        return text
    }

    private static func postgres(_ value: Value) throws -> Estate.Enforcement.Postgres {
        var fields = try FieldReader(value, of: "a PostgreSQL server")
        let host = try fields.required("host") { try plain($0, "the name of a host") }
        let port = try fields.optional("port") { try $0.integer(in: 1...65535) }
        let version = try fields.optional("version") { try $0.integer(in: 14...99) }
        let authentication = try fields.optional("auth") {
            try $0.oneOf(Estate.Enforcement.Authentication.allCases.map(\.rawValue))
        }
        try fields.finish()
        return .init(
            host: host,
            port: port ?? 5432,
            version: version ?? 15,
            authentication: authentication.flatMap(Estate.Enforcement.Authentication.init) ?? .certificateName
        )
    }
}
