/// Which actions of S3 a logged call may have needed.
enum S3Usage {
    /// The actions, in lower case, of which it needed one or more; nil for a call that is not known here, which may have
    /// needed any.
    ///
    /// A log does not tell all that a call carried: whether it named a version, copied, or set tags.
    static func actions(_ call: String, onObject: Bool) -> Set<String>? {
        guard onObject else { return ofBuckets[call] }
        return ofObjects[call]
    }

    /// Whether a call about a bucket may have been about any of its keys.
    static func isAboutAnyKey(_ call: String) -> Bool { call == "DeleteObjects" }

    private static let read = names("getobject getobjectversion")
    private static let write = names(
        "putobject putobjectacl putobjecttagging putobjectretention putobjectlegalhold putobjectversionacl "
            + "putobjectversiontagging"
    )
    private static let delete = names("deleteobject deleteobjectversion abortmultipartupload")
    private static let list = names("listbucket listbucketversions")

    private static let ofObjects: [String: Set<String>] = [
        "GetObject": read, "HeadObject": read, "SelectObjectContent": read,
        "GetObjectAttributes": read.union(names("getobjectattributes getobjectversionattributes")),
        "PutObject": write, "PostObject": write, "CreateMultipartUpload": write, "UploadPart": write,
        "CompleteMultipartUpload": write, "CopyObject": write.union(read), "UploadPartCopy": write.union(read),
        "DeleteObject": delete, "AbortMultipartUpload": delete,
        "ListParts": names("listmultipartuploadparts"),
        // Methods of access logs.
        "GET": read.union(names("listmultipartuploadparts")), "HEAD": read, "PUT": write, "POST": write.union(read),
        "COPY": write.union(read), "DELETE": delete,
        "REST.GET.ACL": names("getobjectacl getobjectversionacl"),
        "REST.GET.OBJECT_TAGGING": names("getobjecttagging getobjectversiontagging"),
        "REST.PUT.OBJECT_TAGGING": names("putobjecttagging putobjectversiontagging"),
        "REST.COPY.OBJECT_GET": read,
    ]

    private static let ofBuckets: [String: Set<String>] = [
        "ListObjects": list, "ListObjectsV2": list, "HeadBucket": list, "ListObjectVersions": list,
        "ListMultipartUploads": names("listbucketmultipartuploads"), "GET": list, "HEAD": list,
        // Which keys it was about, an access log has in records of their own, and CloudTrail not at all.
        "REST.POST.MULTI_OBJECT_DELETE": [], "DeleteObjects": delete,
        "GetBucketLocation": names("getbucketlocation"), "REST.GET.LOCATION": names("getbucketlocation"),
        "REST.GET.BUCKETVERSIONS": list, "REST.GET.UPLOADS": names("listbucketmultipartuploads"),
    ]

    private static func names(_ text: String) -> Set<String> {
        Set(text.split(separator: " ").map { "s3:\($0)" })
    }
}
