import ZeroTrust

extension RequestSpace {
    /// Whether a request is in a region.
    func contains(_ region: RequestRegion, _ request: Attributes) -> Bool {
        region.parts.allSatisfy { dimension, part in
            switch (dimension, part) {
            case (.caller, .callers(let callers)):
                request.caller.name.map { languages.contains(callers.names, $0) } ?? callers.includesAnonymous
            case (.method, .methods(let methods)): methods.contains(request.method)
            case (.target, .text(let targets)): languages.contains(targets, request.path)
            case (.authority, .text(let authorities)): languages.contains(authorities, request.authority)
            case (.serverName, .text(let names)): languages.contains(names, request.serverName ?? "")
            case (.port, .ports(let ports)): ports.contains(request.destination.port)
            case (.source, .addresses(let addresses)): addresses.contains(request.source)
            case (.remote, .addresses(let addresses)): addresses.contains(request.remote)
            case (.destination, .addresses(let addresses)): addresses.contains(request.destination.address)
            case (.header(let name), .values(let condition)):
                isMet(condition, by: values(of: name, in: request))
            case (.issuer, .values(let condition)): isMet(condition, by: request.token?.issuer.map { [$0] } ?? [])
            case (.subject, .values(let condition)): isMet(condition, by: request.token?.subject.map { [$0] } ?? [])
            case (.claim(let path), .values(let condition)):
                isMet(condition, by: request.token?.claim(at: path)?.elements ?? [])
            default: false
            }
        }
    }

    private func values(of name: String, in request: Attributes) -> [String] {
        guard joinsLines(of: name) else { return request.headers.filter { $0.name == name }.map(\.value) }
        return HeaderLines.value(of: name, in: request.headers).map { [$0] } ?? []
    }

    private func isMet(_ condition: ValueCondition, by values: [String]) -> Bool {
        condition.count.allows(values.count)
            && condition.required.allSatisfy { required in values.contains { languages.contains(required, $0) } }
            && !values.contains { languages.contains(condition.forbidden, $0) }
    }
}

extension TokenClaims.Claim {
    /// The claim as ``TokenSpace`` has it.
    fileprivate var elements: [String] {
        let elements =
            switch self {
            case .list(let elements): elements
            default: [self]
            }
        return [TokenSpace.mark]
            + elements.compactMap { element in
                switch element {
                case .text(let text): TokenSpace.text + text
                case .other(let text): TokenSpace.other + text
                case .list, .members: nil
                }
            }
    }
}

extension ValueCondition.Count {
    fileprivate func allows(_ count: Int) -> Bool {
        switch self {
        case .any: true
        case .atMostOne: count <= 1
        case .atLeastTwo: count >= 2
        }
    }
}
