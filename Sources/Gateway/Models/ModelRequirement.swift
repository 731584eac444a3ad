import Resources
import SPIFFE

/// Which model an upstream has to be proved to have loaded.
///
/// Its words are those of the selectors by which a `WorkloadEntry` asks for a model: `digest`, `signer`, `verified`. All that
/// is asked has to hold of one and the same model.
public struct ModelRequirement: Hashable, Sendable {
    /// The digest of the model's manifest; nil for any.
    public let digest: String?
    /// Who signed the model; nil for anybody that its loader accepts.
    public let signer: String?

    /// A requirement; one of nothing more is that some model was verified.
    public init(digest: String? = nil, signer: String? = nil) {
        self.digest = digest
        self.signer = signer
    }

    init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "model")
        digest = try fields.optional("digest") { value in
            let digest = try value.string()
            guard ModelClaim.isDigest(digest) else {
                throw value.error(
                    "expected the digest of a model's manifest, `sha256:` and 64 lower-case hexadecimal digits, found "
                        + "`\(digest)`"
                )
            }
            return digest
        }
        signer = try fields.optional("signer") { value in
            let signer = try value.string()
            guard ModelClaim.isSigner(signer) else { throw value.error("expected the name of who signed the model") }
            return signer
        }
        let isVerified = try fields.optional("verified") { value in
            guard try value.bool() else {
                throw value.error("a model is always verified: write `verified: true`, or leave out `model`")
            }
            return true
        }
        guard digest != nil || signer != nil || isVerified != nil else {
            throw value.error("`model` needs `digest`, `signer` or `verified: true`")
        }
        try fields.finish()
    }

    /// The first of the models that an upstream has loaded which is what is asked for; nil where none is.
    func first(of models: [ModelClaim]) -> ModelClaim? {
        models.first { model in
            (digest == nil || digest == model.digest) && (signer == nil || signer == model.signer)
        }
    }
}
