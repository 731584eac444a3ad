import Guardrails
import Testing

@Suite("The channel of a text")
struct TextChannelTests {
    @Test("What others wrote is not trusted", arguments: [TextChannel.toolResult, .retrieved, .toolDescription])
    func untrusted(_ channel: TextChannel) {
        #expect(channel.isUntrusted)
    }

    @Test("What the application and its user wrote is theirs", arguments: [TextChannel.system, .user, .assistant])
    func trusted(_ channel: TextChannel) {
        #expect(!channel.isUntrusted)
    }
}
