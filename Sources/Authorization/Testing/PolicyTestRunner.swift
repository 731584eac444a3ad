/// Puts the cases of a decision table to an engine.
///
/// ```swift
/// let runner = PolicyTestRunner(test, engine: engine, screen: RequestScreen(normalization: .base))
/// for result in runner.run() where !result.isPassed { print(result.testCase.name, result.problems) }
/// ```
public struct PolicyTestRunner: Sendable {
    /// The table.
    public let test: PolicyTest
    /// What decides.
    public let engine: PolicyEngine
    /// The cases with what the policies see of each, or nil for a request that is answered 400.
    let prepared: [(testCase: PolicyTestCase, request: Result<Attributes, BadRequest>)]

    /// A runner of a table.
    public init(_ test: PolicyTest, engine: PolicyEngine, screen: RequestScreen) {
        self.test = test
        self.engine = engine
        self.prepared = test.cases.map { testCase in
            var attributes = testCase.attributes
            switch screen.check(
                method: attributes.method,
                target: testCase.target,
                authority: attributes.authority
            ) {
            case .refused(let reason): return (testCase, .failure(reason))
            case .accepted(let request):
                attributes.method = request.method
                attributes.path = request.path
                attributes.authority = request.authority
                return (testCase, .success(attributes))
            }
        }
    }

    /// The result of each case, in order.
    public func run() -> [PolicyTestResult] {
        prepared.map { testCase, request in
            switch request {
            case .failure(let reason):
                return PolicyTestResult(testCase: testCase, decision: nil, badRequest: reason, explanation: nil)
            case .success(let attributes):
                let decision = engine.evaluate(attributes)
                let isPassed = testCase.problems(with: decision).isEmpty
                return PolicyTestResult(
                    testCase: testCase,
                    decision: decision,
                    badRequest: nil,
                    explanation: isPassed ? nil : engine.explain(attributes)
                )
            }
        }
    }

    /// Whether every case still comes out as expected with other policies.
    func passes(with engine: PolicyEngine) -> Bool {
        prepared.allSatisfy { testCase, request in
            guard case .success(let attributes) = request else { return testCase.outcome == .badRequest }
            return testCase.problems(with: engine.evaluate(attributes)).isEmpty
        }
    }
}

/// How one case came out.
public struct PolicyTestResult: Sendable {
    /// The case.
    public let testCase: PolicyTestCase
    /// What the policies decided; nil where they were not asked.
    public let decision: Decision?
    /// Why the request is answered 400, where it is.
    public let badRequest: BadRequest?
    /// Why the policies decided as they did, for a case that failed.
    public let explanation: Explanation?

    /// What is not as expected; none where the case passed.
    public var problems: [PolicyTestProblem] {
        if let decision { return testCase.problems(with: decision) }
        guard testCase.outcome != .badRequest else { return [] }
        return [.init(expected: testCase.outcome.rawValue, got: "bad-request: \(badRequest?.rawValue ?? "")")]
    }

    /// Whether the case came out as expected.
    public var isPassed: Bool { problems.isEmpty }

    /// What came out: `allow`, `deny` or `bad-request`.
    public var outcome: String { decision?.outcome.rawValue ?? PolicyTestCase.Outcome.badRequest.rawValue }
}

/// One difference between what a table expects and what the policies say.
public struct PolicyTestProblem: Sendable, Hashable {
    /// What the table says.
    public let expected: String
    /// What came out.
    public let got: String
}

extension PolicyTestCase {
    /// What a decision has that the case does not expect.
    func problems(with decision: Decision) -> [PolicyTestProblem] {
        guard outcome.rawValue == decision.outcome.rawValue else {
            let got = "\(decision.outcome.rawValue): \(decision.reason.rawValue)"
            return [
                .init(
                    expected: outcome.rawValue + (rule.map { " by \($0.text)" } ?? ""),
                    got: got + (decision.rule.map { " (\($0) at \($0.location))" } ?? "")
                )
            ]
        }
        var problems: [PolicyTestProblem] = []
        if let rule, !rule.names(decision.rule) {
            problems.append(.init(expected: "by \(rule.text)", got: "by \(decision.rule?.description ?? "none")"))
        }
        if let audit, !audit.names(decision.auditedBy) {
            problems.append(
                .init(
                    expected: "marked by \(audit.text)",
                    got: "marked by \(decision.auditedBy?.description ?? "none")"
                )
            )
        }
        return problems
    }
}
