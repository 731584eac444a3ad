/// What is done about symbolic links within a model.
enum LinkRule: Hashable, Sendable {
    /// A link is never followed, and its presence refuses the model.
    case refuse
    /// A link is followed where it stays within the model.
    case followWithin
}
