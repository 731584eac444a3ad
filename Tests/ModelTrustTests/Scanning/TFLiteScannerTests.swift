import Foundation
import Testing

@testable import ModelTrust

@Suite struct TFLiteScannerTests {
    /// `y = x + w` of four numbers each, as the schema's builder writes it.
    private static let model: [UInt8] = Array(
        Data(
            base64Encoded: """
                CAAAAFRGTDPe////QAEAAHQBAAAMAAAAGAEAAAMAAAABAAAAFAAAAAAADgAYABQAEAAMAAgABAAOAAAAFAAAACwAAAAYAAAAHAAAAGQA\
                AAAEAAAAbWFpbgAAAAABAAAAAgAAAAEAAAAAAAAAAQAAABQAAAAAAA4AFAAAABAADAALAAQADgAAABAAAAAAAAALDAAAABAAAAAw////\
                AQAAAAIAAAACAAAAAAAAAAEAAAADAAAAYAAAADAAAAAEAAAAuP///xAAAAAEAAAAAQAAAAQAAAABAAAAeQAAAAwAEAAMAAAACAAEAAwA\
                AAAUAAAAAQAAAAQAAAABAAAABAAAAAEAAAB3AAAADAAMAAgAAAAAAAQADAAAABAAAAAEAAAAAQAAAAQAAAABAAAAeAAAAAEAAAAQAAAA\
                AAAKAAgAAAAAAAQACgAAAAEAAAACAAAAHAAAAAwAAAAAAAYACAAEAAYAAAAMAAAABAAEAAQAAAAQAAAAAAECAwQFBgcICQoLDA0ODwEA\
                AABtAAAA
                """
        ) ?? Data()
    )

    /// The same model with other bytes in the place of some.
    private static func changed(_ place: Int, _ bytes: [UInt8]) -> [UInt8] {
        var copy = model
        copy.replaceSubrange(place..<(place + bytes.count), with: bytes)
        return copy
    }

    /// Where a little-endian number of 32 bits stands first, behind an offset.
    private static func place(of words: [UInt32], from start: Int = 0) -> Int {
        let wanted = words.flatMap { [UInt8].little($0) }
        return (start..<(model.count - wanted.count)).first { model[$0...].starts(with: wanted) } ?? 0
    }

    @Test func `a graph of the runtime's own operators is proven`() {
        let context = ScanProbe.scan(Self.model)
        #expect(context.findings == [])
        #expect(context.formats.map(\.format) == ["tflite"])
    }

    @Test func `bytes that belong to nothing are not proven`() {
        #expect(ScanProbe.rules(Self.model + [UInt8](repeating: 7, count: 100)).contains("trailing-bytes"))
        #expect(ScanProbe.verdict(Self.model + PickleBuilder.command + [UInt8](repeating: 0, count: 64)) != .proven)
    }

    @Test func `what a model names lies within it`() {
        // The inputs of the operator are the tensors 0 and 1.
        let inputs = Self.place(of: [2, 0, 1]) + 8
        #expect(ScanProbe.rules(Self.changed(inputs, .little(UInt32(3)))).contains("tflite-model"))
        // The buffer has 16 bytes, and the shape of the tensor `w` is 4 of 4 bytes.
        let shape = Self.place(of: [1, 4, 1, 0x77]) + 4
        #expect(ScanProbe.rules(Self.changed(shape, .little(UInt32(5)))).contains("tflite-model"))
        #expect(ScanProbe.rules(Self.changed(0, .little(UInt32(4_000)))).contains("flatbuffer"))
        #expect(ScanProbe.rules(Self.changed(8, .little(UInt32(0x7FFF_FFFF)))).contains("flatbuffer"))
    }

    /// The same sum by an operator that is called `FlexWriteFile`.
    private static let flex: [UInt8] = Array(
        Data(
            base64Encoded: """
                CAAAAFRGTDPe////YAEAAJQBAAAMAAAAGAEAAAMAAAABAAAAFAAAAAAADgAYABQAEAAMAAgABAAOAAAAFAAAACwAAAAYAAAAHAAA\
                AGQAAAAEAAAAbWFpbgAAAAABAAAAAgAAAAEAAAAAAAAAAQAAABQAAAAAAA4AFAAAABAADAALAAQADgAAABAAAAAAAAALDAAAABAA\
                AAAQ////AQAAAAIAAAACAAAAAAAAAAEAAAADAAAAYAAAADAAAAAEAAAAuP///xAAAAAEAAAAAQAAAAQAAAABAAAAeQAAAAwAEAAM\
                AAAACAAEAAwAAAAUAAAAAQAAAAQAAAABAAAABAAAAAEAAAB3AAAADAAMAAgAAAAAAAQADAAAABAAAAAEAAAAAQAAAAQAAAABAAAA\
                eAAAAAEAAAAQAAAADAAUABMABAAMAAgADAAAABAAAAAgAAAAAQAAAAAAACANAAAARmxleFdyaXRlRmlsZQAAAAIAAAAcAAAADAAA\
                AAAABgAIAAQABgAAAAwAAAAEAAQABAAAABAAAAAAAQIDBAUGBwgJCgsMDQ4PAQAAAG0AAAA=
                """
        ) ?? Data()
    )

    @Test func `an operator that is called by a name is not proven`() throws {
        #expect(ScanProbe.verdict(Self.flex) == .unsafe)
        let name = Array("FlexWriteFile".utf8)
        let place = try #require(Self.flex.indices.first { Self.flex[$0...].starts(with: name) })
        var other = Self.flex
        other.replaceSubrange(place..<(place + 4), with: "Mine".utf8)
        #expect(ScanProbe.verdict(other) == .notProven)
        #expect(ScanProbe.rules(other) == ["tflite-operator"])
    }

    @Test func `a shape of nearly as many bits as can be counted is none`() {
        // The tensor `w` lies before its shape, and its layout before it: without its name, it has room for its type.
        let shape = Self.place(of: [1, 4, 1, 0x77])
        var bytes = Self.changed(shape - 22, [4, 0, 8, 0, 0, 0])
        bytes.replaceSubrange(shape - 12..<shape - 8, with: [UInt8].little(UInt32(17)))
        bytes.replaceSubrange(shape - 4..<shape, with: [UInt8].little(UInt32(bytes.count - shape + 4)))
        // 2^64 - 4 bits.
        bytes += [3, 3, 715_827_883, 2_147_483_647].flatMap { [UInt8].little(UInt32($0)) }
        let findings = ScanProbe.scan(bytes).findings
        #expect(findings.map(\.message) == ["a tensor's bytes are not those of its shape"])
    }

    @Test func `tables that lie far apart cost no more than reading them`() throws {
        // The vector of operator codes leads by turns to a table behind it and to one at the end.
        let (count, gap) = (20_000, 1 << 20)
        var bytes = [UInt8].little(UInt32(16)) + Array("TFL3".utf8)
        // The model: the layout of a table with two fields, the version, the vector.
        bytes += [8, 0, 12, 0, 4, 0, 8, 0] + [8, 3, 4, UInt32(count)].flatMap { [UInt8].little($0) }
        let tables = bytes.count + 4 * count + 4
        for index in 0..<count {
            let target = index.isMultiple(of: 2) ? tables : tables + gap
            bytes += [UInt8].little(UInt32(target - bytes.count))
        }
        let table: [UInt8] = [4, 0, 4, 0, 4, 0, 0, 0]
        bytes += table + [UInt8](repeating: 0, count: gap - table.count) + table
        let read = Counter()
        let input = ScanInput(path: "m.tflite", size: UInt64(bytes.count)) { offset, count in
            read.count += count
            return Array(bytes[Int(offset)..<min(Int(offset) + count, bytes.count)])
        }
        let context = ScanContext()
        try? TFLiteScanner.scan(input, context)
        #expect(read.count > count && read.count < 4 * 1_024 * count)
    }

    private final class Counter { var count = 0 }

    @Test func `a changed model never stops the scanner`() {
        ScanProbe.mutate(Self.model, rounds: 600, seed: 77) { _ = ScanProbe.verdict($0) }
    }
}
