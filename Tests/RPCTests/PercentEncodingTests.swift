import Testing

@testable import RPC

@Suite(.timeLimit(.minutes(5))) struct `The encoding of grpc-message` {
    @Test(arguments: [
        ("", ""), ("plain words, and ~!", "plain words, and ~!"), ("100 %", "100 %25"), ("a\nb", "a%0Ab"),
        ("ä", "%C3%A4"), ("日", "%E6%97%A5"), ("\u{7F}\0", "%7F%00"), ("%41", "%2541"),
    ])
    func `goes there and back`(_ text: String, _ encoded: String) {
        #expect(PercentEncoding.encode(text) == encoded)
        #expect(PercentEncoding.decode(encoded) == text)
    }

    @Test(arguments: [("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%c3%a4", "ä"), ("%41%", "A%"), ("%ff", "\u{FFFD}")])
    func `keeps what is not well encoded`(_ encoded: String, _ text: String) {
        #expect(PercentEncoding.decode(encoded) == text)
    }
}
