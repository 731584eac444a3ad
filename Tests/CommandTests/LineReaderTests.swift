import Foundation
import Glibc
import Testing

@testable import lapwing

/// What a scanner says, which may have been taken over by what it scans.
@Suite(.timeLimit(.minutes(5))) struct LineReaderTests {
    private func read(_ bytes: [UInt8], closing: Bool = true, times: Int = 1) throws -> [String] {
        let pipe = Pipe()
        DispatchQueue.global().async {
            // The reader may give up before all is written.
            try? pipe.fileHandleForWriting.write(contentsOf: Data(bytes))
            if closing { try? pipe.fileHandleForWriting.close() }
        }
        var reader = LineReader(descriptor: pipe.fileHandleForReading.fileDescriptor)
        return (0..<times).map { _ in
            switch reader.next(within: closing ? 20 : 0.2) {
            case .line(let line): String(decoding: line, as: UTF8.self)
            case .long: "(long)"
            case .late: "(late)"
            case .end: "(end)"
            }
        }
    }

    @Test func `lines come one by one, and then the end`() throws {
        #expect(try read(Array("one\ntwo\n\nrest".utf8), times: 4) == ["one", "two", "", "(end)"])
        #expect(try read(Array("one".utf8), closing: false, times: 1) == ["(late)"])
    }

    @Test func `a line that does not end is not waited for, nor kept`() throws {
        _ = signal(SIGPIPE, SIG_IGN)
        let endless = [UInt8](repeating: 0x61, count: LineReader.longest + (1 << 20))
        #expect(try read(endless) == ["(long)"])
    }
}
