import SPIFFE
public import WorkloadIdentity

/// A projected service-account token as what a workload of another machine shows.
extension TokenReviewer: EvidenceVerifier {
    /// The name of the evidence: the token as it stands in its file.
    public var kind: String { "kubernetes" }

    /// The pod that the token is bound to, as its selectors; nothing is known of the container in it.
    ///
    /// - Throws: `EvidenceRefusal` for a token that does not count, and `KubernetesFailure` where the API server does not say.
    public func verify(_ evidence: RemoteEvidence) async throws -> ProvenWorkload {
        let token = String(decoding: evidence.document, as: UTF8.self)
        do {
            let (pod, claims) = try await proven(token)
            return ProvenWorkload(
                "the pod \(pod.namespace)/\(pod.name) (\(pod.uid))",
                selectors: pod.selectors(Set(Selector.Kind.allCases)),
                until: claims.expiresAt
            )
        } catch let refusal as TokenRefusal {
            throw EvidenceRefusal("\(refusal.message) (\(refusal.code.rawValue))")
        }
    }
}
