/// What a caller may be allowed to do in a repository.
///
/// None of them is part of another.
public enum Permission: String, Hashable, Sendable, CaseIterable {
    /// Pull what is admitted.
    case read
    /// Push, and see the state of what was pushed.
    case write
    /// Move the protected tags.
    case promote
    /// Delete manifests, tags and blobs.
    case delete
}
