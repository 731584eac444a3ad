import Foundation
import SPIFFE
import Testing

@Suite struct Base64Tests {
    @Test(
        arguments: [
            ("", []), ("AA==", [0]), ("/w==", [255]), ("AAE=", [0, 1]), ("AAEC", [0, 1, 2]), ("+/+/", [251, 255, 191]),
            ("Zm9vYmE=", Array("fooba".utf8)),
        ] as [(String, [UInt8])]
    )
    func `what is base64 is decoded`(text: String, bytes: [UInt8]) {
        #expect(Base64.decode(text) == bytes)
        #expect(Base64.encode(bytes) == text)
    }

    @Test(arguments: [
        "A", "AA", "AAA", "AA=", "A===", "====", "AB==", "AAF=", "AA==AAAA", "AA=A", "A A=", "AAA\n", "AA-_", "ÄAA",
        "AAAA====",
        "AAAA=", "=AAA",
    ])
    func `what only a lenient reader takes is not`(text: String) { #expect(Base64.decode(text) == nil) }

    @Test func `of random texts it takes what comes out again the same, and nothing else`() {
        let alphabet = Array("ABab01+/=- \n")
        for _ in 0..<20_000 {
            let text = String((0..<Int.random(in: 0...9)).map { _ in alphabet.randomElement() ?? "A" })
            let lenient = Data(base64Encoded: text).map(Array.init)
            let strict = lenient.flatMap { Base64.encode($0) == text ? $0 : nil }
            #expect(Base64.decode(text) == strict, "\(text)")
        }
    }
}
