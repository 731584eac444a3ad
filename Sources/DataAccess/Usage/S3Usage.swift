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

    /// What access logs call the reading of what is copied.
    static let copySource = "REST.COPY.OBJECT_GET"

    /// The call that a read of a key that is not there needs besides; nil for anything else.
    ///
    /// S3 says that it is not there only to who may list the bucket, and refuses others.
    static func listing(_ call: String, status: Int?) -> String? {
        guard status == 404, reads.contains(call) else { return nil }
        return call == call.uppercased() ? "GET" : "ListObjects"
    }

    private static let reads: Set<String> = [
        "GetObject", "HeadObject", "SelectObjectContent", "GetObjectAttributes", "CopyObject", "UploadPartCopy", "GET",
        "HEAD", "COPY", copySource, "REST.COPY.PART_GET",
    ]

    /// Whether an action on S3, in lower case, is about objects and the list of them, and not about settings: data events
    /// and access logs tell of the one, management events and access logs of the other.
    static func isAboutData(_ action: String) -> Bool {
        let name = action.hasPrefix("s3:") ? String(action.dropFirst(3)) : action
        return S3Actions.objects[name] != nil
            || ["listbucket", "listbucketversions", "listbucketmultipartuploads"].contains(name)
    }

    private static let read = names("getobject getobjectversion")
    /// What a copy needs of its source.
    private static let copied = read.union(names("getobjecttagging getobjectversiontagging"))
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
        "CompleteMultipartUpload": write, "CopyObject": write.union(copied), "UploadPartCopy": write.union(copied),
        "DeleteObject": delete, "AbortMultipartUpload": delete,
        "ListParts": names("listmultipartuploadparts"),
        // Methods of access logs.
        "GET": read.union(names("listmultipartuploadparts")), "HEAD": read, "PUT": write, "POST": write.union(read),
        "COPY": write.union(copied), "DELETE": delete,
        "REST.GET.ACL": names("getobjectacl getobjectversionacl"),
        "REST.GET.OBJECT_TAGGING": names("getobjecttagging getobjectversiontagging"),
        "REST.PUT.OBJECT_TAGGING": names("putobjecttagging putobjectversiontagging"),
        copySource: copied, "REST.COPY.PART_GET": copied,
    ]

    private static let ofBuckets: [String: Set<String>] = [
        "ListObjects": list, "ListObjectsV2": list, "HeadBucket": list, "ListObjectVersions": list,
        "ListMultipartUploads": names("listbucketmultipartuploads"), "GET": list, "HEAD": list,
        // Which keys it was about, an access log has in records of their own, and CloudTrail not at all.
        "REST.POST.MULTI_OBJECT_DELETE": [], "DeleteObjects": delete,
        "GetBucketLocation": names("getbucketlocation"), "REST.GET.LOCATION": names("getbucketlocation"),
        "REST.GET.BUCKETVERSIONS": list, "REST.GET.UPLOADS": names("listbucketmultipartuploads"),
    ]

    /// The keys that an access log may mean, which has them encoded once or twice; nil where one cannot be read.
    static func keys(_ logged: String) -> Set<String>? {
        guard logged.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return [logged]
        }
        guard let once = decoded(logged) else { return nil }
        return Set([logged, once] + [decoded(once)].compactMap(\.self))
    }

    /// A text whose bytes are written as `%2F`, and blanks as `+`.
    private static func decoded(_ text: String) -> String? {
        let encoded = Array(text.utf8)
        var bytes: [UInt8] = []
        var index = 0
        while index < encoded.count {
            switch encoded[index] {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard index + 2 < encoded.count, let high = digit(encoded[index + 1]),
                    let low = digit(encoded[index + 2])
                else { return nil }
                bytes.append(high << 4 | low)
                index += 2
            default: bytes.append(encoded[index])
            }
            index += 1
        }
        let result = String(decoding: bytes, as: UTF8.self)
        return Array(result.utf8) == bytes ? result : nil
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func names(_ text: String) -> Set<String> {
        Set(text.split(separator: " ").map { "s3:\($0)" })
    }
}
