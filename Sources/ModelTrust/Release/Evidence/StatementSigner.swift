internal import SPIFFE

/// Signs what somebody says of a model: attestations and indexes of releases.
///
/// The bundle has the form of a model's signature, so that one set of keys, certificates and tools serves both.
public struct StatementSigner: Sendable {
    private let credential: SigningCredential

    /// A signer.
    public init(credential: SigningCredential) {
        self.credential = credential
    }

    /// Signs a claim about an artifact, given as the JSON of its predicate.
    ///
    /// - Parameters:
    ///   - subject: the artifact.
    ///   - type: what kind of claim it is.
    ///   - predicate: the claim as JSON.
    ///   - timestamp: asks a timestamping authority for an RFC 3161 token over the signature.
    /// - Returns: the bundle.
    /// - Throws: ``ModelRefusal`` where the claim is not one that is known here, or has a mistake.
    public func attest(
        _ subject: NamedArtifact,
        type: AttestationType,
        predicate: [UInt8],
        timestamp: ((_ signature: [UInt8]) throws -> [UInt8])? = nil
    ) throws -> [UInt8] {
        let value: StrictJSON
        do throws(StrictJSON.Failure) {
            value = try StrictJSON(predicate, maximumDepth: 32)
        } catch {
            throw ModelRefusal(
                .malformedStatement,
                "the predicate is not JSON: \(error.message), at byte \(error.offset)"
            )
        }
        let payload = Statement(about: subject, type.uri, value).payload
        // What would not be read again is not signed.
        do throws(PredicateError) {
            _ = try Attestation(payload: payload, signer: Principal(""), source: "")
        } catch { throw ModelRefusal(.malformedStatement, error.description) }
        return try sign(payload, timestamp)
    }

    /// Signs an index of releases.
    public func sign(
        _ index: ReleaseIndex,
        timestamp: ((_ signature: [UInt8]) throws -> [UInt8])? = nil
    ) throws -> [UInt8] {
        let payload = index.payload
        do throws(PredicateError) {
            _ = try ReleaseIndex(payload: payload)
        } catch { throw ModelRefusal(.malformedStatement, error.description) }
        return try sign(payload, timestamp)
    }

    private func sign(_ payload: [UInt8], _ timestamp: ((_ signature: [UInt8]) throws -> [UInt8])?) throws -> [UInt8] {
        let unsigned = SignatureEnvelope(payload: payload, signature: [])
        let signature = try credential.key.sign(unsigned.signedBytes)
        let token = try timestamp?(signature)
        return BundleWriter.write(
            SignatureEnvelope(payload: payload, signature: signature),
            credential: credential,
            timestamp: token
        )
    }
}
