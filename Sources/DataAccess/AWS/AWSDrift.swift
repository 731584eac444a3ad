/// How AWS differs from what an estate says: what there is more, what there is less, and what is otherwise.
///
/// What Lapwing writes for the estate is held against what was exported, role by role and bucket by bucket. Two policies
/// are the same where they mean the same, whatever they look like; what the difference lets happen is proved by
/// `lapwing data prove`.
public struct AWSDrift: Sendable {
    /// How something differs.
    public enum Kind: String, Hashable, Sendable, Codable {
        /// It is in force and not of the estate.
        case more
        /// It is of the estate and not in force.
        case less
        /// It has another form, and whether it means the same could not be decided.
        case changed
    }

    /// One difference.
    public struct Difference: Hashable, Sendable, Codable {
        /// How it differs.
        public let kind: Kind
        /// The role, bucket or endpoint: `role ml-training`.
        public let object: String
        /// What of it.
        public let detail: String
    }

    /// Everything: roles, buckets, endpoints, each by its name.
    public let differences: [Difference]

    /// Compares.
    ///
    /// - Parameters:
    ///   - live: what was exported. Roles that the estate does not know count where their policies name its buckets;
    ///     other buckets are others' matter.
    ///   - estate: the estate.
    /// - Throws: ``AWSEmitter/Failure`` for an estate that cannot be written.
    public init(of live: AWSArtifacts, from estate: Estate) throws {
        let comparison = Comparison(live: live, wanted: try AWSArtifacts(generatedFor: estate))
        differences = comparison.roles() + comparison.buckets() + comparison.endpoints()
    }
}

/// What is in force beside what would be written.
private struct Comparison {
    let live: AWSArtifacts
    let wanted: AWSArtifacts

    private typealias Difference = AWSDrift.Difference

    // MARK: - Roles

    func roles() -> [AWSDrift.Difference] {
        let own = wanted.roles.values.sorted { $0.name < $1.name }.flatMap(compare)
        let buckets = Set(wanted.buckets.keys)
        let strangers = live.roles.values.filter { wanted.roles[$0.name] == nil }.sorted { $0.name < $1.name }
        return own
            + strangers.compactMap { role in
                let named = BucketReach(role.policies).buckets.intersection(buckets).sorted()
                guard let bucket = named.first else { return nil }
                return Difference(
                    kind: .more,
                    object: "role \(role.name)",
                    detail: "is not of the estate, and its policies name the bucket `\(bucket)`"
                )
            }
    }

    private func compare(_ role: AWSArtifacts.Role) -> [AWSDrift.Difference] {
        let object = "role \(role.name)"
        guard let found = live.roles[role.name] else {
            return [Difference(kind: .less, object: object, detail: "is not there")]
        }
        var result: [Difference] = []
        let (arn, itsARN) = (role.arn(wanted.partition), found.arn(live.partition))
        if arn != itsARN {
            let detail = "its ARN is \(itsARN), and the estate's buckets are for \(arn)"
            result.append(Difference(kind: .changed, object: object, detail: detail))
        }
        let meaning = PolicyMeaning.ofRole(role, partition: wanted.partition)
        result += meaning.compare(role.policies, found.policies).map { $0.difference(object, "policies") }
        if let boundary = found.boundary {
            result += meaning.limits(of: boundary, on: role.policies).map { $0.difference(object, "boundary") }
        }
        let trust = PolicyMeaning.ofTrust(role, [role.trust, found.trust], partition: wanted.partition)
        switch (role.trust, found.trust) {
        case (let trusted?, let its?):
            result += trust.compare([trusted], [its]).map { $0.difference(object, "trust policy") }
        case (.some, nil):
            result.append(Difference(kind: .less, object: object, detail: "trust policy: was not exported"))
        default: break
        }
        return result
    }

    // MARK: - Buckets

    func buckets() -> [AWSDrift.Difference] {
        wanted.buckets.values.sorted { $0.name < $1.name }.flatMap { bucket -> [Difference] in
            let object = "bucket \(bucket.name)"
            guard let found = live.buckets[bucket.name] else {
                return [Difference(kind: .less, object: object, detail: "was not exported")]
            }
            let off = AWSArtifacts.publicAccessSettings.filter { !found.publicAccessBlock.contains($0) }
            let settings = off.map {
                Difference(kind: .less, object: object, detail: "Block Public Access: `\($0)` is not on")
            }
            guard let policy = bucket.policy else { return settings }
            guard let its = found.policy else {
                return [Difference(kind: .less, object: object, detail: "policy: there is none")] + settings
            }
            let meaning = PolicyMeaning.ofBucket(bucket, [policy, its], partition: wanted.partition)
            return meaning.compare([policy], [its]).map { $0.difference(object, "policy") } + settings
        }
    }

    // MARK: - Endpoints

    /// Every endpoint that was exported has the policy of the estate's, whatever it is called.
    func endpoints() -> [AWSDrift.Difference] {
        guard let policy = wanted.endpoints.values.first else { return [] }
        guard !live.endpoints.isEmpty else {
            return [Difference(kind: .less, object: "endpoint s3", detail: "was not exported")]
        }
        let account = wanted.buckets.values.first?.account ?? ""
        return live.endpoints.sorted { $0.key < $1.key }.flatMap { name, its in
            PolicyMeaning.ofEndpoint([policy, its], account: account, partition: wanted.partition)
                .compare([policy], [its]).map { $0.difference("endpoint \(name)", "policy") }
        }
    }
}

extension PolicyMeaning.Finding {
    fileprivate func difference(_ object: String, _ part: String) -> AWSDrift.Difference {
        AWSDrift.Difference(kind: kind, object: object, detail: "\(part): \(detail)")
    }
}
