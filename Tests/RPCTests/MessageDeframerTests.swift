import NIOCore
import Testing

@testable import RPC

@Suite(.timeLimit(.minutes(5))) struct `Message deframer` {
    static let message: [UInt8] = [0, 0, 0, 0, 2, 7, 8]

    @Test func `a message split at every byte comes out whole`() throws {
        var deframer = MessageDeframer(maximumMessageSize: 100)
        for byte in Self.message {
            #expect(try deframer.next() == nil)
            deframer.append(ByteBuffer(bytes: [byte]))
        }
        #expect(try deframer.next() == ByteBuffer(bytes: [7, 8]))
        #expect(try deframer.next() == nil)
        #expect(deframer.bufferedBytes == 0)
    }

    @Test func `messages in one piece come out one by one`() throws {
        var deframer = MessageDeframer(maximumMessageSize: 100)
        deframer.append(ByteBuffer(bytes: Self.message + [0, 0, 0, 0, 0] + Self.message + [0, 0]))
        #expect(try deframer.next() == ByteBuffer(bytes: [7, 8]))
        #expect(try deframer.next() == ByteBuffer())
        #expect(try deframer.next() == ByteBuffer(bytes: [7, 8]))
        #expect(try deframer.next() == nil)
        #expect(deframer.bufferedBytes == 2)
    }

    @Test(
        arguments: [
            ([1, 0, 0, 0, 1, 0], .internalError), ([2], .internalError), ([255, 0, 0, 0, 0], .internalError),
            ([0, 0, 0, 0, 101], .resourceExhausted), ([0, 255, 255, 255, 255], .resourceExhausted),
        ] as [([UInt8], RPCStatus.Code)]
    )
    func `a bad prefix is refused before its message comes`(_ bytes: [UInt8], _ code: RPCStatus.Code) {
        var deframer = MessageDeframer(maximumMessageSize: 100)
        deframer.append(ByteBuffer(bytes: bytes))
        let status = #expect(throws: RPCStatus.self) { try deframer.next() }
        #expect(status?.code == code)
    }

    @Test func `the largest message is accepted`() throws {
        var deframer = MessageDeframer(maximumMessageSize: 100)
        deframer.append(ByteBuffer(bytes: [0, 0, 0, 0, 100] + [UInt8](repeating: 3, count: 100)))
        #expect(try deframer.next()?.readableBytes == 100)
    }

    /// What the whole of the bytes holds, read in the plainest way.
    private func oracle(_ bytes: [UInt8], maximum: Int) -> (messages: [[UInt8]], code: RPCStatus.Code?) {
        var messages: [[UInt8]] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 0 else { return (messages, .internalError) }
            guard index + 5 <= bytes.count else { break }
            let length = bytes[(index + 1)..<(index + 5)].reduce(0) { $0 << 8 | Int($1) }
            guard length <= maximum else { return (messages, .resourceExhausted) }
            guard index + 5 + length <= bytes.count else { break }
            messages.append(Array(bytes[(index + 5)..<(index + 5 + length)]))
            index += 5 + length
        }
        return (messages, nil)
    }

    @Test(arguments: 0..<8) func `any bytes in any pieces read as the oracle reads them`(_ seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        for _ in 0..<2_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let length = Int.random(in: 0...40, using: &random)
                bytes += [0, 0, 0, 0, UInt8(length)]
                bytes += (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            if !bytes.isEmpty, Bool.random(using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = [0, 1, 2, 255, bytes[index] ^ 1].randomElement(using: &random) ?? 0
            }
            let expected = self.oracle(bytes, maximum: 32)

            var deframer = MessageDeframer(maximumMessageSize: 32)
            var messages: [[UInt8]] = []
            var code: RPCStatus.Code?
            var rest = bytes[...]
            while code == nil {
                do throws(RPCStatus) {
                    while let message = try deframer.next() { messages.append(Array(message.readableBytesView)) }
                } catch {
                    code = error.code
                }
                guard !rest.isEmpty, code == nil else { break }
                let piece = rest.prefix(Int.random(in: 1...12, using: &random))
                rest = rest.dropFirst(piece.count)
                deframer.append(ByteBuffer(bytes: piece))
            }
            #expect(messages == expected.messages)
            #expect(code == expected.code)
        }
    }
}

/// A generator of the same numbers for the same seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
