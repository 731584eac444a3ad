import ModelTrust
import NIOPosix

/// Asks for an OpenSSF Model Signing signature, by one of the keys or certificates that the rule names, over exactly the
/// files that the artifact has.
public struct SignatureCheck: AdmissionCheck {
    /// The name by which rules ask for it.
    public let name = "signature"

    /// A check.
    public init() {}

    /// Verifies the signatures that refer to the artifact; one that holds is enough.
    ///
    /// - Returns: why none holds; empty where one does.
    public func reasons(against artifact: Artifact, requirement: AdmissionRequirement) async throws -> [String] {
        guard let wanted = requirement.signature else { return [] }
        guard !artifact.signatures.isEmpty else { return ["nobody has signed it"] }
        let trusted = try wanted.trust()
        guard !trusted.isEmpty else { return ["the rule names nobody whose signature is believed"] }
        // Hashing takes its time, and is for a thread that may wait.
        return try await NIOThreadPool.singleton.runIfActive {
            try artifact.laidOut { files in
                var reasons: [String] = []
                for signature in files.signatures {
                    for trust in trusted {
                        var options = VerificationOptions()
                        options.ignoresGitPaths = false
                        let verifier = ModelVerifier(trust: trust, options: options)
                        switch verifier.verify(model: files.model, signature: signature) {
                        case .verified: return []
                        case .refused(let refusal): reasons.append("\(refusal.code.rawValue): \(refusal.message)")
                        }
                    }
                }
                return reasons
            }
        }
    }
}

extension AdmissionRequirement.Signature {
    /// Whose signatures are believed.
    ///
    /// - Throws: `ModelRefusal` where a key or certificate cannot be read.
    func trust() throws -> [SignerTrust] {
        var trust: [SignerTrust] = try keys.map { .key(try SignerKey(pem: $0)) }
        if !authorities.isEmpty {
            let patterns = try identities.map { text in
                guard let pattern = IdentityPattern(text) else {
                    throw RegistryError(.manifestInvalid, "`\(text)` is no pattern of an identity")
                }
                return pattern
            }
            trust.append(.certificate(try CertificateTrust(pem: authorities, identities: patterns)))
        }
        return trust
    }
}
