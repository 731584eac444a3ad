import Testing

@testable import lapwing

@Suite(.timeLimit(.minutes(5))) struct ConsoleReadersTests {
    @Test func `a caller has two live pages, and all together eight`() {
        let readers = ConsoleReaders<String>(maximum: 8, perCaller: 2)
        #expect(readers.enter("a"))
        #expect(readers.enter("a"))
        #expect(!readers.enter("a"))
        for caller in ["b", "c", "d"] {
            #expect(readers.enter(caller))
            #expect(readers.enter(caller))
        }
        #expect(!readers.enter("e"))
        readers.leave("a")
        #expect(readers.enter("e"))
        #expect(!readers.enter("a"))
    }
}
