import Testing

@testable import DataAccess

@Suite("The known actions of S3")
struct KnownActionsTests {
    @Test(
        "are told by a word as by the patterns themselves",
        arguments: [
            ["s3:Get*"], ["*"], ["s3:GetObject"], ["S3:getobject", "s3:PutObject"], ["s3:*Object*"], ["s3:Put?bject"],
            ["iam:*"], ["s3:*"], ["s3"], [], ["s3:NoSuchAction"], ["kms:Decrypt", "s3:List*"], ["s3:"],
        ]
    )
    func bits(_ sources: [String]) throws {
        for isNegated in [false, true] {
            let elements = sources.map { ActionPattern($0) }
            let bits = KnownActions.bits(.init(isNegated: isNegated, elements: elements))
            for (action, _) in S3Actions.every {
                let bit = try #require(KnownActions.bit(action))
                let isMeant = elements.contains { $0.matches(action) } != isNegated
                #expect((bits & bit != 0) == isMeant, "\(action) in \(sources)")
            }
        }
        #expect(KnownActions.bit("s3:GetObject") == nil && KnownActions.bit("iam:PassRole") == nil)
    }

    @Test("stand for others that the same statements are about, whatever the policies say")
    func toldApart() throws {
        let estate = try EstateExample.load()
        let files = try AWSProofTests.files(estate)
        let every = S3Actions.every.map(\.0)
        var isFewer = false
        for seed in 1...40 {
            var widening = Widening(files: files, seed: UInt64(seed))
            guard widening.apply() else { continue }
            let artifacts = try AWSArtifacts(files: widening.files, estate: estate)
            let observation = AWSObservation(estate, artifacts, scope: .roles)
            for role in artifacts.roles.values {
                let search = observation.roleSearch(role)
                let standing = search.toldApart(every)
                isFewer = isFewer || standing.count < every.count
                for area in ["arn:aws:s3:::shop-ml/*", "arn:aws:s3:::shop-orders"] {
                    func answers(_ actions: [String]) -> Set<String> {
                        Set(
                            actions.map { action in
                                switch search.find(action, in: Glob(area)) {
                                case .found(let request): "found \(request.resource)"
                                case .none: "none"
                                case .unknown: "unknown"
                                }
                            }
                        )
                    }
                    #expect(answers(every) == answers(standing), "\(role.name) \(area): \(widening.description)")
                }
            }
        }
        #expect(isFewer)
    }
}
