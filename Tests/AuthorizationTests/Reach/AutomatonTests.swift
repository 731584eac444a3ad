import Testing
import ZeroTrust

@testable import Authorization

@Suite struct AutomatonTests {
    private static let limit = 10_000

    private func automaton(_ expression: RegularExpression) throws -> Automaton {
        try Automaton(expression, limit: Self.limit)
    }

    private func product(_ left: Automaton, _ right: Automaton, _ rule: (Bool, Bool) -> Bool) throws -> Automaton {
        try Automaton(left, right, limit: Self.limit, accepting: rule)
    }

    @Test func `two expressions of the same strings make equal automata`() throws {
        let first = try automaton(.choice([.text("ab"), .text("ac")]))
        let second = try automaton(.sequence([.text("a"), .byte(ByteSet("bc"))]))
        #expect(first == second)
        let one = try automaton(.text("ab"))
        #expect(first != one)
        let stars = try automaton(.sequence([.anything, .anything]))
        let star = try automaton(.anything)
        #expect(stars == star)
        #expect(stars.stateCount == 1)
    }

    @Test func `strings are accepted as the expression says`() throws {
        let prefix = try automaton(.sequence([.text("/v1/"), .anything]))
        #expect(prefix.accepts("/v1/predict".utf8))
        #expect(prefix.accepts("/v1/".utf8))
        #expect(!prefix.accepts("/v1".utf8))
        #expect(!prefix.accepts("x/v1/".utf8))
        let folded = try automaton(.ignoringCase(Array("Host-1@".utf8)))
        #expect(folded.accepts("hOST-1@".utf8))
        #expect(!folded.accepts("host-1`".utf8), "only letters are folded")
        let none = try automaton(.choice([]))
        #expect(!none.accepts("".utf8))
        #expect(none.isEmpty)
    }

    @Test func `what two automata have in common, and what only one has, is exact`() throws {
        let prefix = try automaton(.sequence([.text("ab"), .anything]))
        let suffix = try automaton(.sequence([.anything, .text("ba")]))
        let both = try product(prefix, suffix) { $0 && $1 }
        #expect(both.shortest() == Array("aba".utf8), "the ends overlap")
        let onlyPrefix = try product(prefix, suffix) { $0 && !$1 }
        #expect(onlyPrefix.shortest() == Array("ab".utf8))
        let outside = try product(both, prefix) { $0 && !$1 }
        #expect(outside.isEmpty, "the common part is within each")
        let back = try product(onlyPrefix, suffix) { $0 && $1 }
        #expect(back.isEmpty)
    }

    @Test func `an automaton is within another where nothing is left of it without the other`() throws {
        let expressions: [RegularExpression] = [
            .choice([]), .anything, .text(""), .text("ab"), .text("abc"), .choice([.text("ab"), .text("ba")]),
            .sequence([.text("ab"), .anything]), .sequence([.anything, .text("ba")]),
            .sequence([.text("a"), .anything, .text("a")]), .ignoringCase(Array("Ab".utf8)),
            .sequence([.text("/v1/"), .anything]),
            .sequence([.text("/v1/p"), .byte(ByteSet("0123456789")), .anything]),
        ]
        let automata = try expressions.map(automaton)
        var subsets = 0
        for left in automata {
            for right in automata {
                let isSubset = try left.isSubset(of: right, limit: Self.limit)
                #expect(try isSubset == product(left, right, { $0 && !$1 }).isEmpty)
                subsets += isSubset ? 1 : 0
            }
        }
        #expect(subsets > automata.count && subsets < automata.count * automata.count)
        #expect(throws: ReachError.self) { try automata[6].isSubset(of: automata[6], limit: 1) }
    }

    private func shortest(_ expression: RegularExpression) throws -> String? {
        try automaton(expression).shortest().map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `the shortest string is shortest, and made of letters where it can be`() throws {
        let letter = try shortest(.repeated(.byte(.all)))
        #expect(letter == "a")
        let path = try shortest(.sequence([.text("/"), .repeated(.byte(ByteSet("/%z")))]))
        #expect(path == "/z")
        let empty = try shortest(.anything)
        #expect(empty == "")
        let none = try shortest(.choice([]))
        #expect(none == nil)
        let short = try shortest(.choice([.text("aaaa"), .text("zz")]))
        #expect(short == "zz")
    }

    private func strings(_ expression: RegularExpression, atMost limit: Int) throws -> [String]? {
        try automaton(expression).strings(atMost: limit)?.map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    @Test func `strings are listed where they are few`() throws {
        let two = try strings(.choice([.text("b"), .text("abc"), .text("b")]), atMost: 4)
        #expect(two == ["abc", "b"])
        let three = try strings(.choice([.text("a"), .text("b"), .text("c")]), atMost: 2)
        #expect(three == nil)
        let all = try strings(.anything, atMost: 1000)
        #expect(all == nil)
        let none = try strings(.choice([]), atMost: 2)
        #expect(none == [])
        let empty = try strings(.nothing, atMost: 2)
        #expect(empty == [""])
    }

    @Test func `what stands before a byte decides`() throws {
        let path = try automaton(.choice([.text("/a"), .sequence([.text("/b"), .anything])])).acceptingBefore(0x3f)
        for text in ["/a", "/a?", "/a?x?y", "/bcd", "/b?"] { #expect(path.accepts(text.utf8), "\(text)") }
        for text in ["/", "/ab", "/?a", "?", "/a/?"] { #expect(!path.accepts(text.utf8), "\(text)") }
    }

    @Test func `an automaton that would be too large is an error`() throws {
        // The n-th letter from the end: every deterministic automaton of it has two to the n states.
        let letter = RegularExpression.byte(ByteSet("ab"))
        var parts: [RegularExpression] = [.many(letter), .text("a")]
        for _ in 0..<20 { parts.append(letter) }
        let late = RegularExpression.sequence(parts)
        #expect(throws: ReachError.self) { try Automaton(late, limit: 5000) }
    }
}

@Suite struct IntervalSetTests {
    @Test func `intervals that touch are one, and the complement is the rest`() {
        let ports = IntervalSet<UInt16>([80...80, 81...90, 85...100, 443...443])
        #expect(ports.intervals == [80...100, 443...443])
        #expect(ports.complement.intervals == [0...79, 101...442, 444...65535])
        #expect(ports.complement.complement == ports)
        #expect(IntervalSet<UInt16>.all.complement.isEmpty)
        #expect(IntervalSet<UInt16>([]).complement == .all)
        #expect(ports.intersection(IntervalSet([90...443])).intervals == [90...100, 443...443])
    }

    @Test func `blocks of addresses are intervals of one family`() throws {
        let block = try #require(AddressBlock("10.0.0.0/8"))
        let host = try #require(AddressBlock("2001:db8::1"))
        let set = AddressSet([block, host])
        let cases = [
            ("10.255.255.255", true), ("11.0.0.0", false), ("::ffff:10.0.0.1", false), ("2001:db8::1", true),
            ("2001:db8::2", false), ("9.255.255.255", false),
        ]
        for (text, isMember) in cases {
            let address = try #require(IPAddress(text))
            #expect(set.contains(address) == isMember, "\(text)")
        }
        #expect(set.complement.complement == set)
        #expect(AddressSet([block]).description == "10.0.0.0/8")
        #expect(AddressSet([block]).complement.description == "any except 10.0.0.0/8")
        let all4 = try #require(AddressBlock("0.0.0.0/0"))
        let all6 = try #require(AddressBlock("::/0"))
        #expect(AddressSet([all4, all6]) == .all)
    }
}
