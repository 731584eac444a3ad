import Foundation
import Testing
import ZeroTrust

@testable import CloudIdentity

@Suite(.timeLimit(.minutes(5))) struct STSAnswerTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let role = "arn:aws:iam::123456789012:role/training"

    private static func answer(_ credentials: String) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult>
            <Audience>sts.amazonaws.com</Audience>
            <Credentials>\(credentials)</Credentials>
          </AssumeRoleWithWebIdentityResult>
          <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
        </AssumeRoleWithWebIdentityResponse>
        """
    }

    private static let credentials = """
        <AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>a&amp;b</SecretAccessKey>\
        <SessionToken>t+/=</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration>
        """

    private static func read(_ text: String) throws -> TemporaryCredentials {
        try STSAnswer(Array(text.utf8)).credentials(roleARN: role, at: now)
    }

    @Test func `credentials are read, and printed as no secret`() throws {
        let found = try Self.read(Self.answer(Self.credentials))
        #expect(found.accessKeyID == "ASIA1")
        #expect(found.secretAccessKey.value == "a&b")
        #expect(found.sessionToken.value == "t+/=")
        #expect(found.accountID == "123456789012")
        #expect(found.expiresAt == Date(timeIntervalSince1970: 1_800_003_600))
        #expect(!"\(found)".contains("a&b"))
        let json = try #require(try JSONSerialization.jsonObject(with: Data(found.document.utf8)) as? [String: String])
        #expect(json["Expiration"] == "2027-01-15T09:00:00Z")
        #expect(Set(json.keys) == ["AccessKeyId", "SecretAccessKey", "Token", "Expiration", "AccountId"])
    }

    @Test func `a refusal is told in the words of STS, without control characters`() throws {
        let answer = try STSAnswer(
            Array(
                "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>a\u{1b}b\u{9b}c\u{202e}d</Message></Error></ErrorResponse>"
                    .utf8
            )
        )
        #expect(answer.refusal == "ExpiredTokenException: a b c d")
        #expect(throws: CloudIdentityError.self) { try answer.credentials(roleARN: Self.role, at: Self.now) }
    }

    @Test(arguments: [
        "", "text", "<a>", "</a>", "<a></b>", "<a><b></a></b>", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        "<a>&x;</a>", "<a>&#65;</a>", "<a><!-- b --></a>", "<a><![CDATA[b]]></a>", "<a><?b?></a>",
        String(repeating: "<a>", count: 1000), "<a", "<>", "<a><b>1</b><b>2</b></a>",
    ])
    func `what is no answer is refused`(_ text: String) {
        let failure = #expect(throws: CloudIdentityError.self) { try STSAnswer(Array(text.utf8)) }
        #expect(failure?.code == .badAnswer)
    }

    @Test func `credentials that are not whole, or over, are refused`() throws {
        let parts = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"]
        for part in parts {
            let without = Self.credentials.replacing(try Regex("<\(part)>[^<]*</\(part)>"), with: "")
            #expect(throws: CloudIdentityError.self, "\(part)") { try Self.read(Self.answer(without)) }
        }
        let over = Self.credentials.replacing("2027-01-15T09", with: "2027-01-15T07")
        #expect(throws: CloudIdentityError.self) { try Self.read(Self.answer(over)) }
        // Credentials in another place are not what was asked for.
        #expect(throws: CloudIdentityError.self) {
            try Self.read("<a><Credentials>\(Self.credentials)</Credentials></a>")
        }
        #expect(throws: CloudIdentityError.self) {
            try STSAnswer(Array(repeating: 0x20, count: STSAnswer.maximumLength + 1))
        }
        #expect(throws: CloudIdentityError.self) { try STSAnswer([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]) }
    }

    @Test func `reading comes to an end whatever the bytes are`() {
        var random = SystemRandomNumberGenerator()
        let good = Array(Self.answer(Self.credentials).utf8)
        for _ in 0..<5000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let at = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = .random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                default: bytes.insert([0x3c, 0x3e, 0x26, 0x2f, 0x21].randomElement(using: &random) ?? 0x3c, at: at)
                }
            }
            if let answer = try? STSAnswer(bytes) { _ = try? answer.credentials(roleARN: Self.role, at: Self.now) }
        }
    }

    @Test func `the form says no more than is asked for, and escapes it`() {
        let form = STSClient.form(
            .init(roleARN: Self.role, sessionName: "a", duration: 900, sessionPolicy: #"{"a":"ä &"}"#),
            token: Redacted("h.p.s_-")
        )
        #expect(
            form
                == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole"
                + "%2Ftraining&RoleSessionName=a&DurationSeconds=900&WebIdentityToken=h.p.s_-"
                + "&Policy=%7B%22a%22%3A%22%C3%A4%20%26%22%7D"
        )
    }
}
