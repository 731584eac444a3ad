import Testing
import ZeroTrust

@Suite struct `IP address` {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("192.0.2.7", "192.0.2.7"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
        ("::1", "::1"), ("2001:DB8::1", "2001:db8::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
        ("::ffff:192.0.2.7", "::ffff:c000:207"), ("1::", "1::"), ("fe80:0:0:0:0:0:0:1", "fe80::1"),
    ])
    func `is read and written in its canonical form`(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect("\(address)" == canonical)
        #expect(IPAddress(canonical) == address)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "+1.2.3.4", "1.2.3.-4", "a.b.c.d", ":",
        ":::",
        "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "::1%eth0", "+1::",
        "1.2.3.4::", "::1.2.3", "::1.2.3.4:1", "[::1]", "::1/128",
    ])
    func `is refused where it is anything else`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `keeps a mapped address in its own family`() throws {
        #expect(IPAddress("::ffff:192.0.2.7")?.family == .v6)
        #expect(IPAddress("::ffff:192.0.2.7") != IPAddress("192.0.2.7"))
    }
}
