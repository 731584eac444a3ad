import Testing

@testable import ModelTrust

@Suite struct HDF5ScannerTests {
    /// A file of the oldest form, with a root group of version 1 whose header holds the given messages.
    private func file(_ messages: [(type: UInt16, data: [UInt8])], more: [UInt8] = []) -> [UInt8] {
        var body: [UInt8] = []
        for message in messages {
            let data = message.data + [UInt8](repeating: 0, count: (8 - message.data.count % 8) % 8)
            body += .little(message.type) + .little(UInt16(data.count)) + [0, 0, 0, 0] + data
        }
        let header: [UInt8] =
            [1, 0] + .little(UInt16(messages.count)) + .little(UInt32(1)) + .little(UInt32(body.count)) + [0, 0, 0, 0]
        let size = 96 + header.count + body.count + more.count
        var superblock =
            HDF5Scanner.signature + [0, 0, 0, 0, 0, 8, 8, 0] + .little(UInt16(4)) + .little(UInt16(16))
            + .little(UInt32(0))
        superblock += .little(UInt64(0)) + .little(UInt64.max) + .little(UInt64(size)) + .little(UInt64.max)
        superblock += .little(UInt64(0)) + .little(UInt64(96)) + [UInt8](repeating: 0, count: 24)
        return superblock + header + body + more
    }

    private func attribute(_ name: String, _ text: String) -> (type: UInt16, data: [UInt8]) {
        let bytes = Array(text.utf8)
        let type: [UInt8] = [0x13, 0, 0, 0] + .little(UInt32(bytes.count))
        let space: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
        let named = Array(name.utf8) + [0]
        let padded = named + [UInt8](repeating: 0, count: (8 - named.count % 8) % 8)
        return (
            0x0C,
            [1, 0] + .little(UInt16(named.count)) + .little(UInt16(type.count)) + .little(UInt16(space.count)) + padded
                + type + space + bytes
        )
    }

    private let dense =
        #"{"class_name":"Sequential","config":{"layers":[{"class_name":"Dense","config":{"units":1}}]}}"#
    private let lambda = #"{"class_name":"Sequential","config":{"layers":[{"class_name":"Lambda","config":{}}]}}"#

    @Test func `a file whose objects are all read is proven`() {
        #expect(ScanProbe.scan(HDF5Scanner.signature).findings == [])
        #expect(ScanProbe.scan(file([])).findings == [])
        #expect(
            ScanProbe.scan(file([attribute("keras_version", "2.4.0"), attribute("model_config", dense)])).findings == []
        )
    }

    @Test func `a Lambda layer in the model's configuration is unsafe`() {
        #expect(ScanProbe.verdict(file([attribute("model_config", lambda)])) == .unsafe)
        #expect(ScanProbe.verdict(file([attribute("something", lambda)])) == .unsafe)
    }

    @Test func `other files, plug-ins and pickles are refused`() {
        #expect(ScanProbe.verdict(file([(0x07, [1, 0, 0, 0])])) == .unsafe)
        let link: [UInt8] = [1, 8, 64, 1, UInt8(ascii: "x"), 3, 0, 0, UInt8(ascii: "a"), 0]
        #expect(ScanProbe.verdict(file([(0x06, link)])) == .unsafe)
        #expect(ScanProbe.verdict(file([(0x08, [4, 3, 0, 0, 0, 0, 0, 0])])) == .unsafe)
        let filter: [UInt8] =
            [2, 1] + .little(UInt16(32_001)) + .little(UInt16(0)) + .little(UInt16(0)) + .little(UInt16(0))
        #expect(ScanProbe.verdict(file([(0x0B, filter)])) == .notProven)
        #expect(ScanProbe.verdict(file([attribute("data", "(lp0\n.")])) == .notProven)
        #expect(ScanProbe.verdict(file([attribute("model_config", "not JSON")])) == .notProven)
    }

    @Test func `what is not understood, and what follows the file, is not proven`() {
        let whole = file([attribute("model_config", dense)])
        #expect(ScanProbe.verdict(whole + [0]) == .notProven)
        #expect(ScanProbe.verdict(whole.dropLast(1)) == .notProven)
        #expect(ScanProbe.verdict(file([(0x77, [0])])) == .notProven)
        #expect(ScanProbe.verdict(file([(0x10, .little(UInt64(96)) + .little(UInt64(64)))])) == .notProven)
        var version = whole
        version[8] = 9
        #expect(ScanProbe.verdict(version) == .notProven)
    }

    @Test func `a changed file never stops the scanner`() {
        ScanProbe.mutate(file([attribute("model_config", dense), attribute("x", "y")]), seed: 40) {
            _ = ScanProbe.verdict($0)
        }
    }

    /// Many strings that are one and the same take as long to look through as if each were its own.
    @Test func `a string that an attribute names many times is paid for each time`() {
        func many(_ count: Int, length: Int) -> [UInt8] {
            let named = Array("labels".utf8) + [0, 0]
            let type: [UInt8] = [0x19, 1, 0, 0] + .little(UInt32(16)) + [UInt8](repeating: 0, count: 8)
            let space: [UInt8] = [1, 1, 0, 0, 0, 0, 0, 0] + .little(UInt64(count))
            let begin =
                [1, 0] + .little(UInt16(7)) + .little(UInt16(type.count)) + .little(UInt16(space.count)) + named
                + type + space
            let heap = UInt64(96 + 16 + 8 + begin.count + 16 * count)
            let reference: [UInt8] = .little(UInt32(length)) + .little(heap) + .little(UInt32(1))
            let text = [UInt8](repeating: UInt8(ascii: "x"), count: length)
            var collection: [UInt8] = Array("GCOL".utf8) + [1, 0, 0, 0] + .little(UInt64(16 + 16 + length))
            collection += .little(UInt16(1)) + [1, 0, 0, 0, 0, 0] + .little(UInt64(length)) + text
            return file([(0x0C, begin + [[UInt8]](repeating: reference, count: count).joined())], more: collection)
        }
        func rules(_ bytes: [UInt8], steps: Int) -> [String] {
            let context = ScanContext(budget: ScanBudget(steps: steps))
            context.scan(ScanInput(path: "model.h5", bytes: bytes))
            return context.findings.map(\.rule)
        }
        #expect(!rules(many(2, length: 64_000), steps: 100_000).contains("limit-steps"))
        #expect(rules(many(500, length: 64_000), steps: 100_000).contains("limit-steps"))
    }
}
