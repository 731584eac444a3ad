/// What some policies of a role allow and others do not.
///
/// A request is refused by the others where none of their Allows fits it, or where one of their Denies does: each is
/// looked for by itself.
struct PolicyDifference {
    private let searches: [RequestSearch]

    /// What is to be compared.
    ///
    /// - Parameters:
    ///   - role: whose, with its boundary.
    ///   - documents: the policies that allow.
    ///   - others: the policies that do not.
    ///   - observation: what is known of the role.
    init(
        _ role: AWSArtifacts.Role,
        allowing documents: [PolicyDocument],
        butNot others: [PolicyDocument],
        _ observation: AWSObservation
    ) {
        var role = role
        let statements = others.flatMap(\.statements)
        let allows = statements.filter { $0.effect == .allow }.map { $0.about(.deny) }
        role.policies = documents + [PolicyDocument(statements: allows)]
        var searches = [observation.roleSearch(role)]
        role.policies = documents
        for denial in statements where denial.effect == .deny {
            var search = observation.roleSearch(role)
            // What a limit does not allow is not asked about: here it is what is denied.
            search.policies.session = [PolicyDocument(statements: [denial.about(.allow)])]
            searches.append(search)
        }
        self.searches = searches
    }

    /// Looks for a request.
    ///
    /// - Returns: one that is allowed and was not, that there is none, or that it could not be decided.
    func find(_ action: String, in area: Glob) -> RequestSearch.Outcome {
        var doubt: String?
        for search in searches {
            switch search.find(action, in: area) {
            case .none: continue
            case .found(let request): return .found(request)
            case .unknown(let reason): doubt = doubt ?? reason
            }
        }
        return doubt.map { .unknown($0) } ?? .none
    }
}

extension PolicyStatement {
    /// The same with another effect.
    fileprivate func about(_ effect: Effect) -> PolicyStatement {
        PolicyStatement(
            sid: sid,
            effect: effect,
            principals: principals,
            actions: actions,
            resources: resources,
            conditions: conditions
        )
    }
}
