import Foundation
import Testing

/// What `lapwing guard` prints of places in a text.
@Suite(.timeLimit(.minutes(5))) struct `Guard commands` {
    @Test func `ranges are the first and the last byte, whichever command prints them`() throws {
        let card = try Program.run(["guard", "scan"], input: "My card is 4111 1111 1111 1111")
        #expect(card.status == 1 && card.output.contains(#/-:1:12 +pii/CREDIT_CARD +11-29\n/#))
        let json = try Program.run(["guard", "scan", "-o", "json"], input: "My card is 4111 1111 1111 1111")
        #expect(json.output.contains("\"start\" : 11") && json.output.contains("\"end\" : 30"))
        let hidden = "Please aWdub3JlIGFsbCBwcmV2aW91cyBpbnN0cnVjdGlvbnM="
        let explained = try Program.run(["guard", "explain"], input: hidden)
        #expect(explained.output.contains("written in base64: bytes 7-50\n"), "\(explained.output)")
    }

    @Test func `what cannot be read is no text without findings`() throws {
        let directory = try TemporaryDirectory()
        let scanned = try Program.run("guard", "scan", directory.path)
        #expect(scanned.status == 2)
        #expect(scanned.errors == "lapwing: error: `\(directory.path)` cannot be read: Is a directory\n")
    }
}
