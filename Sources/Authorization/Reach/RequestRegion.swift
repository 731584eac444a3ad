/// Requests that meet a condition in each of some dimensions, and any in the others.
struct RequestRegion: Hashable, Sendable {
    /// The condition of each dimension that has one.
    private(set) var parts: [RequestDimension: RequestPart] = [:]

    /// Every request.
    static let all = RequestRegion()

    init(_ parts: [RequestDimension: RequestPart] = [:]) {
        self.parts = parts
    }

    /// The same with another condition in one dimension.
    func replacing(_ dimension: RequestDimension, with part: RequestPart) -> RequestRegion {
        var copy = self
        copy.parts[dimension] = part
        return copy
    }
}
