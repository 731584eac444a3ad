import Resources

/// Which admission rules are in force, by the `ValidatingAdmissionPolicy` resources and their bindings.
///
/// A rule is known by its text: another one may say the same, or more, and does not count.
struct AdmissionCheck: Sendable {
    /// One policy that denies.
    private struct Policy: Sendable {
        let namespaces: LabelSelector
        let variables: [String: String]
        let expressions: Set<String>
    }

    private let policies: [Policy]

    init(_ documents: [Document]) throws {
        let own = documents.filter { $0.group == "admissionregistration.k8s.io" }
        let denied = Set(
            try collectingDiagnostics(own.filter { $0.kind == "ValidatingAdmissionPolicyBinding" }) {
                try Self.denied($0)
            }
            .compactMap(\.self)
        )
        policies = try collectingDiagnostics(
            own.filter { $0.kind == "ValidatingAdmissionPolicy" && denied.contains($0.metadata.name) }
        ) { try Self.policy($0) }.compactMap(\.self)
    }

    /// The first rule of some that does not hold in a namespace; nil where all do.
    func missing(_ wanted: AdmissionRules, in namespace: String) -> AdmissionRules.Rule? {
        let here = policies.filter { policy in
            policy.namespaces.fits(["kubernetes.io/metadata.name": namespace])
                && wanted.variables.allSatisfy { policy.variables[$0.name] == $0.expression }
        }
        return wanted.rules.first { rule in !here.contains { $0.expressions.contains(rule.expression) } }
    }

    /// The policy that a binding puts in force for everything that it is about; nil for another.
    private static func denied(_ document: Document) throws -> String? {
        guard let spec = document.spec else { return nil }
        var fields = try FieldReader(spec, of: "a binding")
        let name = try fields.optional("policyName") { try $0.string() }
        let actions = try fields.optional("validationActions") { try $0.list { try $0.string() } } ?? []
        let limits = try fields.optional("matchResources", isLimited) ?? false
        let parameters = try fields.optional("paramRef") { _ in true } ?? false
        return actions.contains("Deny") && !limits && !parameters ? name : nil
    }

    /// Whether a binding leaves something out.
    private static func isLimited(_ value: Value) throws -> Bool {
        try value.mapping().contains { entry in
            if entry.key == "matchPolicy" { return false }
            guard case .mapping(let entries) = entry.value.content else { return true }
            return !entries.isEmpty
        }
    }

    /// A policy that is asked about all pods of some namespaces; nil for another.
    private static func policy(_ document: Document) throws -> Policy? {
        guard let spec = document.spec else { return nil }
        var fields = try FieldReader(spec, of: "a ValidatingAdmissionPolicy")
        let failure = try fields.optional("failurePolicy") { try $0.string() } ?? "Fail"
        let conditions = try fields.optional("matchConditions") { try $0.list { $0 } } ?? []
        let parameters = try fields.optional("paramKind") { _ in true } ?? false
        let scope = try fields.optional("matchConstraints", Self.scope) ?? nil
        let variables = try fields.optional("variables") { value in
            try value.list { value in
                var fields = try FieldReader(value, of: "a variable")
                let name = try fields.required("name") { try $0.string() }
                return (name, try fields.required("expression") { try $0.string() })
            }
        }
        let expressions = try fields.optional("validations") { value in
            try value.list { value in
                var fields = try FieldReader(value, of: "a validation")
                return try fields.required("expression") { try $0.string() }
            }
        }
        guard failure == "Fail", conditions.isEmpty, !parameters, let scope else { return nil }
        return Policy(
            namespaces: scope,
            variables: Dictionary(variables ?? []) { first, second in first == second ? first : "" },
            expressions: Set(expressions ?? [])
        )
    }

    /// The namespaces whose pods a policy is asked about; nil where it is not asked about all of them.
    private static func scope(_ value: Value) throws -> LabelSelector? {
        var fields = try FieldReader(value, of: "matchConstraints")
        let namespaces = try fields.optional("namespaceSelector") { try LabelSelector($0) } ?? LabelSelector()
        let objects = try fields.optional("objectSelector") { try LabelSelector($0) } ?? LabelSelector()
        let excluded = try fields.optional("excludeResourceRules") { try $0.list { $0 } } ?? []
        let rules = try fields.optional("resourceRules") { try $0.list(coversPods) } ?? []
        return objects == LabelSelector() && excluded.isEmpty && rules.contains(true) ? namespaces : nil
    }

    private static func coversPods(_ value: Value) throws -> Bool {
        var fields = try FieldReader(value, of: "a resource rule")
        func list(_ name: String) throws -> Set<String> {
            Set(try fields.optional(name) { try $0.list { try $0.string() } } ?? [])
        }
        let (groups, versions) = (try list("apiGroups"), try list("apiVersions"))
        let (operations, resources, names) = (try list("operations"), try list("resources"), try list("resourceNames"))
        let scope = try fields.optional("scope") { try $0.string() } ?? "*"
        func has(_ wanted: Set<String>, in given: Set<String>) -> Bool {
            given.contains("*") || wanted.isSubset(of: given)
        }
        let isAll =
            resources.contains("*/*") || has(["pods", "pods/ephemeralcontainers"], in: resources.subtracting(["*"]))
        return has([""], in: groups) && has(["v1"], in: versions) && has(["CREATE", "UPDATE"], in: operations) && isAll
            && names.isEmpty && ["*", "Namespaced"].contains(scope)
    }
}
