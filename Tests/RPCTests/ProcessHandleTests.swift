import Foundation
import Testing

@testable import RPC

@Suite struct `A process that is held` {
    @Test func `runs until it ends, whether or not it was collected`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/cat")
        process.standardInput = Pipe()
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let handle = try #require(ProcessHandle(pid: process.processIdentifier))
        #expect(handle.isRunning)
        #expect(handle.origin == .number)
        process.terminate()
        process.waitUntilExit()
        #expect(!handle.isRunning)
    }

    @Test func `does not exist where there is no such process`() {
        #expect(ProcessHandle(pid: 0x3FFF_FFFF) == nil)
        #expect(ProcessHandle(pid: -1) == nil)
    }
}
