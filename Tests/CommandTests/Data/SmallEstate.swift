/// Two components and their identities, to which tests add data and rules.
enum SmallEstate {
    /// - Parameters:
    ///   - training: more lines of `training`.
    ///   - dataprep: more lines of `dataprep`.
    ///   - rest: what follows the components.
    /// - Returns: the estate.
    static func yaml(training: [String] = [], dataprep: [String] = [], rest: String) -> String {
        """
        apiVersion: lapwing.dev/v1alpha1
        kind: Estate
        metadata: {name: small, trustDomain: cluster.local}
        purposes: {training: {}, dataprep: {}}
        classifications: [internal, confidential]
        components:
        \(component("training", training))
        \(component("dataprep", dataprep))
        \(rest)
        """
    }

    private static func component(_ name: String, _ more: [String]) -> String {
        (["  \(name):"]
            + ([
                "identity: {k8s: ml/\(name), aws: {role: ml-\(name)}}", "purpose: \(name)",
                "maxClassification: confidential",
            ]
            + more).map { "    " + $0 }).joined(separator: "\n")
    }
}
