public import ZeroTrust

extension TokenClaims {
    /// What a record may tell of the claims: issuer, subject, and of the rest those that policies look at.
    public func recorded(consulted: Set<[String]>) -> RecordedToken {
        var claims: [String: RecordedToken.Claim] = [:]
        for path in consulted where path != ["iss"] && path != ["sub"] {
            guard let name = path.first, let claim = members[name].flatMap({ Self.recorded($0, at: path.dropFirst()) })
            else { continue }
            claims[name] = claims[name].map { Self.merged($0, claim) } ?? claim
        }
        return RecordedToken(issuer: issuer, subject: subject, claims: claims)
    }

    /// A claim, or the member of it that some names lead to; nil where nothing there can ever match.
    private static func recorded(_ claim: Claim, at path: ArraySlice<String>) -> RecordedToken.Claim? {
        guard let name = path.first else {
            switch claim {
            case .text(let text): return .text(text)
            case .list: return .list(claim.texts)
            case .members, .other: return nil
            }
        }
        guard case .members(let members) = claim, let member = members[name],
            let inner = recorded(member, at: path.dropFirst())
        else { return nil }
        return .members([name: inner])
    }

    private static func merged(_ one: RecordedToken.Claim, _ other: RecordedToken.Claim) -> RecordedToken.Claim {
        guard case .members(let left) = one, case .members(let right) = other else { return one }
        return .members(left.merging(right, uniquingKeysWith: merged))
    }

    /// The claims that a record tells of.
    public init(_ recorded: RecordedToken) {
        var members = recorded.claims.mapValues { Claim($0) }
        if let issuer = recorded.issuer { members["iss"] = .text(issuer) }
        if let subject = recorded.subject { members["sub"] = .text(subject) }
        // What is a list of words was recorded as a list.
        self.init(members, spaceDelimited: [])
    }
}

extension TokenClaims.Claim {
    fileprivate init(_ recorded: RecordedToken.Claim) {
        switch recorded {
        case .text(let text): self = .text(text)
        case .list(let texts): self = .list(texts.map { .text($0) })
        case .members(let members): self = .members(members.mapValues { Self($0) })
        }
    }
}
