import Resources

/// What MinIO takes of IAM's language (MinIO, "Policy-Based Access Control"): some actions, some keys, some operators.
enum MinIOLanguage {
    /// The actions of S3 that it has, as they have to be written: it tells upper from lower case.
    static let actions: Set<String> = Set(
        """
        AbortMultipartUpload BypassGovernanceRetention CreateBucket DeleteBucket DeleteBucketPolicy DeleteObject \
        DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging ForceDeleteBucket \
        GetBucketLocation GetBucketNotification GetBucketObjectLockConfiguration GetBucketPolicy GetBucketTagging \
        GetBucketVersioning GetEncryptionConfiguration GetLifecycleConfiguration GetObject GetObjectLegalHold \
        GetObjectRetention GetObjectTagging GetObjectVersion GetObjectVersionForReplication GetObjectVersionTagging \
        GetReplicationConfiguration HeadBucket ListAllMyBuckets ListBucket ListBucketMultipartUploads \
        ListBucketVersions ListMultipartUploadParts ListenBucketNotification ListenNotification \
        PutBucketNotification PutBucketObjectLockConfiguration PutBucketPolicy PutBucketTagging PutBucketVersioning \
        PutEncryptionConfiguration PutLifecycleConfiguration PutObject PutObjectLegalHold PutObjectRetention \
        PutObjectTagging PutObjectVersionTagging PutReplicationConfiguration ReplicateDelete ReplicateObject \
        ReplicateTags RestoreObject
        """.split(separator: " ").map { "s3:\($0)" }
    )

    /// The keys of conditions that every action has, in lower case.
    private static let keys: Set<String> = [
        "aws:referer", "aws:sourceip", "aws:useragent", "aws:securetransport", "aws:currenttime", "aws:epochtime",
        "aws:principaltype", "aws:userid", "aws:username", "s3:x-amz-content-sha256",
    ]
    /// Those of lists.
    private static let listKeys: Set<String> = ["s3:prefix", "s3:delimiter", "s3:max-keys"]
    private static let lists: Set<String> = ["s3:ListBucket", "s3:ListBucketVersions"]

    private static let operators: Set<String> = [
        "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
        "StringNotLike", "BinaryEquals", "IpAddress", "NotIpAddress", "Null", "Bool", "NumericEquals",
        "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
        "NumericGreaterThanEquals", "DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals",
        "DateGreaterThan", "DateGreaterThanEquals",
    ]

    /// What in a policy MinIO would refuse, or would read differently; what it means is not known then.
    static func findings(in document: PolicyDocument, file: String) -> [Diagnostic] {
        document.findings
            + document.statements.flatMap { statement in
                problems(statement).map {
                    Diagnostic(at: statement.location ?? SourceLocation(file: file, line: 1, column: 1), $0)
                }
            }
    }

    private static func problems(_ statement: PolicyStatement) -> [String] {
        var problems: [String] = []
        if statement.actions?.isNegated == true || statement.resources?.isNegated == true {
            problems.append("`NotAction` and `NotResource` are not in every MinIO; write `Action` and `Resource`")
        }
        let actions = statement.actions?.elements.map(\.source) ?? []
        for action in actions where !isKnown(action) { problems.append("MinIO has no action `\(action)`") }
        for resource in statement.resources?.elements ?? [] {
            guard !resource.source.hasPrefix("arn:aws:s3:::"), resource.source != "*" else { continue }
            problems.append("`\(resource.source.prefix(120))` is no resource of MinIO; expected `arn:aws:s3:::BUCKET`")
        }
        if statement.resources?.elements.contains(where: { $0.source.contains("${") }) == true {
            problems.append("what MinIO puts in the place of a variable is not known here")
        }
        for condition in statement.conditions {
            if !operators.contains(condition.operation) {
                problems.append("MinIO has no operator `\(condition.operation)`")
            }
            let key = condition.key.lowercased()
            let isOfLists = listKeys.contains(key) && actions.allSatisfy(lists.contains)
            if !keys.contains(key), !isOfLists {
                problems.append("MinIO has no key `\(condition.key)` for these actions, and refuses the policy")
            }
            // MinIO names whoever logs in by a certificate after it, and AWS's roles have no such name.
            if key == "aws:username" {
                problems.append("whom MinIO takes for `aws:username` is not known here")
            }
            if condition.values.contains(where: { $0.source.contains("${") }) {
                problems.append("what MinIO puts in the place of a variable is not known here")
            }
        }
        return problems
    }

    /// Whether an action is one of MinIO's, or a pattern that fits some.
    private static func isKnown(_ action: String) -> Bool {
        guard action.contains(where: { "*?".contains($0) }) else { return actions.contains(action) }
        let pattern = Glob(action)
        return actions.contains { pattern.matches($0) }
    }
}
