import Testing
import ZeroTrust

@Suite struct `Redacted value` {
    @Test func `prints nothing of its secret`() {
        let secret = Redacted("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in [
            "\(secret)", String(reflecting: secret), String(describing: [secret]), "\(Optional(secret) as Any)", dumped,
        ] {
            #expect(!text.contains("hunter2"))
        }
        #expect("\(secret)" == "<redacted>")
        #expect(secret.value == "hunter2")
    }
}
