extension EstateProof {
    /// This proof, with what was proved elsewhere.
    public func adding(_ more: [Result]) -> EstateProof { EstateProof(results: results + more) }

    /// What is proved of a cluster's network, of the hosts that proxies know and of the pods that are admitted.
    ///
    /// Which calls a mesh answers is the matter of the engine of its policies, and is added to it.
    public static func results(_ estate: Estate, kubernetes artifacts: KubernetesArtifacts) -> [Result] {
        KubernetesProof(estate, artifacts).results()
    }
}

extension EstateProof.Result {
    /// What came of one question.
    public init(_ id: String, in layer: String, _ outcome: InvariantProof.Outcome) {
        self.init(id: id, layer: layer, outcome: outcome)
    }
}
