/// The work that was measured did not do what it should have.
struct WrongResult: Error, CustomStringConvertible {
    let description: String

    init(_ work: String) {
        description = "`\(work)` did not give the result that it should"
    }
}
