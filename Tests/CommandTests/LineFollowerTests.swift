import Foundation
import Glibc
import Monitoring
import Testing

@testable import lapwing

/// How logs of others are followed over rotations and restarts.
@Suite(.timeLimit(.minutes(5))) struct LineFollowerTests {
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.path + "/follow-\(UUID().uuidString)"
        var file: String { path + "/flow.log" }

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func append(_ text: String) throws {
            if !FileManager.default.fileExists(atPath: file) {
                try #require(FileManager.default.createFile(atPath: file, contents: nil))
            }
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        }

        func rotate() throws { try FileManager.default.moveItem(atPath: file, toPath: file + ".1") }
    }

    /// The lines that a follower has to tell of within a few calls, each with its index.
    private static func read(_ follower: inout LineFollower) -> [String] {
        (0..<4).flatMap { _ in follower.records().map { "\($0.index) \(String(decoding: $0.bytes, as: UTF8.self))" } }
    }

    @Test func `what a rotated file still has is read before the new one`() throws {
        let folder = try Folder()
        try folder.append("a\n")
        var follower = LineFollower(file: folder.file, of: .flow, at: nil, after: 0)
        #expect(Self.read(&follower) == ["0 a"])
        try folder.append("b\nc\n")
        try folder.rotate()
        try folder.append("d\n")
        #expect(Self.read(&follower) == ["1 b", "2 c", "3 d"])
    }

    @Test func `a restart finds the rotated file and goes on where it was`() throws {
        let folder = try Folder()
        try folder.append("a\nb")
        var follower = LineFollower(file: folder.file, of: .flow, at: nil, after: 0)
        #expect(Self.read(&follower) == ["0 a"])
        let kept = follower.position
        #expect(kept.offset == 2 && kept.record == 1)
        try folder.append("\nc\n")
        try folder.rotate()
        try folder.append("d\n")
        var next = LineFollower(file: folder.file, of: .flow, at: kept, after: 1)
        #expect(Self.read(&next) == ["1 b", "2 c", "3 d"])
    }

    @Test func `a monitor that lost its state reads the log again, and is told what is gone`() throws {
        let folder = try Folder()
        try folder.append("a\nb\n")
        var follower = LineFollower(file: folder.file, of: .flow, at: nil, after: 0)
        _ = Self.read(&follower)
        var (again, first) = LineFollower.fromTheBeginning(folder.file, of: .flow, last: follower.position)
        #expect(first == 0 && Self.read(&again) == ["0 a", "1 b"])
        try folder.rotate()
        try folder.append("c\n")
        _ = Self.read(&follower)
        (again, first) = LineFollower.fromTheBeginning(folder.file, of: .flow, last: follower.position)
        #expect(first == 2 && Self.read(&again) == ["2 c"])
    }

    @Test func `a file that is not there, or is none, is told of once until it is`() throws {
        let folder = try Folder()
        var follower = LineFollower(file: folder.file, of: .flow, at: nil, after: 0)
        #expect(Self.read(&follower).isEmpty)
        #expect(follower.takeProblem()?.contains("flow.log` is not there") == true)
        #expect(Self.read(&follower).isEmpty && follower.takeProblem() == nil)
        try folder.append("a\n")
        #expect(Self.read(&follower) == ["0 a"] && follower.takeProblem() == nil)
        var none = LineFollower(file: folder.path, of: .flow, at: nil, after: 0)
        #expect(Self.read(&none).isEmpty && none.takeProblem() != nil && none.takeProblem() == nil)
    }

    @Test func `a file whose length cannot be read is told of once, and was not cut short`() throws {
        let folder = try Folder()
        // A pipe can be opened, and nobody can go to its end.
        let made = unsafe mkfifo(folder.file, 0o600)
        try #require(made == 0)
        let writer = unsafe Glibc.open(folder.file, O_RDWR | O_CLOEXEC)
        try #require(writer >= 0)
        defer { _ = Glibc.close(writer) }
        let identity = try FileManager.default.attributesOfItem(atPath: folder.file)[.systemFileNumber] as? NSNumber
        let position = LineFollower.Position(identity: identity?.uint64Value, offset: 5, record: 3, start: 0)
        var follower = LineFollower(file: folder.file, of: .flow, at: position, after: 3)
        #expect(Self.read(&follower).isEmpty && follower.position == position)
        #expect(follower.takeProblem()?.contains("cannot be read") == true && follower.takeProblem() == nil)
    }

    @Test func `a file that is gone after a restart is told of once, and the new one is read`() throws {
        let folder = try Folder()
        try folder.append("a\nb\n")
        var follower = LineFollower(file: folder.file, of: .flow, at: nil, after: 0)
        #expect(Self.read(&follower) == ["0 a", "1 b"])
        try folder.rotate()
        try folder.append("c\n")
        try FileManager.default.removeItem(atPath: folder.file + ".1")
        var next = LineFollower(file: folder.file, of: .flow, at: follower.position, after: 2)
        #expect(Self.read(&next) == ["2 c"])
        #expect(next.takeProblem()?.contains("is gone") == true)
        #expect(Self.read(&next).isEmpty && next.takeProblem() == nil)
    }
}
