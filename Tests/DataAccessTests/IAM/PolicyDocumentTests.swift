import Resources
import Testing

@testable import DataAccess

@Suite("A policy")
struct PolicyDocumentTests {
    private func read(_ text: String) throws -> PolicyDocument { try PolicyDocument(json: Array(text.utf8)) }

    @Test(
        "that is no JSON, or not as strict readers have it, is refused with its place",
        arguments: [
            ("", "end of the text"), ("{", "expected a name"), (#"{"Statement":[],}"#, "expected a name"),
            (#"{"Statement":[],"Statement":[]}"#, "stands twice"), (#"{"Statement":[]} x"#, "nothing after"),
            (#"{"Statement":[{"Sid":"\u12"}]}"#, "hexadecimal"), (#"{"Statement":[{"Sid":"\uD800"}]}"#, "surrogate"),
            (#"{"Statement":[01]}"#, "begins with no 0"), (#"{"Version":"2012-10-17"}"#, "needs `Statement`"),
            (#"{"Version":"2020-01-01","Statement":[]}"#, "unknown version"),
            (#"{"Statement":{"Action":"a:b","NotAction":"c:d"}}"#, "not both"),
            (String(repeating: "[", count: 40), "deep"),
        ]
    )
    func refuses(_ text: String, _ message: String) throws {
        let error = #expect(throws: ResourceError.self) { try read(text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test(
        "that AWS would refuse is read, and said to be so",
        arguments: [
            (#"{"Statement":{"Effect":"Allow","Action":"s3:GetObject,PutObject","Resource":"*"}}"#, "no action"),
            (#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3"}}"#, "3 parts"),
            (#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"b"}}"#, "no ARN"),
            (#"{"Statement":{"Effect":"allow","Action":"s3:*","Resource":"*"}}"#, "`Allow` or `Deny`"),
            (
                #"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Equals":{"a":"b"}}}}"#,
                "operator"
            ),
            (
                #"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":{"AWS":"arn:aws:iam::1:role/*"}}}"#,
                "nobody"
            ),
        ]
    )
    func notes(_ text: String, _ message: String) throws {
        let findings = try read(text).findings.map(\.message)
        #expect(findings.contains { $0.contains(message) }, "\(findings)")
    }

    @Test("is the same whatever its file is called, unless it says something there")
    func equality() throws {
        func read(_ statements: String, _ file: String) throws -> PolicyDocument {
            try PolicyDocument(json: PrincipalProbesTests.policy(statements), file: file)
        }
        let (one, other) = (try read("", "a.json"), try read("", "b.json"))
        #expect(one.file != other.file && one == other && one.hashValue == other.hashValue)
        #expect(Set([one, other, PolicyDocument(statements: [])]).count == 1)
        // What is shown of a statement is where it stands: the same text at another place is another.
        let deny = #"{"Effect":"Deny","Action":"*","Resource":"*"}"#
        #expect(try read(deny, "a.json") == read(deny, "a.json") && read(deny, "a.json") != read(deny, "b.json"))
        #expect(try read(deny, "a.json").hashValue == read(deny, "a.json").hashValue)
    }

    @Test("is read or refused whatever the bytes are, in bounded time")
    func survivesNoise() {
        var random = Seeded(7)
        let seed = Array(
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":"arn:aws:s3:::b/${aws:username}/*","Condition":{"StringLike":{"s3:prefix":["a*"]}}}]}"#
                .utf8
        )
        var read = 0
        for _ in 0..<2_000 {
            var bytes = seed
            for _ in 0...random.below(4) {
                let place = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                default: bytes.insert(random.pick(Array(#"{}[]",:\*?$0"#.utf8)), at: place)
                }
            }
            if (try? PolicyDocument(json: bytes)) != nil { read += 1 }
        }
        #expect(read > 0 && read < 2_000)
    }

    @Test("of one long line is read in time proportional to its length")
    func readsLongLines() {
        let count = 300_000
        let text = "{\"é\": [" + String(repeating: "1,", count: count) + "x]}"
        let time = ContinuousClock().measure {
            let error = #expect(throws: ResourceError.self) {
                try PolicyDocument(json: Array(text.utf8))
            }
            #expect("\(error.map { "\($0)" } ?? "")".contains("1:\(8 + 2 * count)"))
        }
        #expect(time < .seconds(30))
    }
}
