import Logging

extension ModelRegistry {
    /// What a repository's manifests are judged by: the rule, and what its checks go by.
    ///
    /// An empty text where the rule asks for nothing.
    public func terms(of repository: RepositoryName) -> String {
        guard let requirement = configuration.rule(for: repository)?.admission, !requirement.names.isEmpty else {
            return ""
        }
        let text = "\(requirement) \(grounds(of: requirement))"
        return ContentDigest(of: Array(text.utf8)).description
    }

    /// Whether every repository was judged by the terms in force.
    public func isJudged(by known: [String: String]) async throws -> Bool {
        try await store.repositories().allSatisfy { known[$0.description] == terms(of: $0) }
    }

    /// Judges the manifests of every repository again whose terms have changed since they were judged last, one after
    /// the other, and records where that changes their state: what is not admitted any more is in quarantine from then
    /// on, and what was there for a reason that is gone is not.
    ///
    /// - Parameters:
    ///   - known: what each repository was judged by.
    ///   - caller: in whose name it is recorded.
    ///   - remember: takes a repository and its terms once all of it was judged by them.
    /// - Throws: where the store does not answer, and what `remember` throws.
    public func judgeAgain(
        since known: [String: String],
        by caller: RegistryCaller,
        remember: (_ repository: String, _ terms: String) throws -> Void
    ) async throws {
        for repository in try await store.repositories() {
            let terms = terms(of: repository)
            guard known[repository.description] != terms else { continue }
            var isWhole = true
            for digest in try await store.manifests(in: repository) {
                do { try await judgeAnew(digest, in: repository, by: caller) } catch {
                    isWhole = false
                    logger.error(
                        "not judged again",
                        metadata: ["manifest": "\(repository)@\(digest)", "error": "\(error)"]
                    )
                }
            }
            if isWhole, self.terms(of: repository) == terms { try remember(repository.description, terms) }
            logger.notice("judged again by other terms", metadata: ["repository": "\(repository)"])
        }
    }
}
