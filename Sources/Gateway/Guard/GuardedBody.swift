/// How a body that was judged goes on.
struct GuardedBody {
    /// Its bytes; nil where the request has no body, and none is said.
    let length: Int?
    /// Whether the answer is looked at, and has to come without an encoding.
    let isAnswerFiltered: Bool
    /// What the upstream is told of what was found in it; nil where nothing was.
    var note: String?
}
