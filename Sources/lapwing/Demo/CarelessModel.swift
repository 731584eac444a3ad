import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Stands in for language models of the demo that do what they should not.
enum CarelessModel {
    private struct Chat: Decodable {
        struct Message: Decodable {
            let content: String
        }

        let messages: [Message]
        let stream: Bool?
    }

    private struct Answer: Encodable {
        struct Choice: Encodable {
            struct Text: Encodable {
                let content: String
            }

            var index = 0
            var delta: Text?
            var message: Text?
            var finish_reason: String?
        }

        var id = "demo"
        let choices: [Choice]
    }

    /// What it streams: a card number and a key that nobody has, cut where no piece shows either.
    private static let pieces = [
        "The card on file is 4111 11", "11 1111 1", "111, and the key is ghp", "_16C7e42F292c6912E7",
        "710c838347Ae178B4a", ".",
    ]

    /// Says again what it was told last, or streams what it knows.
    static func chat(_ body: [UInt8], pause: TimeAmount) -> LocalHTTPServer.Response {
        guard let chat = try? JSONDecoder().decode(Chat.self, from: Data(body)) else {
            return .failure("the body is no chat", status: .badRequest)
        }
        guard chat.stream == true else {
            let text = "You wrote: " + (chat.messages.last?.content ?? "")
            return .encoded(Answer(choices: [.init(message: .init(content: text), finish_reason: "stop")]))
        }
        let events = pieces.map { LocalHTTPServer.Response.text(Answer(choices: [.init(delta: .init(content: $0))])) }
        return LocalHTTPServer.Response(
            contentType: "text/event-stream",
            body: .events(events + ["[DONE]"], pause: pause)
        )
    }

    /// Says a number where its schema has a text.
    static func extract() -> LocalHTTPServer.Response { .json(#"{"label":7,"note":"sure, here it is"}"#) }
}
