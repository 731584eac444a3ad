import Foundation
import Testing

@testable import lapwing

@Suite(.timeLimit(.minutes(5))) struct CommandEnvironmentTests {
    private static let own = [
        "PATH": "/root/bin", "HOME": "/root", "USER": "root", "LANG": "C.UTF-8", "LC_TIME": "de", "TERM": "dumb",
        "AWS_SECRET_ACCESS_KEY": "secret", "LD_PRELOAD": "/tmp/x.so", "CUDA_HOME": "/cuda", "CUDA_DEVICE": "1",
    ]

    @Test func `a command has its user's environment, and what was named`() throws {
        let nobody = try SystemUser(named: "nobody")
        let plain = try CommandEnvironment.of(nobody, keeping: [], from: Self.own)
        #expect(plain["USER"] == "nobody" && plain["LOGNAME"] == "nobody" && plain["HOME"] == nobody.home)
        #expect(plain["PATH"] == "/usr/local/bin:/usr/bin:/bin")
        #expect(plain["LANG"] == "C.UTF-8" && plain["LC_TIME"] == "de" && plain["TERM"] == "dumb")
        #expect(!plain.keys.contains { $0.hasPrefix("AWS") || $0.hasPrefix("LD_") || $0.hasPrefix("CUDA") })
        let kept = try CommandEnvironment.of(nobody, keeping: ["CUDA_*", "AWS_SECRET_ACCESS_KEY"], from: Self.own)
        #expect(kept["CUDA_HOME"] == "/cuda" && kept["CUDA_DEVICE"] == "1" && kept["AWS_SECRET_ACCESS_KEY"] == "secret")
        #expect(kept["LD_PRELOAD"] == nil)
    }

    @Test(arguments: ["", "A=b", "NOT_THERE"])
    func `a name that is none is refused`(name: String) throws {
        let nobody = try SystemUser(named: "nobody")
        #expect(throws: CommandError.self) { try CommandEnvironment.of(nobody, keeping: [name], from: Self.own) }
    }
}
