import Testing

@testable import lapwing

@Suite("Safetensors files", .timeLimit(.minutes(5)))
struct SafetensorsFileTests {
    /// A file with this header, the length in front, and so many bytes of data.
    private func file(_ header: String, data: Int) -> [UInt8] {
        let length = UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + header.utf8
            + [UInt8](repeating: 0x3C, count: data)
    }

    @Test func `A file is read whole`() throws {
        let header = #"{"__metadata__":{"a":"b"},"x":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}}   "#
        let read = try SafetensorsFile(file(header, data: 4))
        #expect(read.metadata == ["a": "b"])
        #expect(try read.floats("x", shape: [2, 1]) == [1.0586, 1.0586].map { Float(Float16($0)) })
        #expect(throws: SafetensorsError.self) { try read.floats("x", shape: [1, 2]) }
        #expect(throws: SafetensorsError.self) { try read.integers("x") }
        #expect(throws: SafetensorsError.self) { try read.floats("y", shape: [2, 1]) }
    }

    @Test(arguments: [
        (
            "two tensors that overlap",
            #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
            4
        ),
        ("a gap before a tensor", #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}"#, 4),
        ("bytes behind the last tensor", #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, 5),
        ("a tensor that ends behind the file", #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, 3),
        ("a shape that does not fit", #"{"a":{"dtype":"U16","shape":[4],"data_offsets":[0,4]}}"#, 4),
        ("a shape that overflows", #"{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0),
        (
            "the same tensor twice",
            #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
            0
        ),
        ("the same key twice", #"{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#, 0),
        ("an unknown key", #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"code":"x"}}"#, 0),
        ("an unknown type", #"{"a":{"dtype":"PICKLE","shape":[0],"data_offsets":[0,0]}}"#, 0),
        ("offsets that run backwards", #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[4,0]}}"#, 4),
        ("an escape in a name", #"{"\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#, 0),
        ("a number in another notation", #"{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}"#, 1),
        ("a negative extent", #"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, 1),
        (
            "a number too long for any file",
            #"{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,1]}}"#, 1
        ),
        ("too many dimensions", #"{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}"#, 1),
        ("bytes behind the header's object", #"{} x"#, 0),
        ("no object", #"[]"#, 0),
        ("an object that does not end", #"{"a":{"dtype":"U8""#, 0),
    ])
    func `A file that can be read in two ways is refused`(what: String, header: String, data: Int) {
        #expect(throws: SafetensorsError.self, "\(what)") { try SafetensorsFile(file(header, data: data)) }
    }

    @Test(
        arguments: [[], [1, 2, 3], [255, 255, 255, 255, 255, 255, 255, 255], [200, 0, 0, 0, 0, 0, 0, 0, 123]]
            as [[UInt8]]
    )
    func `A header length out of range is refused`(bytes: [UInt8]) {
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(bytes) }
    }

    @Test func `No prefix of the model and no model with a broken header loads`() throws {
        let model = PackageResources.model_safetensors
        for length in 0..<1024 {
            #expect(throws: SafetensorsError.self) { try SafetensorsFile(Array(model[..<length])) }
        }
        // A changed header may still be well formed; it never traps.
        for index in 0..<700 {
            var changed = model
            changed[index] ^= 1
            _ = try? TicketModel(changed)
        }
    }
}
