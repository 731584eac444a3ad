/// Why a model is not believed: an ordinary answer, and never half of one.
public struct ModelRefusal: Error, Hashable, Sendable {
    /// The reason, for programs.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The signature's file is not a bundle as the specification has it.
        case malformedBundle = "malformed-bundle"
        /// The bundle's media type is not one that is read here.
        case mediaType = "media-type"
        /// The bundle was signed by another method than the one that was asked for.
        case wrongMethod = "wrong-method"
        /// The key, or the algorithm, is not one of those that may sign.
        case keyType = "key-type"
        /// The bundle names another key than the one that was given.
        case otherKey = "other-key"
        /// The signature does not fit its bytes.
        case badSignature = "bad-signature"
        /// The bundle carries something that this method cannot verify.
        case unverifiable = "unverifiable"
        /// The bundle is of the deprecated format of 2024 and was not asked for.
        case legacy
        /// What is signed is not a statement about a model.
        case malformedStatement = "malformed-statement"
        /// The list of files breaks a rule of the format.
        case malformedManifest = "malformed-manifest"
        /// The certificate does not lead to an authority that is trusted, or breaks a rule on the way.
        case untrustedCertificate = "untrusted-certificate"
        /// A certificate was not valid at the time that counts.
        case expired
        /// The signer is proven and is not one of those that may sign.
        case identity
        /// The transparency log's proof does not hold.
        case transparency
        /// A timestamp does not hold.
        case timestamp
        /// The model or one of its files cannot be read.
        case unreadable
        /// The model holds something that is no file: a device, a pipe, a name that is not UTF-8.
        case irregular
        /// A link where none is allowed, or one that leaves the model.
        case link
        /// Files are not as they were signed.
        case files
        /// A file was changed while it was being read.
        case changed
        /// Nothing would have been verified.
        case empty
        /// No rule of the policy lets this signer sign this model.
        case policy
    }

    /// The reason, for programs.
    public let code: Code
    /// The reason, for people; it starts in lower case.
    public let message: String
    /// Every file of the model with what was found about it, where it came to that.
    public let files: [FileVerdict]

    /// A refusal.
    public init(_ code: Code, _ message: String, files: [FileVerdict] = []) {
        self.code = code
        // It quotes names that others gave; none of them begins a line of its own.
        self.message =
            message.contains(where: \.isNewline)
            ? message.split(whereSeparator: \.isNewline).joined(separator: "\\n") : message
        self.files = files
    }
}

extension ModelRefusal: CustomStringConvertible {
    /// The reason in words.
    public var description: String { message }
}
