public import Resources
import SPIFFE
import ZeroTrust

extension FederatedTrustDomain {
    /// The kind of the resource.
    public static let kind = "FederatedTrustDomain"
    /// The kind of SPIRE's controller manager, with the same fields.
    public static let spireKind = "ClusterFederatedTrustDomain"
    /// Its API group and version.
    static let spireVersion = "spire.spiffe.io/v1alpha1"

    /// Whether a document is of one of the kinds.
    static func isDeclared(_ document: Document) -> Bool {
        (document.kind == kind && document.group == "lapwing.dev")
            || (document.kind == spireKind && document.group == "spire.spiffe.io")
    }

    /// Reads the resource.
    ///
    /// - Throws: `ResourceError` with the place of every field that is unknown, of the wrong type, or impossible.
    public init(_ document: Document) throws {
        let isSPIRE = document.kind == Self.spireKind
        let version = isSPIRE ? Self.spireVersion : WorkloadEntry.apiVersion
        guard document.apiVersion == version else {
            throw ResourceError(at: document.location, "expected `apiVersion: \(version)` for a `\(document.kind)`")
        }
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "a `\(document.kind)` needs a `spec`")
        }
        var fields = try FieldReader(spec, of: "\(document.kind) spec")
        let trustDomain = try fields.required("trustDomain") { value in
            try value.checked { try TrustDomain(try value.string()) }
        }
        let url = try fields.required("bundleEndpointURL") { value in
            try value.checked { try BundleEndpointURL(try value.string()) }
        }
        let profile = try fields.required("bundleEndpointProfile") { try Self.profile($0, isSPIRE: isSPIRE) }
        let bundle = try fields.optional("trustDomainBundle") { value in
            let text = try value.string()
            guard !text.drop(while: \.isWhitespace).hasPrefix("-----BEGIN") else {
                throw value.error(
                    "expected a bundle as JSON, found certificates as PEM; its operators get it by "
                        + "`lapwing identity bundle show -o jwks` or `spire-server bundle show -format spiffe`"
                )
            }
            return try value.checked { try SPIFFEBundle(trustDomain: trustDomain, document: Array(text.utf8)) }
        }
        // Which of several controllers is meant.
        if isSPIRE { fields.ignore("className") }
        try fields.finish()
        self = try spec.checked {
            try FederatedTrustDomain(
                name: document.metadata.name,
                trustDomain: trustDomain,
                url: url,
                profile: profile,
                bundle: bundle
            )
        }
    }

    private static func profile(_ value: Value, isSPIRE: Bool) throws -> Profile {
        var fields = try FieldReader(value, of: "bundleEndpointProfile")
        let type = try fields.required("type") { try $0.oneOf(["https_web", "https_spiffe"]) }
        let profile: Profile
        if type == "https_spiffe" {
            profile = .spiffe(
                try fields.required("endpointSPIFFEID") { value in
                    try value.checked { try SPIFFEID(try value.string()) }
                }
            )
        } else {
            profile = .web(authoritiesFile: isSPIRE ? nil : try fields.optional("caFile") { try $0.string() })
        }
        try fields.finish()
        return profile
    }
}

extension BundleEndpoint {
    /// The kind of the resource.
    public static let kind = "BundleEndpoint"

    /// Reads the resource.
    ///
    /// - Throws: `ResourceError` with the place of every field that is unknown, of the wrong type, or impossible.
    init(_ document: Document, in own: TrustDomain) throws {
        var fields = try FieldReader(identityResource: document)
        let (address, port) = try fields.listenAddress()
        let profile = try fields.required("profile") { try Self.profile($0, in: own) }
        let hint = try fields.optional("refreshHint") { value in
            let duration = try value.duration()
            guard (Duration.seconds(1)...Duration.seconds(86400)).contains(duration) else {
                throw value.error("`refreshHint`: others are asked to come back after 1s to 24h")
            }
            return UInt64(duration.components.seconds)
        }
        try fields.finish()
        self.init(
            name: document.metadata.name,
            address: address,
            port: port,
            profile: profile,
            refreshHint: hint ?? Self.defaultRefreshHint
        )
    }

    static func profile(_ value: Value, in own: TrustDomain) throws -> Profile {
        var fields = try FieldReader(value, of: "profile")
        let profile: Profile
        if try fields.required("type", { try $0.oneOf(["https_web", "https_spiffe"]) }) == "https_spiffe" {
            profile = .spiffe(
                try fields.required("spiffeID") { value in
                    try value.checked {
                        let id = try SPIFFEID(try value.string())
                        guard id.trustDomain == own, !id.path.isEmpty else {
                            throw value.error(
                                "`\(id)` is no workload of the trust domain `\(own)` of this installation"
                            )
                        }
                        return id
                    }
                }
            )
        } else {
            profile = .web(
                certificateFile: try fields.required("certificateFile") { try $0.string() },
                keyFile: try fields.required("keyFile") { try $0.string() }
            )
        }
        try fields.finish()
        return profile
    }
}
