/// Why a request to the registry was not done, as the OCI distribution specification says it (section "Error codes").
public struct RegistryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of refusal it is; the raw value is what clients read.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        case blobUnknown = "BLOB_UNKNOWN"
        case blobUploadInvalid = "BLOB_UPLOAD_INVALID"
        case blobUploadUnknown = "BLOB_UPLOAD_UNKNOWN"
        case digestInvalid = "DIGEST_INVALID"
        case manifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN"
        case manifestInvalid = "MANIFEST_INVALID"
        case manifestUnknown = "MANIFEST_UNKNOWN"
        case nameInvalid = "NAME_INVALID"
        case nameUnknown = "NAME_UNKNOWN"
        case sizeInvalid = "SIZE_INVALID"
        case unauthorized = "UNAUTHORIZED"
        case denied = "DENIED"
        case unsupported = "UNSUPPORTED"
        case tooManyRequests = "TOOMANYREQUESTS"
        // Ours; the specification leaves room for more.
        /// A range that the content does not have, or a chunk that does not follow the last.
        case rangeInvalid = "RANGE_INVALID"
        /// The disk is full.
        case storageFull = "STORAGE_FULL"
        /// The artifact did not pass the admission policy.
        case quarantined = "QUARANTINED"
        /// Somebody else changed the same thing meanwhile.
        case conflict = "CONFLICT"
        /// The act cannot be recorded, or the store does not answer.
        case unavailable = "UNAVAILABLE"
        /// The bytes on the disk are not what their digest says.
        case damaged = "DAMAGED"
    }

    /// What kind of refusal it is.
    public let code: Code
    /// What was wrong, and what to do next.
    public let message: String
    /// The HTTP status that it is answered with.
    public let status: Int

    /// A refusal, answered with the status that is usual for its code.
    public init(_ code: Code, _ message: String, status: Int? = nil) {
        self.code = code
        self.message = message
        self.status = status ?? code.usualStatus
    }

    /// The code and the message.
    public var description: String { "\(code.rawValue): \(message)" }
}

extension RegistryError.Code {
    fileprivate var usualStatus: Int {
        switch self {
        case .blobUnknown, .blobUploadUnknown, .manifestUnknown, .nameUnknown, .manifestBlobUnknown: 404
        case .blobUploadInvalid, .digestInvalid, .manifestInvalid, .nameInvalid: 400
        case .sizeInvalid: 413
        case .unauthorized: 401
        case .denied, .quarantined: 403
        case .unsupported: 405
        case .tooManyRequests: 429
        case .rangeInvalid: 416
        case .storageFull: 507
        case .conflict: 409
        case .unavailable: 503
        case .damaged: 500
        }
    }
}
