/// What pods of an estate's namespaces have to be like, so that nothing gets around network and mesh: rules in CEL, as a
/// `ValidatingAdmissionPolicy` holds them (Kubernetes 1.30 and later).
///
/// The rules are about pods as they are after injection. Under Istio its CNI plugin has to be installed: what it replaces,
/// `istio-init`, needs the capability NET_ADMIN, which no pod may have.
struct AdmissionRules: Sendable {
    /// A name for part of a rule.
    struct Variable: Hashable, Sendable {
        let name: String
        let expression: String
    }

    /// One rule.
    struct Rule: Hashable, Sendable {
        /// What has to be true.
        let expression: String
        /// What is said where it is not.
        let message: String
    }

    let variables: [Variable]
    let rules: [Rule]

    /// What every pod has to be like.
    ///
    /// - Parameter proxyImage: the image of the mesh's proxies; nil without a mesh.
    /// - Returns: the rules, in CEL.
    static func pods(proxyImage: String?) -> AdmissionRules {
        let list = { (name: String) in "(has(object.spec.\(name)) ? object.spec.\(name) : [])" }
        let all = "object.spec.containers + \(list("initContainers")) + \(list("ephemeralContainers"))"
        let isOwn = proxyImage == nil ? "true" : "!(c.name in \(proxies))"
        var rules = [
            Rule(
                expression: ["hostNetwork", "hostPID", "hostIPC"].map {
                    "(!has(object.spec.\($0)) || !object.spec.\($0))"
                }
                .joined(separator: " && "),
                message: "a pod must not share the network, the processes or the memory of its node"
            ),
            Rule(
                expression: "!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.hostPath))",
                message: "a pod must not see files of its node (hostPath)"
            ),
            Rule(
                expression: "variables.containers.all(c, !has(c.securityContext) || "
                    + "((!has(c.securityContext.privileged) || !c.securityContext.privileged) && "
                    + "(!has(c.securityContext.capabilities) || !has(c.securityContext.capabilities.add) || "
                    + "c.securityContext.capabilities.add.all(x, x == 'NET_BIND_SERVICE'))))",
                message: "a container must not be privileged nor add capabilities such as NET_ADMIN and NET_RAW"
            ),
            Rule(
                expression: "variables.own.all(c, has(c.securityContext) && has(c.securityContext.capabilities) && "
                    + "has(c.securityContext.capabilities.drop) && 'ALL' in c.securityContext.capabilities.drop && "
                    + "has(c.securityContext.allowPrivilegeEscalation) && !c.securityContext.allowPrivilegeEscalation)",
                message: "a container needs capabilities.drop: [ALL] and allowPrivilegeEscalation: false"
            ),
        ]
        if let proxyImage { rules += mesh(proxyImage) }
        var variables = [
            Variable(name: "containers", expression: all),
            Variable(name: "own", expression: "variables.containers.filter(c, \(isOwn))"),
        ]
        if proxyImage != nil {
            variables.append(
                Variable(name: "proxies", expression: "variables.containers.filter(c, c.name in \(proxies))")
            )
        }
        return AdmissionRules(variables: variables, rules: rules)
    }

    /// What keeps a pod behind its proxy.
    private static func mesh(_ proxyImage: String) -> [Rule] {
        // The proxy's own packets, which are told by user and group 1337, are not redirected to it.
        let identity = ["runAsUser", "runAsGroup"].map { field in
            "(has(c.securityContext) && has(c.securityContext.\(field)) ? c.securityContext.\(field) : "
                + "(has(object.spec.securityContext) && has(object.spec.securityContext.\(field)) ? "
                + "object.spec.securityContext.\(field) : 1337)) != 1337"
        }.joined(separator: " && ")
        return [
            Rule(
                expression: "variables.own.all(c, \(identity))",
                message: "a container needs runAsUser and runAsGroup, and neither may be 1337, which is the proxy's"
            ),
            Rule(
                expression:
                    "(object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : []))"
                    + ".exists(c, c.name == 'istio-proxy')",
                message: "a pod needs its proxy: injection must not be off"
            ),
            Rule(
                expression:
                    "!has(object.metadata.annotations) || object.metadata.annotations.all(k, \(ProxySettings.annotationRule))",
                message: "annotations must not lead traffic around the proxy nor change it"
            ),
            Rule(
                expression: "!has(object.metadata.labels) || object.metadata.labels.all(k, \(ProxySettings.labelRule))",
                message: "labels must not take a pod out of the mesh"
            ),
        ] + proxyRules(proxyImage)
    }

    /// Who carries which label: the pods of a component's service account its own, and others none.
    ///
    /// - Parameter labels: the labels of components, by service account.
    /// - Returns: the rules, in CEL.
    static func accounts(_ labels: [String: String]) -> AdmissionRules {
        let table = labels.sorted { $0.key < $1.key }.map { "'\($0.key)': '\($0.value)'" }.joined(separator: ", ")
        let label = "'\(KubernetesNames.component)'"
        return AdmissionRules(
            variables: [
                Variable(name: "accounts", expression: "{\(table)}"),
                Variable(
                    name: "account",
                    expression: "has(object.spec.serviceAccountName) ? object.spec.serviceAccountName : 'default'"
                ),
                Variable(
                    name: "label",
                    expression: "has(object.metadata.labels) && \(label) in object.metadata.labels ? "
                        + "object.metadata.labels[\(label)] : ''"
                ),
            ],
            rules: [
                Rule(
                    expression: "variables.label == "
                        + "(variables.account in variables.accounts ? variables.accounts[variables.account] : '')",
                    message:
                        "a pod carries \(KubernetesNames.component) of the component whose service account it runs as, "
                        + "and no other pod carries it"
                )
            ]
        )
    }
}

extension KubernetesEmitter {
    private static let admission = "admissionregistration.k8s.io/v1"

    /// A policy for all pods of the estate's namespaces, one for each namespace's service accounts, and what puts them in
    /// force.
    var admissionResources: [KubernetesText] {
        let all = components.keys.sorted()
        let general = policy(
            "lapwing-\(estateName)-pods",
            AdmissionRules.pods(proxyImage: isInMesh ? settings.proxyImage : nil),
            in: all
        )
        let accounts = all.flatMap { namespace in
            let labels = Dictionary(
                (components[namespace] ?? []).map { ($0.identity.kubernetes?.name ?? "", names[$0.name]) }
            ) { first, _ in first }
            return policy("lapwing-\(estateName)-accounts-\(namespace)", .accounts(labels), in: [namespace])
        }
        return general + accounts
    }

    private func policy(_ name: String, _ rules: AdmissionRules, in namespaces: [String]) -> [KubernetesText] {
        let pods = KubernetesText.mapping([
            ("apiGroups", .texts([""])), ("apiVersions", .texts(["v1"])), ("operations", .texts(["CREATE", "UPDATE"])),
            ("resources", .texts(["pods", "pods/ephemeralcontainers"])), ("scope", .text("*")),
        ])
        let inNamespaces = KubernetesText.mapping([
            ("key", .text("kubernetes.io/metadata.name")), ("operator", .text("In")), ("values", .texts(namespaces)),
        ])
        let variables = rules.variables.map {
            KubernetesText.mapping([("name", .text($0.name)), ("expression", .text($0.expression))])
        }
        let validations = rules.rules.map {
            KubernetesText.mapping([
                ("expression", .text($0.expression)), ("message", .text($0.message)), ("reason", .text("Forbidden")),
            ])
        }
        return [
            resource(
                Self.admission,
                "ValidatingAdmissionPolicy",
                name,
                spec: .mapping([
                    ("failurePolicy", .text("Fail")),
                    (
                        "matchConstraints",
                        .mapping([
                            ("matchPolicy", .text("Equivalent")),
                            ("namespaceSelector", .mapping([("matchExpressions", .list([inNamespaces]))])),
                            ("objectSelector", .mapping([])), ("resourceRules", .list([pods])),
                        ])
                    ), ("variables", .list(variables)), ("validations", .list(validations)),
                ])
            ),
            resource(
                Self.admission,
                "ValidatingAdmissionPolicyBinding",
                name,
                spec: .mapping([("policyName", .text(name)), ("validationActions", .texts(["Deny"]))])
            ),
        ]
    }
}
