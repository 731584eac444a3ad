import ArgumentParser
import Testing

@testable import lapwing

/// A command line that is read without the tree of all commands means what it means with it.
@Suite
struct DirectCommandTests {
    @Test(
        arguments: [
            ["model", "verify", "m", "--public-key", "key.pem", "--quiet"],
            ["model", "verify", "m", "--public-key", "key.pem", "-o", "json"],
            ["model", "scan", "m", "n"],
            ["model", "run", "--model", "m", "--public-key", "k", "--", "python3", "--version", "--help"],
            ["model", "sign", "m", "--private-key", "key.pem"],
            ["doctor"],
        ]
    )
    func `a plain call is the same command with the same arguments`(words: [String]) throws {
        let direct = try #require(DirectCommand.parse(words))
        let whole = try Lapwing.parseAsRoot(words)
        #expect(String(reflecting: direct) == String(reflecting: whole))
    }

    @Test(
        arguments: [
            [], ["--version"], ["--help"], ["model"], ["model", "--help"], ["model", "verify", "--help"],
            ["model", "verify", "m", "--version"], ["help", "model", "verify"], ["model", "help", "verify"],
            ["model", "verify"], ["model", "verify", "m", "--no-such-option"], ["model", "verfy", "m"], ["modle"],
            ["--generate-completion-script", "bash"], ["run", "--version"],
        ]
    )
    func `help, the version and mistakes are left to the whole tree`(words: [String]) {
        #expect(DirectCommand.parse(words) == nil)
    }

    @Test(
        arguments: [
            ["m", "--public-key", "k"], ["--public-key", "k", "m", "--quiet"],
            ["--quiet", "--signature", "s", "m/", "--public-key", "k"],
            [".", "--signature", "", "--public-key", "a b"],
        ]
    )
    func `a plain verification is what ArgumentParser reads`(words: [String]) throws {
        let plain = try #require(ModelVerifyRun(plain: words[...]))
        let text = String(reflecting: plain)
        #expect(text == String(reflecting: try ModelVerifyCommand.parse(words).verification))
        #expect(text.contains(#""k""#) || text.contains(#""a b""#))
    }

    @Test func `only a plain verification is known without looking at any other command`() throws {
        let words = ["model", "verify", "m", "--public-key", "k"]
        let plain = try #require(DirectCommand.plain(words))
        let whole = try #require(try Lapwing.parseAsRoot(words) as? ModelVerifyCommand)
        #expect(String(reflecting: plain) == String(reflecting: whole.verification))
        for words in [
            [], ["model"], ["model", "verify"], ["model", "verify", "m"], ["data", "verify", "m", "--public-key", "k"],
            ["model", "sign", "m", "--public-key", "k"], ["--", "model", "verify", "m", "--public-key", "k"],
        ] { #expect(DirectCommand.plain(words) == nil, "\(words)") }
    }

    @Test(
        arguments: [
            [], ["m"], ["--public-key", "k"], ["m", "--public-key"], ["m", "--public-key", "-k"],
            ["m", "n", "--public-key", "k"], ["m", "--public-key", "k", "--public-key", "l"],
            ["m", "--public-key=k"], ["m", "--public-key", "k", "-q"], ["m", "--public-key", "k", "--signature"],
            ["m", "--public-key", "k", "--signature", "--quiet"], ["m", "--public-key", "k", "--help"],
            ["m", "--public-key", "k", "--"], ["m", "--public-key", "k", "--quiet", "--quiet"],
            ["m", "--public-key", "k", "-o", "json"], ["m", "--certificate-chain", "c"], ["-", "--public-key", "k"],
        ]
    )
    func `a verification that is not plain is left to ArgumentParser`(words: [String]) {
        #expect(ModelVerifyRun(plain: words[...]).map { String(reflecting: $0) } == nil)
    }

    @Test func `every command says its name, which the runtime would else be asked for at each start`() {
        func nameless(_ command: any ParsableCommand.Type) -> [String] {
            let inner = command.configuration.subcommands.flatMap(nameless)
            return command.configuration.commandName == nil ? [String(describing: command)] + inner : inner
        }
        #expect(nameless(Lapwing.self) == [])
    }
}
