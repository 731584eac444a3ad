import ModelTrust
import Resources
import SPIFFE
import ZeroTrust

/// Whose signature of a model counts, and what is allowed beside what was signed: what ``ModelVerificationOptions`` reads.
struct ModelVerification {
    var signature: String?
    var publicKey: String?
    var certificateChain: [String] = []
    var trustedRoot: String?
    var spiffeBundle: String?
    var trustDomain: String?
    var timestampAuthority: String?
    var identity: [String] = []
    var issuer: [String] = []
    var policy: String?
    var name: String?
    var ignorePaths: [String] = []
    var ignoreGitPaths = true
    var ignoreUnsignedFiles = false
    var allowSymlinks = true
    var legacy = false
    var lenientOrder = false

    /// A verifier of a model as the options say; `mapsFiles` is that of ``VerificationOptions``.
    func verifier(
        of model: ModelPathArgument,
        mapsFiles: Bool = false,
        _ chatter: Chatter,
        _ bar: ByteBar?
    ) throws -> ModelVerifier {
        var options = VerificationOptions()
        options.mapsFiles = mapsFiles
        options.toleratesUnsignedFiles = ignoreUnsignedFiles
        options.ignoresGitPaths = ignoreGitPaths
        options.followsSignedLinks = allowSymlinks
        options.readsLegacyFormat = legacy
        options.isLenientAboutOrder = lenientOrder
        options.ignoredPaths = try ignorePaths.map(model.relative)
        return try verifier(options, chatter, bar)
    }

    private func verifier(
        _ options: VerificationOptions,
        _ chatter: Chatter,
        _ bar: ByteBar?
    ) throws -> ModelVerifier {
        let progress: @Sendable (UInt64, UInt64) -> Void = { bar?.show($0, of: $1) }
        guard let policy, let name else {
            let trust: SignerTrust
            do { trust = try self.trust() } catch let refusal as ModelRefusal {
                throw CommandError(.usage, refusal.message)
            }
            if !certificateChain.isEmpty, identity.isEmpty {
                chatter.say("warning: anybody whom the authority vouches for may have signed; say who with --identity")
            }
            return ModelVerifier(trust: trust, options: options, progress: progress)
        }
        let policies = try ModelTrustPolicySet(ResourceLoader.load(path: policy).documents)
        do { return try policies.verifier(for: name, options: options, progress: progress) } catch {
            throw CommandError(.refused, error.message)
        }
    }

    private func trust() throws -> SignerTrust {
        if let publicKey { return .key(try InputFile.read(publicKey) { try SignerKey(pem: $0) }) }
        let identities = identity.isEmpty ? nil : try identity.map(Self.pattern)
        if let trustedRoot {
            let root = try InputFile.read(trustedRoot) { try TrustedRoot(json: Array($0.utf8)) }
            return .sigstore(SigstoreTrust(root: root, identities: identities, issuers: issuer))
        }
        let timestamps = try timestampAuthority.map { try InputFile.read($0) { try TimestampTrust(pem: $0) } }
        if let spiffeBundle, let trustDomain {
            do {
                let domain = try TrustDomain(trustDomain)
                let bundle = try X509Bundle(trustDomain: domain, pem: try InputFile.text(spiffeBundle))
                return .spiffe([domain: bundle], identities: identities, timestamps: timestamps)
            } catch let error as SPIFFEIDError { throw CommandError(.usage, "--trust-domain: \(error)") } catch let
                error as SVIDError
            { throw CommandError(.usage, "--spiffe-bundle: \(error.message)") }
        }
        return .certificate(
            try CertificateTrust(pem: try certificateChain.map(InputFile.text), identities: identities),
            timestamps: timestamps
        )
    }

    private static func pattern(_ text: String) throws -> IdentityPattern {
        guard let pattern = IdentityPattern(text) else {
            throw CommandError(.usage, "--identity takes a name, or a SPIFFE ID that ends in `/*`")
        }
        return pattern
    }
}
