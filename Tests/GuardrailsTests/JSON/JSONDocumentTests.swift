import Foundation
import Testing

@testable import Guardrails

@Suite struct JSONDocumentTests {
    @Test(arguments: [
        "null", "true", " false ", "0", "-0", "1.5e-3", "\"\"", "[]", "{}", "[1,2,[3]]", "{\"a\":{\"b\":[]}}",
        "\"\\ud83d\\ude00\"", "\"é\"", "\n\t\r [ ] ", "\"\\u0000\"", "123456789012345678901234567890",
    ])
    func `a text is read`(_ text: String) throws {
        _ = try JSONDocument(text)
    }

    struct Broken: CustomStringConvertible, Sendable {
        let text: [UInt8]
        let code: JSONFailure.Code
        let offset: Int
        var path = ""

        init(_ text: String, _ code: JSONFailure.Code, at offset: Int, in path: String = "") {
            (self.text, self.code, self.offset, self.path) = (Array(text.utf8), code, offset, path)
        }

        init(_ text: [UInt8], _ code: JSONFailure.Code, at offset: Int, in path: String = "") {
            (self.text, self.code, self.offset, self.path) = (text, code, offset, path)
        }

        var description: String { String(decoding: text, as: UTF8.self) }
    }

    @Test(arguments: [
        Broken("", .truncated, at: 0), Broken(" ", .truncated, at: 1), Broken("nul", .truncated, at: 3),
        Broken("nulL", .syntax, at: 3), Broken("01", .trailing, at: 1), Broken("1.", .truncated, at: 2),
        Broken("-", .truncated, at: 1), Broken("+1", .syntax, at: 0), Broken(".5", .syntax, at: 0),
        Broken("1e", .truncated, at: 2), Broken("NaN", .syntax, at: 0), Broken("[1,]", .syntax, at: 3, in: "[1]"),
        Broken("[,1]", .syntax, at: 1, in: "[0]"), Broken("[1 2]", .syntax, at: 3, in: "[0]"),
        Broken("{\"a\":1,}", .syntax, at: 7, in: "a"), Broken("{a:1}", .syntax, at: 1),
        Broken("{\"a\" 1}", .syntax, at: 5, in: "a"), Broken("[1] x", .trailing, at: 4),
        Broken("{\"a\":1,\"a\":2}", .duplicateKey, at: 7, in: "a"),
        Broken("{\"a\":1,\"\\u0061\":2}", .duplicateKey, at: 7, in: "a"),
        Broken("{\"x\":[{},{\"k\":1,\"k\":1}]}", .duplicateKey, at: 16, in: "x[1].k"),
        Broken("\"\\ud800\"", .loneSurrogate, at: 1), Broken("\"\\udc00\\ud800\"", .loneSurrogate, at: 1),
        Broken("\"\\ud800\\u0041\"", .loneSurrogate, at: 1), Broken("\"\\x\"", .syntax, at: 1),
        Broken("\"\\u12g4\"", .syntax, at: 5), Broken("\"a\nb\"", .syntax, at: 2), Broken("\"abc", .truncated, at: 4),
        Broken([0x22, 0xFF, 0x22], .invalidUTF8, at: 1), Broken([0x22, 0xC0, 0x80, 0x22], .invalidUTF8, at: 1),
        Broken([0x22, 0xED, 0xA0, 0x80, 0x22], .invalidUTF8, at: 1),
        Broken([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], .invalidUTF8, at: 1),
        Broken([0x22, 0xE2, 0x82, 0x22], .invalidUTF8, at: 1), Broken([0xEF, 0xBB, 0xBF, 0x31], .syntax, at: 0),
        Broken("{\"messages\":[{\"content\":tru}]}", .syntax, at: 27, in: "messages[0].content"),
        Broken("1e1234567890", .tooLarge, at: 2), Broken("'a'", .syntax, at: 0), Broken("[1]//x", .trailing, at: 3),
    ])
    func `a broken text is refused where it is broken`(_ broken: Broken) {
        do {
            _ = try JSONDocument(broken.text)
            Issue.record("was read")
        } catch {
            #expect(error.code == broken.code)
            #expect(error.offset == broken.offset)
            #expect(error.path == broken.path)
        }
    }

    @Test func `limits hold`() throws {
        func code(_ text: String, _ limits: JSONLimits) -> JSONFailure.Code? {
            do {
                _ = try JSONDocument(text, limits: limits)
                return nil
            } catch { return error.code }
        }
        #expect(code("[[[]]]", JSONLimits(depth: 3)) == nil)
        #expect(code("[[[[]]]]", JSONLimits(depth: 3)) == .tooDeep)
        #expect(code(String(repeating: "[", count: 1_000_000), JSONLimits()) == .tooDeep)
        #expect(code("[1,2,3]", JSONLimits(values: 4)) == nil)
        #expect(code("[1,2,3,4]", JSONLimits(values: 4)) == .tooLarge)
        #expect(code("\"abcd\"", JSONLimits(stringBytes: 3)) == .tooLarge)
        #expect(code("{\"abcd\":1}", JSONLimits(keyBytes: 3)) == .tooLarge)
        #expect(code("12345", JSONLimits(numberBytes: 4)) == .tooLarge)
        #expect(code("  12345", JSONLimits(bytes: 4)) == .tooLarge)
        // A chosen set of keys costs no more than any other.
        let keys = (0..<20_000).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(code("{\(keys)}", JSONLimits()) == nil)
        #expect(code("{\(keys),\"k77\":0}", JSONLimits()) == .duplicateKey)
    }

    @Test func `values are found and decoded`() throws {
        let text = #"{"a":[1,{"b":"x\"\u00e9\ud83d\ude00\n"}],"c":true,"d":12345678901234567890,"e":1.50}"#
        let root = try JSONDocument(text).root
        #expect(root.count == 4)
        let inner = try #require(root["a"]?.elements.first { $0.kind == .object }?["b"])
        #expect(inner.string == "x\"é😀\n")
        #expect(inner.isEscaped)
        #expect(root["c"]?.bool == true)
        #expect(root["d"]?.integer == nil)
        #expect(root["d"]?.lexeme == "12345678901234567890")
        #expect(root["e"]?.number?.isInteger == false)
        #expect(root["missing"] == nil)
        // A run of the decoded text is found again in the bytes.
        let emoji = Array(text.utf8)[inner.range(ofDecoded: 4..<8)]
        #expect(String(decoding: emoji, as: UTF8.self) == #"\ud83d\ude00"#)
        let plain = try JSONDocument(#"["hello world"]"#).root.elements.first { _ in true }
        #expect(plain?.range(ofDecoded: 6..<11) == 8..<13)
        #expect(plain?.range(ofDecoded: 6..<99) == 8..<13)
    }

    @Test(arguments: [
        ("1", "1.0", true), ("100", "1e2", true), ("0.1", "1E-1", true), ("-0", "0", true), ("1", "2", false),
        ("12345678901234567890", "12345678901234567891", false), ("[1,2]", "[2,1]", false),
        (#"{"a":1,"b":2}"#, #"{"b":2.0,"a":1}"#, true), (#""a""#, #""\u0061""#, true), ("true", "1", false),
        (#"["1",2]"#, #"["1:2"]"#, false), ("null", "false", false), (#"{"a":{"b":[]}}"#, #"{"a":{"b":{}}}"#, false),
    ])
    func `equal is what means the same`(_ left: String, _ right: String, _ isEqual: Bool) throws {
        #expect((try JSONDocument(left).root == JSONDocument(right).root) == isEqual)
    }

    @Test(arguments: [
        ("1", "2"), ("-2", "-1"), ("-1", "0"), ("0", "1e-9"), ("9", "10"), ("1.5", "1.50001"), ("99e1", "1e3"),
        ("12345678901234567890", "12345678901234567891"), ("-1e400", "1e400"), ("1e399", "1e400"),
    ])
    func `numbers are compared to the last digit`(_ small: String, _ large: String) {
        let (a, b) = (JSONNumber(Array(small.utf8)[...]), JSONNumber(Array(large.utf8)[...]))
        #expect(a < b)
        #expect(!(b < a))
        #expect(a != b)
    }

    @Test(arguments: [
        ("9", "3", true), ("10", "3", false), ("0.0075", "0.0001", true), ("0.00751", "0.0001", false),
        ("1e308", "0.5", true), ("1e308", "0.123456789", false), ("4.5", "1.5", true), ("0", "7", true),
        ("340282366920938463463374607431768211455", "34028236692093846346337460743176821145", false),
        ("-9", "3", true), ("1e999999999", "7", false),
    ])
    func `multiples are exact`(_ number: String, _ divisor: String, _ expected: Bool) {
        let (a, b) = (JSONNumber(Array(number.utf8)[...]), JSONNumber(Array(divisor.utf8)[...]))
        #expect(a.isMultiple(of: b) == expected)
    }
}
