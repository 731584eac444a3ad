import Glibc
import NIOCore
import Testing
import ZeroTrust

@testable import Gateway

@Suite("Names that may be asked for", .timeLimit(.minutes(5))) struct NameTests {
    @Test(arguments: [
        "a", "hub.example.com", "HUB.Example.COM", "a-b.c1", "1a.example", "xn--bcher-kva.example", "0x7g.example",
        "1.2.3.4.example", String(repeating: "a", count: 63) + ".example",
    ])
    func `a host name is taken, in lower case`(text: String) throws {
        #expect(try DestinationName.parse(text).get().text == text.lowercased())
    }

    @Test(arguments: [
        ("", EgressRefusal.Reason.badName), (".", .trailingDot), ("a.", .trailingDot), ("a..b", .badName),
        (".a", .badName), ("a_b", .badName),
        ("-a", .badName), ("a-", .badName), ("a b", .badName), ("a\u{0}b", .badName), ("a/b", .badName),
        ("é.example", .nonASCIIName), ("еxample.com", .nonASCIIName), ("a。b", .nonASCIIName), ("u@h", .userInfo),
        ("1.2.3.4", .ipLiteral), ("1.2.3.4.", .ipLiteral), ("1", .ipLiteral), ("1.2", .ipLiteral),
        ("0x1", .ipLiteral), ("0X7F.1", .ipLiteral), ("a.0x", .ipLiteral), ("a.1", .ipLiteral), ("::1", .ipLiteral),
        ("[::1]", .ipLiteral), ("fe80::1%eth0", .ipLiteral),
    ])
    func `anything else is refused under its own reason`(text: String, reason: EgressRefusal.Reason) {
        #expect(DestinationName.parse(text) == .failure(EgressRefusal(reason)))
    }

    @Test func `a name is never one that the system reads as an address`() {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("0123456789abcdefxX.-o".utf8)
        for _ in 0..<20_000 {
            let text = String(
                decoding: (0..<Int.random(in: 1...14, using: &random)).map { _ in alphabet.randomElement() ?? 0x30 },
                as: UTF8.self
            )
            guard case .success(let name) = DestinationName.parse(text) else { continue }
            #expect(IPAddress(name.text) == nil)
            var address = in_addr()
            let isAddress = unsafe inet_aton(name.text, &address) != 0
            #expect(!isAddress, "\(name) is an address")
        }
    }

    @Test(
        arguments: [
            ("a.example", nil), ("a.example:443", 443), ("a.example:1", 1), ("a.example:65535", 65535),
        ] as [(String, UInt16?)]
    )
    func `an authority is a name and perhaps a port`(text: String, port: UInt16?) throws {
        let authority = try Authority(text)
        #expect(authority.name.text == "a.example")
        #expect(authority.port == port)
    }

    @Test(arguments: [
        ("8.8.8.8", AddressClass.global), ("2606:4700::1111", .global), ("172.32.0.1", .global), ("11.0.0.1", .global),
        ("169.253.1.1", .global), ("100.128.0.1", .global), ("172.31.255.255", .privateUse), ("fdff::1", .privateUse),
        ("127.255.255.255", .loopback), ("febf::1", .linkLocal), ("169.254.169.254", .metadata),
        ("169.254.170.2", .metadata), ("fd00:ec2::254", .metadata), ("::ffff:8.8.8.8", .embedded),
        ("::8.8.8.8", .special),
        ("64:ff9b::808:808", .embedded), ("2001:db8::1", .special), ("240.0.0.1", .special), ("192.0.2.1", .special),
        ("4000::1", .special), ("1::1", .special),
    ])
    func `addresses are told apart`(text: String, kind: AddressClass) throws {
        #expect(AddressClass.of(try #require(IPAddress(text))) == kind)
    }

    @Test(arguments: [
        ("a", false), ("models", false), ("llama-3-8b-instruct", false), ("prod-us-east-1-models", false),
        ("eu.models", false),
        ("internationalization", false), ("a.b.c", true), ("4f2d9a1c7be03568aa10", true),
        ("mzxw6ytboi4dqmjzgq2tcmi", true),
        ("abcdefghijklmnopqrstuvwxyzabcdefg", true), ("q7w3e9r1t5y2u8i4", true),
    ])
    func `a label that could carry data is suspected, and a word is not`(chosen: String, isSuspect: Bool) throws {
        let suffix = try DestinationName.parse("storage.example.com").get()
        let name = try DestinationName.parse(chosen + ".storage.example.com").get()
        #expect(NameLimits().suspects(name, below: suffix) == isSuspect)
    }

    @Test func `a budget begins anew after its hour and knows callers apart`() throws {
        let budget = NameBudget()
        let suffix = try DestinationName.parse("s.example").get()
        let names = try (0..<3).map { try DestinationName.parse("n\($0).s.example").get() }
        let one = try SPIFFEID("spiffe://a/one")
        let two = try SPIFFEID("spiffe://a/two")
        let start = NIODeadline.now()
        func admits(_ index: Int, _ caller: SPIFFEID, at time: NIODeadline) -> Bool {
            budget.admits(names[index], below: suffix, caller: caller, limit: 2, at: time)
        }
        #expect(admits(0, one, at: start) && admits(1, one, at: start) && !admits(2, one, at: start))
        #expect(admits(0, one, at: start), "a name that was asked for before is asked for again")
        #expect(admits(2, two, at: start))
        #expect(admits(2, one, at: start + .hours(1)))
    }

    @Test(arguments: [
        ("10.0.0.1 a.example", ["10.0.0.1"]), ("10.0.0.1\tb A.Example # c", ["10.0.0.1"]), ("# 10.0.0.1 a.example", []),
        ("10.0.0.1 b # a.example", []),
        ("10.0.0.1 a.example\r\n::1 a.example\n10.0.0.1 a.example", ["10.0.0.1", "::1"]),
        ("a.example 10.0.0.1", []), ("10.0.0.1 a.example.", []), ("", []), ("999.0.0.1 a.example", []),
    ])
    func `a hosts file is read as the manual says`(text: String, addresses: [String]) throws {
        let name = try DestinationName.parse("a.example").get()
        #expect(HostsFile.addresses(of: name, in: text).map(\.description) == addresses)
    }
}
