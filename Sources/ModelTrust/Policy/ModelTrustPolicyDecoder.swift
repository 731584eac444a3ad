import Resources

/// Reads one `ModelTrustPolicy`, strictly: each mistake with its place.
struct ModelTrustPolicyDecoder {
    let document: Document
    let read: (_ path: String) throws -> [UInt8]

    func decode() throws -> ModelTrustPolicy {
        guard let spec = document.spec, !spec.isNull else {
            throw ResourceError(at: document.location, "a \(ModelTrustPolicy.kind) needs a `spec`")
        }
        var fields = try FieldReader(spec, of: "the spec of a \(ModelTrustPolicy.kind)")
        let models = try fields.required("models") { try patterns($0) }
        let signers = try fields.required("signers") { value in
            let signers = try value.list(SignerTrustDecoder(document: document, isAuthority: false, read: read).signer)
            guard !signers.isEmpty else { throw value.error("`signers` must not be empty") }
            return signers
        }
        let acceptsIgnoredPaths = try fields.optional("allowIgnoredPaths") { try $0.bool() }
        let release = try fields.optional("release") { value in
            let authorities = SignerTrustDecoder(document: document, isAuthority: true, read: read)
            var decoder = ReleasePolicyDecoder(authority: authorities.signer)
            guard let release = decoder.decode(value) else { throw ResourceError(decoder.diagnostics) }
            return release
        }
        try fields.finish()
        return ModelTrustPolicy(
            name: document.metadata.name,
            models: models,
            signers: signers,
            acceptsIgnoredPaths: acceptsIgnoredPaths ?? true,
            release: release,
            location: document.location
        )
    }

    private func patterns(_ value: Value) throws -> [NamePattern] {
        let patterns = try value.list { element in
            guard let pattern = NamePattern(try element.string()) else {
                throw element.error("expected a name of 1 to 512 bytes, in which `*` stands for any characters")
            }
            return pattern
        }
        guard !patterns.isEmpty else { throw value.error("`models` must not be empty") }
        return patterns
    }
}
