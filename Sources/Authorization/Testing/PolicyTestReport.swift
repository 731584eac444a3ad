/// What came of decision tables: each case, what they exercise, and which changes they notice.
public struct PolicyTestReport: Sendable {
    /// The name and version of the encoded form.
    public static let format = "lapwing-policy-test/1"

    /// The tables, each with its results.
    public let tables: [(test: PolicyTest, results: [PolicyTestResult])]
    /// What the cases exercise.
    public let coverage: PolicyCoverage
    /// Which mutants are noticed; nil where none were tried.
    public let mutation: MutationReport?

    /// Runs tables.
    ///
    /// Mutants are tried only where every case comes out as expected: a table that fails notices everything.
    ///
    /// - Parameters:
    ///   - runners: the tables, each with its engine.
    ///   - mutates: whether mutants are tried.
    ///   - progress: called with how many mutants were tried, and of how many.
    public init(_ runners: [PolicyTestRunner], mutates: Bool = false, progress: (Int, Int) -> Void = { _, _ in }) {
        let tables = runners.map { (test: $0.test, results: $0.run()) }
        var coverage = PolicyCoverage()
        for runner in runners { coverage.add(runner) }
        let isPassed = tables.allSatisfy { $0.results.allSatisfy(\.isPassed) }
        self.tables = tables
        self.coverage = coverage
        self.mutation = mutates && isPassed ? MutationReport(runners, progress: progress) : nil
    }

    /// Every case of every table.
    public var results: [PolicyTestResult] { tables.flatMap(\.results) }

    /// How many cases did not come out as expected.
    public var failed: Int { results.count { !$0.isPassed } }
}

extension PolicyTestReport: Encodable {
    private struct Form: Encodable {
        struct Table: Encodable {
            struct Case: Encodable {
                struct Problem: Encodable { let expected, got: String }

                let name, location, expected, outcome: String
                let reason, rule: String?
                let passed: Bool
                let problems: [Problem]
            }

            let name, location: String
            let cases: [Case]
        }

        struct Item: Encodable {
            let rule: String
            let field, value: String?
            let location: String
        }

        struct Coverage: Encodable {
            let exercised, total: Int
            let percent: Double
            let missing: [Item]
        }

        struct Mutation: Encodable {
            struct Survivor: Encodable { let kind, text, location: String }

            let noticed, total: Int
            let percent: Double
            let survivors: [Survivor]
        }

        let format: String
        let passed, failed: Int
        let tables: [Table]
        let coverage: Coverage
        let mutation: Mutation?
    }

    /// Writes the versioned form.
    public func encode(to encoder: any Encoder) throws {
        let form = Form(
            format: Self.format,
            passed: results.count - failed,
            failed: failed,
            tables: tables.map { test, results in
                Form.Table(name: test.name, location: "\(test.location)", cases: results.map(Self.form))
            },
            coverage: .init(
                exercised: coverage.exercised,
                total: coverage.items.count,
                percent: coverage.percent,
                missing: coverage.missing.map {
                    .init(rule: $0.rule.description, field: $0.field, value: $0.value, location: "\($0.location)")
                }
            ),
            mutation: mutation.map { mutation in
                .init(
                    noticed: mutation.noticed,
                    total: mutation.total,
                    percent: mutation.percent,
                    survivors: mutation.survivors.map {
                        .init(kind: $0.kind.rawValue, text: $0.text, location: "\($0.location)")
                    }
                )
            }
        )
        try form.encode(to: encoder)
    }

    private static func form(_ result: PolicyTestResult) -> Form.Table.Case {
        .init(
            name: result.testCase.name,
            location: "\(result.testCase.location)",
            expected: result.testCase.outcome.rawValue,
            outcome: result.outcome,
            reason: result.decision?.reason.rawValue ?? result.badRequest?.rawValue,
            rule: result.decision?.rule?.description,
            passed: result.isPassed,
            problems: result.problems.map { .init(expected: $0.expected, got: $0.got) }
        )
    }
}
