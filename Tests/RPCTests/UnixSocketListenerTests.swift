import Foundation
import SwiftProtobuf
import Testing

@testable import RPC

@Suite(.timeLimit(.minutes(5))) struct `A Unix socket to listen on` {
    @Test(arguments: [0o600, 0o660, 0o666] as [UInt32]) func `has its mode from the start`(_ mode: UInt32) async throws
    {
        try await withTemporaryFolder { folder in
            let listener = try UnixSocketListener(path: "\(folder)/s", mode: mode)
            defer { close(listener.descriptor) }
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/s")
            #expect(attributes[.posixPermissions] as? Int == Int(mode))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["s"])
            listener.unlinkPath()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        }
    }

    @Test func `replaces one that nobody listens on`() async throws {
        try await withTemporaryFolder { folder in
            let stale = try UnixSocketListener(path: "\(folder)/s", mode: 0o600)
            close(stale.descriptor)
            let fresh = try UnixSocketListener(path: "\(folder)/s", mode: 0o600)
            // The old one no longer owns the name.
            stale.unlinkPath()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["s"])
            close(fresh.descriptor)
        }
    }

    @Test func `leaves one alone that somebody listens on`() async throws {
        try await withTemporaryFolder { folder in
            let first = try UnixSocketListener(path: "\(folder)/s", mode: 0o600)
            let error = #expect(throws: RPCBindError.self) {
                _ = try UnixSocketListener(path: "\(folder)/s", mode: 0o600)
            }
            #expect(error?.description == "cannot listen on `\(folder)/s`: somebody listens on it")
            close(first.descriptor)
        }
    }

    @Test func `does not take the name of a file`() async throws {
        try await withTemporaryFolder { folder in
            try Data("kept".utf8).write(to: URL(fileURLWithPath: "\(folder)/s"))
            #expect(throws: RPCBindError.self) { _ = try UnixSocketListener(path: "\(folder)/s", mode: 0o600) }
            #expect(try String(contentsOfFile: "\(folder)/s", encoding: .utf8) == "kept")
        }
    }

    @Test func `does not follow a link`() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/s", withDestinationPath: "\(folder)/t")
            #expect(throws: RPCBindError.self) { _ = try UnixSocketListener(path: "\(folder)/s", mode: 0o600) }
        }
    }

    @Test func `takes the longest path that can be connected to, and none longer`() async throws {
        try await withTemporaryFolder { folder in
            let longest =
                folder + "/"
                + String(repeating: "x", count: UnixSocketListener.maximumPathLength - folder.utf8.count - 1)
            let echo = EchoServer()
            try await echo.server.bind(unixSocket: longest)
            let client = try await RPCClient.connect(unixSocket: longest)
            let _: Text = try await client.unary("/test.Echo/Metadata", Text("x"))
            await client.close()
            await echo.server.drain(grace: .zero)
            #expect(throws: RPCBindError.self) { _ = try UnixSocketListener(path: longest + "x", mode: 0o600) }
        }
    }

    @Test(arguments: ["", "/nowhere/at/all/s", "a\0b"]) func `needs a place to be`(_ path: String) {
        #expect(throws: RPCBindError.self) { _ = try UnixSocketListener(path: path, mode: 0o600) }
    }

    @Test func `one of many who want it gets it`() async throws {
        try await withTemporaryFolder { folder in
            let winners = await withTaskGroup(of: Int32?.self) { group in
                for _ in 0..<20 {
                    group.addTask { try? UnixSocketListener(path: "\(folder)/s", mode: 0o600).descriptor }
                }
                return await group.reduce(into: [Int32]()) { if let descriptor = $1 { $0.append(descriptor) } }
            }
            #expect(winners.count == 1)
            for descriptor in winners { close(descriptor) }
        }
    }
}
