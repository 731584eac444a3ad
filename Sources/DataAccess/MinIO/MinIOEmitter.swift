/// Writes what a MinIO, or another store that takes its policies, has to have in force for an estate.
///
/// A component logs in by the client certificate that it has, and gets the policy that is called like the certificate's
/// CN: `policies/c_trainer.json` for `trainer`. A policy allows what the estate's accesses say, over TLS. Nobody has a
/// bucket's policy: in MinIO those are for requests without a signature, and there are none.
public struct MinIOEmitter {
    private let estate: Estate

    /// What could not be written.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// What, and what to do about it.
        public let description: String
    }

    /// An emitter for an estate.
    ///
    /// - Throws: ``Failure`` where the estate says nothing of MinIO.
    public init(_ estate: Estate) throws(Failure) {
        guard estate.enforcement.minio != nil else {
            throw Failure(
                description: "the estate `\(estate.name)` has no `minio` in `enforcement`; write "
                    + "`minio: {endpoint: \"https://HOST:9000\"}` there"
            )
        }
        self.estate = estate
    }

    /// The files, by their path, in the form that ``MinIOArtifacts`` reads.
    ///
    /// - Throws: ``Failure`` for data that is only added to, since MinIO has no condition for that.
    public func files() throws(Failure) -> [(path: String, text: String)] {
        let byComponent = Dictionary(grouping: estate.accesses.filter { $0.layer == .s3 }, by: \.component)
        let names = MinIONames.policies(estate)
        var files: [(path: String, text: String)] = []
        for component in estate.components {
            guard let accesses = byComponent[component.name], let name = names[component.name] else { continue }
            var statements: [JSONText] = []
            for access in accesses { statements += try self.statements(access) }
            let document = JSONText.object([
                ("Version", .text(PolicyDocument.Version.v2012.rawValue)), ("Statement", .list(statements)),
            ])
            files.append(("policies/\(name).json", document.pretty))
        }
        return files
    }

    private func statements(_ access: Access) throws(Failure) -> [JSONText] {
        guard case .objects(let dataset, let store) = access.resource else { return [] }
        let bucket = "arn:aws:s3:::\(store.bucket)"
        let objects = "\(bucket)/\(store.prefix)*"
        switch access.verb {
        case .read:
            let prefix: [(String, JSONText)] =
                store.prefix.isEmpty
                ? [] : [("StringLike", .object([("s3:prefix", .list([.text(store.prefix + "*")]))]))]
            return [
                Self.allow(["GetObject", "GetObjectTagging", "GetObjectVersion"], objects),
                Self.allow(["ListBucket"], bucket, prefix),
            ]
        case .write:
            return [
                Self.allow(
                    [
                        "AbortMultipartUpload", "DeleteObject", "ListMultipartUploadParts", "PutObject",
                        "PutObjectTagging",
                    ],
                    objects
                )
            ]
        case .append:
            throw Failure(
                description:
                    "`\(dataset)` is only added to (`mode: append`), and MinIO has no condition that keeps what is "
                    + "there from being written over; lock the bucket's objects and leave `mode` out"
            )
        case .call, .reach: return []
        }
    }

    private static func allow(
        _ actions: [String],
        _ resource: String,
        _ more: [(String, JSONText)] = []
    ) -> JSONText {
        let overTLS = ("Bool", JSONText.object([("aws:SecureTransport", .list([.text("true")]))]))
        return .object([
            ("Effect", .text("Allow")), ("Action", .list(actions.map { .text("s3:" + $0) })),
            ("Resource", .list([.text(resource)])), ("Condition", .object([overTLS] + more)),
        ])
    }
}
