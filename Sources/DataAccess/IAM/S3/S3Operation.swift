/// One call to S3's API, and the actions that a caller needs for it.
///
/// The names differ: `HeadObject` needs `s3:GetObject`, `ListObjectsV2` needs `s3:ListBucket`, and a copy needs reading
/// at one end and writing at the other.
public struct S3Operation: Hashable, Sendable {
    /// An action and what it is done to.
    public struct Need: Hashable, Sendable {
        /// The action: `s3:GetObject`.
        public let action: String
        /// The bucket or object, as an ARN.
        public let resource: String
    }

    /// What a call carries that changes what it needs.
    public struct Details: Hashable, Sendable {
        /// Whether it names a version.
        public var hasVersion = false
        /// What is copied, as an ARN, and whether a version of it is named.
        public var copySource: (arn: String, hasVersion: Bool)?
        /// Whether it sets tags.
        public var setsTags = false
        /// Whether it sets an ACL.
        public var setsACL = false
        /// Whether it sets a retention or a legal hold.
        public var setsRetention = false, setsLegalHold = false
        /// The keys of a call that deletes several objects.
        public var keys: [String] = []

        /// A call that carries nothing of it.
        public init() {}

        /// Equal where all of it is.
        public static func == (left: Self, right: Self) -> Bool { left.identity == right.identity }

        /// Hashes all of it.
        public func hash(into hasher: inout Hasher) { hasher.combine(identity) }

        private var identity: [String] {
            [
                "\(hasVersion) \(setsTags) \(setsACL) \(setsRetention) \(setsLegalHold)", copySource?.arn ?? "",
                "\(copySource?.hasVersion ?? false)",
            ] + keys
        }
    }

    /// What a caller needs, all of it, for a call of the API; nil for a call that is not known here.
    ///
    /// - Parameters:
    ///   - call: the name in the API, such as `CopyObject`.
    ///   - bucket: the bucket's name.
    ///   - key: the object's key; nil for a call about the bucket.
    ///   - details: what the call carries.
    ///   - partition: the partition of the ARNs.
    /// - Returns: the actions, with what they are done to.
    public static func needs(
        of call: String,
        bucket: String,
        key: String? = nil,
        details: Details = Details(),
        partition: String = "aws"
    ) -> [Need]? {
        let bucketARN = "arn:\(partition):s3:::\(bucket)"
        let object = key.map { "\(bucketARN)/\($0)" } ?? bucketARN + "/"
        func need(_ action: String, _ resource: String) -> Need { Need(action: "s3:\(action)", resource: resource) }
        func versioned(_ action: String) -> Need {
            need(details.hasVersion ? action.replacing("Object", with: "ObjectVersion") : action, object)
        }
        let deletion = details.hasVersion ? "DeleteObjectVersion" : "DeleteObject"
        switch call {
        case "GetObject", "HeadObject": return [need(details.hasVersion ? "GetObjectVersion" : "GetObject", object)]
        case "GetObjectAttributes": return [versioned("GetObject"), versioned("GetObjectAttributes")]
        case "GetObjectAcl", "GetObjectTagging", "PutObjectAcl", "PutObjectTagging", "DeleteObjectTagging",
            "GetObjectTorrent":
            return [versioned(call)]
        case "GetObjectRetention", "GetObjectLegalHold", "PutObjectRetention", "PutObjectLegalHold", "RestoreObject":
            return [need(call, object)]
        case "SelectObjectContent": return [need("GetObject", object)]
        case "PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "CopyObject",
            "UploadPartCopy", "PostObject":
            return write(call, object, details)
        case "DeleteObject": return [need(deletion, object)]
        case "DeleteObjects": return details.keys.map { need(deletion, "\(bucketARN)/\($0)") }
        case "AbortMultipartUpload": return [need("AbortMultipartUpload", object)]
        case "ListParts": return [need("ListMultipartUploadParts", object)]
        case "ListObjects", "ListObjectsV2", "HeadBucket": return [need("ListBucket", bucketARN)]
        case "ListObjectVersions": return [need("ListBucketVersions", bucketARN)]
        case "ListMultipartUploads": return [need("ListBucketMultipartUploads", bucketARN)]
        case "ListBuckets": return [need("ListAllMyBuckets", "*")]
        case "CreateBucket", "DeleteBucket", "GetBucketLocation", "GetBucketPolicy", "PutBucketPolicy",
            "DeleteBucketPolicy", "GetBucketAcl", "PutBucketAcl", "GetBucketVersioning", "PutBucketVersioning",
            "GetBucketTagging", "PutBucketTagging", "GetBucketLogging", "PutBucketLogging", "GetBucketPolicyStatus":
            return [need(call, bucketARN)]
        case "GetBucketEncryption": return [need("GetEncryptionConfiguration", bucketARN)]
        case "PutBucketEncryption", "DeleteBucketEncryption": return [need("PutEncryptionConfiguration", bucketARN)]
        case "GetBucketReplication": return [need("GetReplicationConfiguration", bucketARN)]
        case "PutBucketReplication", "DeleteBucketReplication":
            return [need("PutReplicationConfiguration", bucketARN)]
        case "GetPublicAccessBlock": return [need("GetBucketPublicAccessBlock", bucketARN)]
        case "PutPublicAccessBlock", "DeletePublicAccessBlock": return [need("PutBucketPublicAccessBlock", bucketARN)]
        default: return nil
        }
    }

    private static func write(_ call: String, _ object: String, _ details: Details) -> [Need] {
        var needs = [Need(action: "s3:PutObject", resource: object)]
        if call == "CopyObject" || call == "UploadPartCopy" {
            guard let source = details.copySource else { return needs }
            let action = source.hasVersion ? "s3:GetObjectVersion" : "s3:GetObject"
            needs.insert(Need(action: action, resource: source.arn), at: 0)
        }
        // Tags, ACLs and locks are set when an upload begins.
        guard call != "UploadPart", call != "UploadPartCopy", call != "CompleteMultipartUpload" else { return needs }
        if details.setsTags { needs.append(Need(action: "s3:PutObjectTagging", resource: object)) }
        if details.setsACL { needs.append(Need(action: "s3:PutObjectAcl", resource: object)) }
        if details.setsRetention { needs.append(Need(action: "s3:PutObjectRetention", resource: object)) }
        if details.setsLegalHold { needs.append(Need(action: "s3:PutObjectLegalHold", resource: object)) }
        return needs
    }
}
