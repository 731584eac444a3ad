import Testing

@testable import DataAccess

@Suite("A search for the values of a request")
struct ContextSolverTests {
    private static func wish(_ operation: String, _ key: String, _ values: String..., isWanted: Bool = true)
        -> ContextSolver.Wish
    {
        .init(
            condition: .init(operation: operation, key: key, values: values.map { .plain($0) }),
            isWanted: isWanted
        )
    }

    private static func outcome(_ wishes: ContextSolver.Wish...) -> String {
        switch ContextSolver(fixed: [:]).solve(wishes) {
        case .found: "found"
        case .none: "none"
        case .unknown: "unknown"
        }
    }

    @Test("tries the empty text")
    func empty() {
        let present = Self.wish("Null", "s3:prefix", "false")
        #expect(Self.outcome(Self.wish("StringEquals", "s3:prefix", "")) == "found")
        #expect(Self.outcome(Self.wish("StringNotLike", "s3:prefix", "?*"), present) == "found")
        #expect(Self.outcome(Self.wish("StringNotLike", "s3:prefix", "*"), present) == "none")
    }

    @Test("leaves open what numbers cannot tell apart")
    func largeNumbers() {
        #expect(
            Self.outcome(
                Self.wish("NumericGreaterThan", "s3:max-keys", "10000000000000000"),
                Self.wish("NumericLessThan", "s3:max-keys", "10000000000000004")
            ) != "none"
        )
        #expect(
            Self.outcome(
                Self.wish("NumericGreaterThan", "s3:max-keys", "5"),
                Self.wish("NumericLessThan", "s3:max-keys", "5")
            ) == "none"
        )
    }

    @Test("leaves open what a list and a single value come to together")
    func quantified() {
        #expect(
            Self.outcome(
                Self.wish("ForAnyValue:StringEquals", "aws:TagKeys", "a"),
                Self.wish("ForAllValues:StringLike", "aws:TagKeys", "b", isWanted: false),
                Self.wish("StringLike", "aws:TagKeys", "*", isWanted: false)
            ) != "none"
        )
    }

    @Test("knows that a text that is no ARN is not compared with one")
    func notAnARN() {
        #expect(
            Self.outcome(
                Self.wish("ArnNotEquals", "aws:SourceVpce", "arn:aws:iam::1:role/r", isWanted: false),
                Self.wish("StringEquals", "aws:SourceVpce", "vpce-1")
            ) == "found"
        )
    }
}
