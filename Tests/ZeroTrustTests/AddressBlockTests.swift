import Testing
import ZeroTrust

@Suite struct `Address block` {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.1.2.3/8", "10.9.9.9", true),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false), ("0.0.0.0/0", "203.0.113.1", true),
        ("0.0.0.0/0", "::1", false), ("::/0", "2001:db8::1", true), ("::/0", "192.0.2.7", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
        ("2001:db8::1/128", "2001:db8::1", true), ("::ffff:0:0/96", "::ffff:192.0.2.7", true),
        ("::ffff:0:0/96", "192.0.2.7", false), ("192.0.2.0/31", "192.0.2.1", true),
        ("192.0.2.0/31", "192.0.2.2", false),
    ])
    func `holds the addresses of its family that share its prefix`(block: String, address: String, holds: Bool) throws {
        #expect(try #require(AddressBlock(block)).contains(try #require(IPAddress(address))) == holds)
    }

    @Test func `drops the bits past its prefix`() throws {
        #expect(try "\(#require(AddressBlock("10.1.2.3/8")))" == "10.0.0.0/8")
        #expect(AddressBlock("10.1.2.3/8") == AddressBlock("10.0.0.0/8"))
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0/8", "::/129",
        "10.0.0.0/1000", "10.0.0.0/ 8",
    ])
    func `is refused where it is anything else`(text: String) {
        #expect(AddressBlock(text) == nil)
    }
}
