import Testing

@testable import SPIFFE

@Suite struct `Strict JSON` {
    @Test(arguments: [
        ("null", StrictJSON.null), (" true ", .bool(true)), ("false", .bool(false)), ("0", .integer(0)),
        ("-12", .integer(-12)), ("1.5", .number("1.5")), ("1e3", .number("1e3")), ("\"\"", .string("")),
        (#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#, .string("\"\\/\u{8}\u{c}\n\r\té😀")), ("[]", .array([])),
        ("[1,[2]]", .array([.integer(1), .array([.integer(2)])])), ("{}", .object([:])),
        (#"{"a":{"b":[]}}"#, .object(["a": .object(["b": .array([])])])),
    ])
    func `reads what RFC 8259 allows`(text: String, value: StrictJSON) throws {
        #expect(try StrictJSON(Array(text.utf8)) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "truee", "01", "-", "+1", "1.", ".5", "1e", "0x1", "NaN", "'a'", "\"a", "\"\u{1}\"", #""\x""#,
        #""\u12""#, #""\u12g4""#, #""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, "[", "[1", "[1,]", "[,1]", "{",
        "{a:1}",
        #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1 "b":2}"#, #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":1}"#, "1 2", "[]]",
        "\u{feff}{}", "// a\n1",
    ])
    func `refuses everything else`(text: String) {
        #expect(throws: StrictJSON.Failure.self) { try StrictJSON(Array(text.utf8)) }
    }

    @Test func `refuses bytes that are not UTF-8 and nesting without end`() {
        #expect(throws: StrictJSON.Failure.self) { try StrictJSON([0x22, 0xff, 0x22]) }
        #expect(throws: StrictJSON.Failure.self) { try StrictJSON([0x22, 0xc0, 0x80, 0x22]) }
        #expect(throws: StrictJSON.Failure.self) { try StrictJSON(Array(String(repeating: "[", count: 17).utf8)) }
    }
}
