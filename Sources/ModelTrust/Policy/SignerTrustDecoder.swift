import Resources
import SPIFFE
import ZeroTrust

/// Reads by what a signer is known: a key, or whoever vouches for certificates.
struct SignerTrustDecoder {
    /// What it stands in; files are named relative to it.
    let document: Document
    /// Whether the identities are named elsewhere, condition by condition, and need not be named here.
    let isAuthority: Bool
    let read: (_ path: String) throws -> [UInt8]

    func signer(_ value: Value) throws -> SignerTrust {
        var fields = try FieldReader(value, of: "a signer")
        let methods: [SignerTrust?] = [
            try fields.optional("key", key),
            try fields.optional("certificate", certificate),
            try fields.optional("sigstore", sigstore),
            try fields.optional("spiffe", workload),
        ]
        try fields.finish()
        let given = methods.compactMap(\.self)
        guard given.count == 1 else {
            throw value.error("a signer has exactly one of `key`, `certificate`, `sigstore` and `spiffe`")
        }
        return given[0]
    }

    private func key(_ value: Value) throws -> SignerTrust {
        var fields = try FieldReader(value, of: "a key")
        let key = try fields.required("publicKey") { value in
            try refusing(at: value) { () throws in try SignerKey(pem: try text(value)) }
        }
        try fields.finish()
        return .key(key)
    }

    private func certificate(_ value: Value) throws -> SignerTrust {
        var fields = try FieldReader(value, of: "a certificate's authority")
        let identities = try identities(&fields)
        let trust = try fields.required("authorities") { value in
            try refusing(at: value) { try CertificateTrust(pem: [try text(value)], identities: identities) }
        }
        let timestamps = try fields.optional("timestampAuthorities", timestamps)
        try fields.finish()
        return .certificate(trust, timestamps: timestamps)
    }

    private func sigstore(_ value: Value) throws -> SignerTrust {
        var fields = try FieldReader(value, of: "a Sigstore instance")
        let identities = try identities(&fields)
        let issuers = try fields.required("issuers") { value in
            let issuers = try value.list { try $0.string() }
            guard !issuers.isEmpty else { throw value.error("`issuers` must not be empty") }
            return issuers
        }
        let root = try fields.required("trustedRoot") { value in
            try refusing(at: value) { try TrustedRoot(json: Array(try text(value).utf8)) }
        }
        try fields.finish()
        return .sigstore(SigstoreTrust(root: root, identities: identities, issuers: issuers))
    }

    private func workload(_ value: Value) throws -> SignerTrust {
        var fields = try FieldReader(value, of: "a trust domain")
        let domain = try fields.required("trustDomain") { value in
            do { return try TrustDomain(try value.string()) } catch let error as SPIFFEIDError {
                throw value.error("the trust domain is wrong: \(error)")
            }
        }
        let identities = try identities(&fields)
        let bundle = try fields.required("bundle") { value in
            do { return try X509Bundle(trustDomain: domain, pem: try text(value)) } catch let error as SVIDError {
                throw value.error("the bundle is wrong: \(error.message)")
            }
        }
        let timestamps = try fields.optional("timestampAuthorities", timestamps)
        try fields.finish()
        return .spiffe([domain: bundle], identities: identities, timestamps: timestamps)
    }

    // MARK: Values

    /// Who may sign; nil for anybody whom an authority vouches for, where others say who may.
    private func identities(_ fields: inout FieldReader) throws -> [IdentityPattern]? {
        isAuthority
            ? try fields.optional("identities", identities) : try fields.required("identities", identities)
    }

    private func identities(_ value: Value) throws -> [IdentityPattern] {
        let identities = try value.list { element in
            guard let identity = IdentityPattern(try element.string()) else {
                throw element.error("expected an identity, or a SPIFFE ID that ends in `/*`")
            }
            return identity
        }
        guard !identities.isEmpty else {
            throw value.error("`identities` must not be empty: whom an authority vouches for is not yet who may sign")
        }
        return identities
    }

    private func timestamps(_ value: Value) throws -> TimestampTrust {
        try refusing(at: value) { try TimestampTrust(pem: try text(value)) }
    }

    /// The text itself, or that of the file in `{file: PATH}`, relative to the policy's own file.
    private func text(_ value: Value) throws -> String {
        guard case .mapping = value.content else { return try value.string() }
        var fields = try FieldReader(value, of: "a file")
        let path = try fields.required("file") { try $0.string() }
        try fields.finish()
        let folder = document.location.file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let place = path.hasPrefix("/") ? path : (folder + [Substring(path)]).joined(separator: "/")
        let bytes = try refusing(at: value) { try read(place) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw value.error("`\(place)` is not UTF-8 text")
        }
        return text
    }

    private func refusing<Result>(at value: Value, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let refusal as ModelRefusal { throw value.error(refusal.message) }
    }
}
