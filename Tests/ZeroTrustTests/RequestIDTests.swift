import Testing
import ZeroTrust

@Suite struct `Request ID` {
    @Test func `is a version 7 UUID of its moment`() throws {
        let id = RequestID(milliseconds: 0x0197_f2d8_5c1e, random: .max)
        #expect("\(id)" == "0197f2d8-5c1e-7fff-bfff-ffffffffffff")
        #expect(id.milliseconds == 0x0197_f2d8_5c1e)
        #expect("\(RequestID(milliseconds: 0, random: 0))" == "00000000-0000-7000-8000-000000000000")
    }

    @Test func `comes back the same from its text`() throws {
        let id = RequestID(milliseconds: 1_800_000_000_000, random: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)
        #expect(RequestID("\(id)") == id)
        #expect(RequestID("\(id)".uppercased()) == id)
    }

    @Test func `is written with every digit in its place`() throws {
        for shift in 0..<32 {
            let text = String(String(repeating: "0123456789abcdef", count: 4).dropFirst(shift).prefix(32))
            let id = try #require(RequestID(Self.hyphenated(text)))
            #expect("\(id)" == Self.hyphenated(text))
        }
    }

    private static func hyphenated(_ digits: String) -> String {
        [(0, 8), (8, 4), (12, 4), (16, 4), (20, 12)].map { start, count in
            String(digits.dropFirst(start).prefix(count))
        }
        .joined(separator: "-")
    }

    @Test func `has its bytes in the order of its text`() throws {
        let id = try #require(RequestID("0197f2d8-5c1e-7abc-8def-0123456789ab"))
        #expect(Hexadecimal.text(id.bytes) == "0197f2d85c1e7abc8def0123456789ab")
    }

    @Test func `sorts by time as text`() {
        let ids = ([1, 2, 255, 256, 65_536] as [UInt64]).map { "\(RequestID(milliseconds: $0, random: 7))" }
        #expect(ids == ids.sorted())
    }

    @Test(arguments: [
        "", "0197f2d8-5c1e-7fff-bfff-fffffffffff", "0197f2d8-5c1e-7fff-bfff-fffffffffffff",
        "0197f2d85c1e-7fff-bfff-fffffffffffff", "0197f2d8-5c1e-7fff-bfff-ffffffffffg0",
        "0197f2d8_5c1e_7fff_bfff_ffffffffffff", "{0197f2d8-5c1e-7fff-bfff-ffffffffff}",
    ])
    func `is refused where the text is anything else`(text: String) {
        #expect(RequestID(text) == nil)
    }

    /// A `UInt128` on the stack beside an odd number of other words is what Swift 6.3 cannot give to an asynchronous
    /// function: this process would end here.
    @Test func `and an address go to asynchronous functions behind other values`() async throws {
        let id = RequestID(milliseconds: 1, random: 2)
        let address = try #require(IPAddress("2001:db8::7"))
        #expect(await Self.passed(1, 2, 3, 4, 5, 6, id, true) == id)
        #expect(await Self.passed(1, 2, 3, 4, 5, 6, address, true) == address)
        #expect(MemoryLayout<RequestID>.alignment == 8 && MemoryLayout<AddressBlock>.alignment == 8)
    }

    @inline(never)
    private static func passed(
        _: Int,
        _: Int,
        _: Int,
        _: Int,
        _: Int,
        _: Int,
        _ id: RequestID,
        _ waits: Bool
    ) async -> RequestID {
        if waits { await Task.yield() }
        return id
    }

    @inline(never)
    private static func passed(
        _: Int,
        _: Int,
        _: Int,
        _: Int,
        _: Int,
        _: Int,
        _ address: IPAddress,
        _ waits: Bool
    ) async -> IPAddress {
        if waits { await Task.yield() }
        return address
    }
}
