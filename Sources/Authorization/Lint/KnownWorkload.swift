import Resources

/// A workload that the linted files tell of.
struct KnownWorkload: Sendable {
    let workload: Workload
    /// Whether a Gateway-API gateway made it, which no selector of a policy reaches.
    let isGateway: Bool

    /// What a Gateway-API gateway labels its pods with.
    static let gatewayLabel = "gateway.networking.k8s.io/gateway-name"

    /// The workloads that an object stands for.
    init?(_ object: ClusterObject) {
        let labels: [String: String]
        var account: String?
        switch (object.group, object.kind) {
        case ("", "Pod"):
            labels = object.labels
            account = object.at("spec", "serviceAccountName")?.text
        case ("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("apps", "ReplicaSet"),
            ("batch", "Job"):
            labels = object.at("spec", "template", "metadata", "labels")?.texts ?? [:]
            account = object.at("spec", "template", "spec", "serviceAccountName")?.text
        case ("networking.istio.io", "WorkloadEntry"):
            labels = object.at("spec", "labels")?.texts ?? object.labels
            account = object.at("spec", "serviceAccount")?.text
        case ("lapwing.dev", "Gateway"):
            labels = object.at("spec", "workload", "labels")?.texts ?? [:]
            account = object.at("spec", "workload", "serviceAccount")?.text
        default: return nil
        }
        let namespace = object.kind == "Gateway" ? object.at("spec", "workload", "namespace")?.text : nil
        self.workload = Workload(
            namespace: namespace ?? object.effectiveNamespace,
            labels: labels,
            serviceAccount: account
        )
        self.isGateway = labels[Self.gatewayLabel] != nil
    }
}
