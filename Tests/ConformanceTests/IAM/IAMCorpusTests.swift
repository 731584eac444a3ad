import Foundation
import Testing

@testable import DataAccess

/// The outside cases about IAM, in the corpus' folder `iam`.
@Suite struct IAMCorpusTests {
    @Test func `every outside case about IAM is decided as expected`() throws {
        guard let cases = try IAMCase.load() else { return }
        var failures: [String] = []
        var dangerous: [String] = []
        var passed = 0
        var skipped: [String: Int] = [:]
        for test in cases {
            do {
                switch try Self.run(test) {
                case .skipped(let reason): skipped[reason, default: 0] += 1
                case .answered(let answer, let expected, let isDangerous):
                    if answer == expected {
                        passed += 1
                    } else {
                        failures.append("\(test.name): expected \(expected), was \(answer)")
                        if isDangerous { dangerous.append(test.name) }
                    }
                }
            } catch {
                failures.append("\(test.name): \(error)")
            }
        }
        for failure in failures { print("iam: FAILED \(failure)") }
        for (reason, count) in skipped.sorted(by: { $0.key < $1.key }) { print("iam: \(count) skipped: \(reason)") }
        print("iam: \(passed) passed, \(failures.count) failed")
        print("iam: \(dangerous.count) allowed where Deny is right")
        // What is skipped lacks something that is named, and is little.
        #expect(passed * 10 >= cases.count * 9 && passed > 0)
        #expect(passed + failures.count + skipped.values.reduce(0, +) == cases.count)
        #expect(dangerous.isEmpty)
        #expect(failures.isEmpty)
    }

    enum Outcome {
        case answered(String, expected: String, isDangerous: Bool)
        case skipped(String)
    }

    private static func run(_ test: IAMCase) throws -> Outcome {
        let arguments = test.list("args")
        let matches = "\(test.expected["matches"] ?? test.expected["result"] ?? "")"
        // A wrong answer about a part of a policy is an Allow that takes in too much, or a Deny that takes in too little.
        func flag(_ answer: Bool) -> Outcome {
            let expected = test.expected["matches"] as? Bool ?? test.expected["result"] as? Bool ?? false
            return .answered("\(answer)", expected: "\(expected)", isDangerous: true)
        }
        switch test.kind {
        case "decision", "symbolic_decision", "single_layer_decision": return try decision(test)
        case "bpa_decision":
            let decision = try IAMSimulation.publicAccess(test)
            let blocked = (test.expected["blockedBy"] as? [String])?.sorted() ?? []
            return .answered(
                "\(decision.verdict.rawValue) \(decision.blockedBy.map(\.rawValue).sorted())",
                expected: "\(test.expected["decision"] ?? "") \(blocked)",
                isDangerous: decision.isAllowed
            )
        case "public_classifier":
            let found = PublicPolicy(try IAMInputs.policy(test.fields["policy"] ?? [:]))
            let indices = (test.expected["publicStatements"] as? [[String: Any]] ?? []).compactMap {
                $0["index"] as? Int
            }
            return .answered(
                "\(found.isPublic) \(found.statements.map(\.index))",
                expected: "\(test.expected["public"] as? Bool ?? false) \(indices)",
                isDangerous: !found.isPublic
            )
        case "pattern_decision":
            let isWildcard = test.expected["resultType"] as? String == "wildcard"
            let answer = try IAMPatterns(test).answer(isWildcard: isWildcard)
            let expected = IAMPatterns.expected(test.expected)
            return .answered(
                answer,
                expected: expected,
                isDangerous: answer.hasPrefix("Allowed") && !expected.hasPrefix("Allowed")
            )
        case "action_match": return flag(try IAMRelations.action(arguments))
        case "principal_match":
            return .answered(
                try IAMRelations.principal(test.text("fn"), arguments),
                expected: matches,
                isDangerous: true
            )
        case "resource_match":
            guard let answer = try IAMRelations.resource(test.text("fn"), arguments) else {
                return .skipped("unknown function \(test.text("fn"))")
            }
            if let answer = answer as? Bool { return flag(answer) }
            return .answered("\(answer)", expected: matches, isDangerous: true)
        case "pattern_relation":
            guard test.text("fn") == "resourceArnsOverlap", let answer = IAMRelations.overlap(arguments) else {
                return .skipped("unknown function \(test.text("fn"))")
            }
            return flag(answer)
        case "condition_operator": return flag(IAMRelations.condition(test))
        case "condition_block":
            let expected = test.expected["matches"]
            let isMatch = expected as? Bool ?? (expected as? String == "Match")
            switch try IAMRelations.block(test) {
            case .lacks(let field): return .skipped("the case has no `\(field)`")
            case .answered(let answer): return .answered("\(answer)", expected: "\(isMatch)", isDangerous: true)
            }
        case "condition_json":
            return flag(
                try IAMRelations.conditions(test.object("condition"), IAMInputs.context(test.object("context")))
            )
        case "statement_action", "statement_resource": return flag(try statement(test))
        case "estate_decision": return .skipped("the data set `\(test.text("dataset"))` is not in the corpus")
        default: return .skipped("unknown kind \(test.kind)")
        }
    }

    private static func decision(_ test: IAMCase) throws -> Outcome {
        let isSingle = test.kind == "single_layer_decision"
        let decision = isSingle ? try IAMSimulation.singleLayer(test) : try IAMSimulation.decide(test)
        if let allowed = test.expected["allowed"] as? Bool {
            return .answered("\(decision.isAllowed)", expected: "\(allowed)", isDangerous: decision.isAllowed)
        }
        let expected = test.expected["decision"] as? String ?? ""
        let isDangerous = decision.isAllowed && expected != "Allow"
        if isSingle {
            // Arsenal calls what several policies do not allow a Deny, whether one of them denies or not.
            let isRight = decision.isAllowed == (expected == "Allow")
            return .answered("\(isRight)", expected: "true", isDangerous: isDangerous)
        }
        var (answer, wanted) = (decision.verdict.rawValue, expected)
        if let blocked = test.expected["blockedBy"] as? [String] {
            answer += " \(decision.blockedBy.map(\.rawValue).sorted())"
            wanted += " \(blocked.sorted())"
        }
        if test.kind == "symbolic_decision" {
            answer += " " + IAMSimulation.canonical(decision.conditions)
            wanted += " " + IAMSimulation.canonical(expected: test.expected["conditions"])
        }
        return .answered(answer, expected: wanted, isDangerous: isDangerous)
    }

    private static func statement(_ test: IAMCase) throws -> Bool {
        let policy = try IAMInputs.fragment(["Statement": [test.object("statement")]])
        let request = IAMRequest(
            principal: .anonymous,
            action: test.text("action"),
            resource: IAMInputs.resource(test.text("resource")),
            resourceAccount: "",
            context: IAMInputs.context(test.object("context"))
        )
        let reader = LayerReader(request, .identity, hasBoundary: false)
        let statement = policy.statements[0]
        return test.kind == "statement_action"
            ? reader.matchesAction(statement) : reader.matchesResource(statement, statement.effect ?? .allow)
    }
}
