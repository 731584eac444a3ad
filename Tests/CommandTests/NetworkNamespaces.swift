import Foundation
import Glibc
import Testing

/// Two network namespaces with a wire between them: one for workloads, one that plays the internet.
///
/// They are deleted with everything in them when this object goes, whatever the test did.
final class NetworkNamespaces {
    let workloads: String
    let internet: String

    /// Makes both.
    ///
    /// The internet has these addresses; the workloads reach all of them, and names lead where `hosts` says.
    init(addresses: [String], hosts: String) throws {
        let mark = "lw\(UInt32.random(in: 0 ... .max))"
        workloads = mark + "w"
        internet = mark + "i"
        try Self.ip("netns", "add", workloads)
        try Self.ip("netns", "add", internet)
        try Self.ip("link", "add", "w0", "netns", workloads, "type", "veth", "peer", "name", "i0", "netns", internet)
        for (namespace, link) in [(workloads, "w0"), (internet, "i0")] {
            try Self.ip("-n", namespace, "link", "set", "lo", "up")
            try Self.ip("-n", namespace, "link", "set", link, "up")
        }
        for address in addresses {
            try Self.ip("-n", internet, "addr", "add", address + "/32", "dev", "i0")
            try Self.ip("-n", workloads, "route", "add", address + "/32", "dev", "w0")
        }
        try Self.ip("-n", workloads, "addr", "add", "100.127.0.2/32", "dev", "w0")
        try Self.ip("-n", internet, "route", "add", "100.127.0.2/32", "dev", "i0")
        // `ip netns exec` puts these over /etc.
        let etc = "/etc/netns/" + workloads
        try FileManager.default.createDirectory(atPath: etc, withIntermediateDirectories: true)
        for (name, text) in [
            ("hosts", hosts), ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"),
            ("nsswitch.conf", "hosts: files dns\npasswd: files\ngroup: files\n"),
        ] {
            try text.write(toFile: etc + "/" + name, atomically: true, encoding: .utf8)
        }
    }

    private static func ip(_ arguments: String...) throws {
        let result = try Program.run(["ip"] + arguments, program: "/usr/bin/env")
        try #require(result.status == 0, "ip \(arguments.joined(separator: " ")): \(result.errors)")
    }

    deinit {
        for name in [workloads, internet] { try? Self.ip("netns", "del", name) }
        try? FileManager.default.removeItem(atPath: "/etc/netns/" + workloads)
    }

    /// Whether this machine lets the tests make namespaces and redirect connections in them.
    static let arePossible: Bool = {
        let probe = "lw\(UInt32.random(in: 0 ... .max))p"
        defer { _ = try? Program.run(["ip", "netns", "del", probe], program: "/usr/bin/env") }
        let commands = [
            ["ip", "netns", "add", probe], ["ip", "netns", "exec", probe, "nft", "add", "table", "ip", "probe"],
            ["ip", "netns", "exec", probe, "nft", "add chain ip probe out { type nat hook output priority -100; }"],
        ]
        let arePossible =
            geteuid() == 0
            && commands.allSatisfy { (try? Program.run($0, program: "/usr/bin/env").status) == 0 }
        if !arePossible {
            print("egress in network namespaces: skipped, since these tests need root, `ip` and `nft`")
            if ProcessInfo.processInfo.environment["CI"] == "true" {
                Issue.record("network namespaces cannot be made here")
            }
        }
        return arePossible
    }()
}
