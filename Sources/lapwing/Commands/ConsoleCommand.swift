import ArgumentParser
import Foundation
import Glibc
import WireProtos

/// `lapwing console`.
struct ConsoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Print a link that opens the web page of a running node, once.",
        discussion: """
            The page is on loopback, and nobody is let in without such a link: the gateway's admin socket gives it to whom \
            an AdminPolicy gives a role, and to root and the user that Lapwing runs as. It works once, within a minute, \
            and the session that it begins ends after twelve hours, or one in which nothing was asked. Opening the console \
            is recorded.

            Of another machine, have ssh carry the port: `ssh -L 7443:127.0.0.1:7443 HOST`, with `consolePort: 7443` in \
            the Settings resource.
            """
    )

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Open it in the browser of this desktop (xdg-open), too.")
    var open = false

    @Flag(
        help: """
            A link to 127.0.0.1, for a browser that finds no names under `localhost`. Other servers of this machine, on \
            other ports, then see the cookie of whoever visits them.
            """
    )
    var ip = false

    @Option(name: .shortAndLong, help: "Output: table (the link alone) or json.")
    var output = OutputFormat.table

    func run() async throws {
        let settings = try Settings(options)
        let door: Gateway_ConsoleDoor = try await AdminClient(gateway: settings)
            .call("OpenConsole", Gateway_OpenConsoleRequest())
        let url = "http://\(ip ? "127.0.0.1" : door.host):\(door.port)/open?token=\(door.token)"
        switch output {
        case .json:
            struct Form: Encodable {
                let version = 1
                let url: String
                let port: UInt32
                let seconds = 60
            }
            try StandardOutput.write(json: Form(url: url, port: door.port))
        case .table:
            StandardOutput.write(url)
            StandardError.write("it opens the console once, within a minute")
        }
        if open { try await Self.show(url) }
    }

    /// Has the desktop open a link, which is handed over in a file: arguments of processes can be read by everybody.
    private static func show(_ url: String) async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/lapwing-console-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let page = """
            <!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=\(url)"><title>Lapwing</title>

            """
        let file = directory + "/open.html"
        guard
            FileManager.default.createFile(
                atPath: file,
                contents: Data(page.utf8),
                attributes: [.posixPermissions: 0o600]
            )
        else { throw CommandError(.unreachable, "`\(file)` cannot be written") }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/xdg-open")
        process.arguments = [file]
        do { try process.run() } catch {
            throw CommandError(.unreachable, "there is no /usr/bin/xdg-open here; open the link yourself")
        }
        process.waitUntilExit()
        // The browser reads it in its own time.
        try await Task.sleep(for: .seconds(5))
    }
}
