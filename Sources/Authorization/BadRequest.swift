/// Why a request is refused with 400 before any policy is asked.
public enum BadRequest: String, Error, Hashable, Sendable, Codable, CaseIterable {
    /// The method is none that HTTP registers, or is in lower case.
    case unknownMethod = "unknown_method"
    /// CONNECT asks for a tunnel, which no route offers.
    case tunnel = "connect_not_offered"
    /// There is no request target.
    case emptyTarget = "empty_target"
    /// The target is neither a path nor an `http` or `https` URL.
    case notAbsolutePath = "target_not_absolute"
    /// The URL in the target has no host, or one that is neither a name nor an address, or user information; or that of a CONNECT is not the host and port of its
    /// header.
    case badTargetAuthority = "bad_target_authority"
    /// The target has a byte that is not visible ASCII.
    case badTargetByte = "bad_target_byte"
    /// The target has a `#fragment`.
    case fragment = "fragment_in_target"
    /// The path has an encoded NUL, which no normalisation can keep.
    case encodedNUL = "encoded_nul_in_path"
    /// The path has a dot segment with parameters, such as `..;x`, which servers read differently.
    case ambiguousDotSegment = "ambiguous_dot_segment"
    /// The path has a `%` that begins no escape.
    case malformedEscape = "malformed_escape_in_path"
    /// The path has an escaped control byte.
    case encodedControl = "encoded_control_byte_in_path"
    /// There is no host, neither in the target nor in a header.
    case missingHost = "missing_host"
    /// The host has a byte that no host has.
    case badHost = "bad_host"
}
