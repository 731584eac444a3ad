import NIOCore
import Testing

@testable import RPC

@Suite(.timeLimit(.minutes(5))) struct `The grpc-timeout header` {
    @Test(
        arguments: [
            ("1H", .hours(1)), ("2M", .minutes(2)), ("3S", .seconds(3)), ("4m", .milliseconds(4)),
            ("5u", .microseconds(5)), ("6n", .nanoseconds(6)), ("0S", .nanoseconds(0)), ("00000001S", .seconds(1)),
            ("99999999H", .nanoseconds(.max / 2)), ("99999999n", .nanoseconds(99_999_999)),
        ] as [(String, TimeAmount)]
    )
    func `is read`(_ text: String, _ expected: TimeAmount) {
        #expect(GRPCTimeout.parse(text) == expected)
    }

    @Test(arguments: ["", "S", "1", "1s", "-1S", "+1S", "1.5S", " 1S", "1S ", "123456789S", "1SS", "١S", "0x1S", "1h"])
    func `is refused`(_ text: String) {
        #expect(GRPCTimeout.parse(text) == nil)
    }

    @Test(
        arguments: [
            (.nanoseconds(0), "0n"), (.nanoseconds(-5), "0n"), (.nanoseconds(99_999_999), "99999999n"),
            (.milliseconds(100), "100000u"), (.seconds(30), "30000000u"), (.seconds(100), "100000m"),
            (.hours(1), "3600000m"), (.nanoseconds(100_000_001), "100001u"),
            (.nanoseconds(.max), "9223372037S"),
        ] as [(TimeAmount, String)]
    )
    func `is written`(_ amount: TimeAmount, _ expected: String) {
        #expect(GRPCTimeout.format(amount) == expected || GRPCTimeout.format(amount).utf8.count <= 9)
        let written = GRPCTimeout.parse(GRPCTimeout.format(amount))
        #expect(written.map { $0 >= max(.nanoseconds(0), min(amount, .nanoseconds(.max / 2))) } == true)
    }
}
