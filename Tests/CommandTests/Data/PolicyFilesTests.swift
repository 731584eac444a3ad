import Foundation
import Testing

@testable import lapwing

/// A directory of policies is read whole or not at all.
@Suite(.timeLimit(.minutes(5))) struct PolicyFilesTests {
    private static func write(_ text: String, to path: String, in directory: TemporaryDirectory) throws {
        let folder = URL(fileURLWithPath: directory.path + "/" + path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        _ = try directory.write(text, to: path)
    }

    @Test func `the policies of a directory and its folders are read by their path`() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: CommandError.self) { try PolicyFiles.read(directory.path + "/none") }
        #expect(throws: CommandError.self) { try PolicyFiles.read(directory.path) }
        try Self.write("{}", to: "roles/a/policy-1.json", in: directory)
        try Self.write("[]", to: "b.json", in: directory)
        try Self.write("text", to: "roles/a/README", in: directory)
        let files = try PolicyFiles.read(directory.path)
        #expect(files == ["roles/a/policy-1.json": Array("{}".utf8), "b.json": Array("[]".utf8)])
    }

    @Test func `what is there and is not read is an error`() throws {
        let directory = try TemporaryDirectory()
        try Self.write("{}", to: "policies/roles/a/policy-1.json", in: directory)
        try Self.write("{}", to: "elsewhere/policy-1.json", in: directory)
        let place = directory.path + "/policies"
        let manager = FileManager.default
        #expect(try PolicyFiles.read(place).count == 1)
        // Its policies would be left out.
        try manager.createSymbolicLink(atPath: place + "/roles/b", withDestinationPath: directory.path + "/elsewhere")
        #expect { try PolicyFiles.read(place) } throws: { "\($0)".contains("roles/b") }
        try manager.removeItem(atPath: place + "/roles/b")
        // A link to a file is its file, and one that leads nowhere cannot be read.
        let linked = place + "/roles/a/policy-2.json"
        try manager.createSymbolicLink(atPath: linked, withDestinationPath: directory.path + "/elsewhere/policy-1.json")
        #expect(try PolicyFiles.read(place).count == 2)
        try manager.removeItem(atPath: directory.path + "/elsewhere/policy-1.json")
        #expect { try PolicyFiles.read(place) } throws: { "\($0)".contains("policy-2.json") }
        try manager.removeItem(atPath: linked)
        try Self.write(
            String(repeating: " ", count: (4 << 20) + 1),
            to: "policies/large.json",
            in: directory
        )
        #expect { try PolicyFiles.read(place) } throws: { "\($0)".contains("large.json") }
    }
}
