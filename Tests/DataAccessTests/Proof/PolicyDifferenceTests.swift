import Foundation
import Testing

@testable import DataAccess

@Suite("What one policy allows and another does not")
struct PolicyDifferenceTests {
    private static func observation() throws -> AWSObservation {
        let estate = try EstateExample.load()
        return AWSObservation(
            estate,
            try AWSArtifacts(files: AWSProofTests.files(estate), estate: estate),
            scope: .roles
        )
    }

    private enum Verdict: Equatable {
        case more(IAMRequest)
        case noMore
        case unknown(String)

        var text: String {
            switch self {
            case .more: "more"
            case .noMore: "no more"
            case .unknown: "unknown"
            }
        }
    }

    private static func compare(_ new: PolicyDocument, _ old: PolicyDocument, _ observation: AWSObservation) -> Verdict
    {
        let role = AWSArtifacts.Role(name: "trainer", account: "123456789012", trust: nil, policies: [])
        let difference = PolicyDifference(role, allowing: [new], butNot: [old], observation)
        var doubt: String?
        for action in RandomPolicies.actions {
            switch difference.find(action, in: Glob("arn:aws:s3:::*")) {
            case .none: continue
            case .unknown(let reason): doubt = doubt ?? reason
            case .found(let request): return .more(request)
            }
        }
        return doubt.map { .unknown($0) } ?? .noMore
    }

    private static func isAllowed(_ request: IAMRequest, by document: PolicyDocument) -> Bool {
        var policies = IAMPolicies()
        policies.identity = [document]
        return IAMEvaluator.decide(request, policies).isAllowed
    }

    @Test(
        "is found by a Deny that is gone, by one that is narrower, and by what is allowed besides",
        arguments: [
            (#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#, "", "more"),
            (
                #"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#,
                #",{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::a/*"}"#, "more"
            ),
            (
                #"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}"#,
                #",{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::a/*"}"#, "no more"
            ),
        ]
    )
    func denials(_ new: String, _ denial: String, _ verdict: String) throws {
        let allow = #"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#
        let old = try PolicyDocument(json: PrincipalProbesTests.policy(denial.isEmpty ? denial : allow + denial))
        let found = Self.compare(
            try PolicyDocument(json: PrincipalProbesTests.policy(new)),
            old,
            try Self.observation()
        )
        #expect(found.text == verdict, "\(found)")
    }

    @Test("is what cvc5 says of random pairs", .enabled(if: TestPeer.isAvailable))
    func agreesWithCVC5() throws {
        // 10,000 with LAPWING_SCALE=20.
        let scale = ProcessInfo.processInfo.environment["LAPWING_SCALE"].flatMap(Int.init) ?? 1
        let count = min(10_000, 500 * max(1, scale))
        let observation = try Self.observation()
        var random = RandomPolicies(seed: 20_260)
        var questions: [String] = []
        var verdicts: [Verdict] = []
        var pairs: [(new: String, old: String)] = []
        let start = ContinuousClock.now
        for index in 0..<count {
            let pair = random.pair()
            pairs.append(pair)
            let actions = RandomPolicies.actions.map { "\"\($0)\"" }.joined(separator: ",")
            questions.append(#"{"id":\#(index),"new":\#(pair.new),"old":\#(pair.old),"actions":[\#(actions)]}"#)
            let (new, old) = (try PolicyDocument(json: pair.new.utf8), try PolicyDocument(json: pair.old.utf8))
            let verdict = Self.compare(new, old, observation)
            // Whatever is shown is allowed by the one and not by the other.
            if case .more(let request) = verdict {
                #expect(Self.isAllowed(request, by: new) && !Self.isAllowed(request, by: old), "\(pair): \(request)")
            }
            verdicts.append(verdict)
        }
        let own = ContinuousClock.now - start
        struct Answer: Decodable {
            let id: Int
            let verdict: String
            let seconds: Double
        }
        let text = try TestPeer(script: "compare_policies.py").run(questions.joined(separator: "\n") + "\n")
        let answers = try text.split(separator: "\n").map { line in
            try JSONDecoder().decode(Answer.self, from: Data(line.utf8))
        }
        try #require(answers.count == count && zip(answers, 0..<count).allSatisfy { $0.id == $1 })
        var (agreed, unknown, undecided) = (0, 0, 0)
        var wrong: [String] = []
        for (answer, verdict) in zip(answers, verdicts) {
            if case .unknown = verdict {
                unknown += 1
            } else if answer.verdict == "unknown" {
                undecided += 1
            } else if answer.verdict == verdict.text {
                agreed += 1
            } else {
                wrong.append("\(pairs[answer.id]): we say \(verdict), cvc5 \(answer.verdict)")
            }
        }
        let seconds = answers.map(\.seconds).reduce(0, +)
        let more = verdicts.count { $0.text == "more" }
        print(
            "cvc5: \(agreed) of \(count) agreed, \(wrong.count) differed, \(unknown) unknown here, \(undecided) there; "
                + "\(more) allow more; \(own) here, \(seconds) s there"
        )
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(3))")
        // What was drawn tells something: both answers are common, and few are left open.
        #expect(more > count / 5 && verdicts.count { $0.text == "no more" } > count / 10)
        #expect(unknown * 50 <= count && undecided * 50 <= count)
    }
}
