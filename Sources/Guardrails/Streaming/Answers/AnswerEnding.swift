/// How an answer ends that may not go on, in the way of its API (rule S11), so that its client sees an ordinary end.
enum AnswerEnding {
    /// What of the answer's events an ending repeats.
    struct Facts: Sendable {
        /// The values of the members that each event of the answer has, as JSON.
        private(set) var members: [String: [UInt8]] = [:]
        /// The names of tools, by the call's place in the answer.
        private var tools: [String: String] = [:]
        private(set) var openBlock: String?
        private(set) var isStarted = false

        mutating func note(_ text: AnswerText, event: AnswerEvent) {
            for key in ["id", "created", "model", "sequence_number"] {
                if let value = text.value(at: [.key(key)]) { members[key] = Array(text.bytes[value.range]) }
            }
            if let value = text.value(at: [.key("response"), .key("id")]) {
                members["id"] = Array(text.bytes[value.range])
            }
            switch text.text(at: [.key("type")]) {
            case "message_start": isStarted = true
            case "content_block_start":
                openBlock = text.text(at: [.key("index")])
                let name =
                    ToolArguments.called(in: text).first?.tool
                    ?? text.text(at: [.key("content_block"), .key("name")])
                if let name, let openBlock, tools.count < OutputFilter.maximumChannels {
                    tools["index=\(openBlock)"] = name
                }
            case "content_block_stop": openBlock = nil
            case "response.output_item.added":
                if let call = ToolArguments.called(in: text).first(where: { $0.name.path.first == .key("item") }),
                    tools.count < OutputFilter.maximumChannels,
                    let id = text.text(at: [.key("item"), .key("id")])
                {
                    tools["item_id=\(id)"] = call.tool
                }
            default: break
            }
            for value in text.values where value.key == "name" && value.kind == .string {
                let channel = TextPlace.channel(value, text)
                if channel.contains("tool_calls") && channel.hasSuffix("function.name")
                    || channel.hasSuffix("function_call.name"),
                    tools.count < OutputFilter.maximumChannels
                {
                    tools[String(channel.dropLast(4))] = text.text(at: value.path)
                }
            }
        }

        /// The tool that a channel's arguments are for.
        func tool(of channel: String) -> String? {
            if channel.hasSuffix("arguments"), let name = tools[String(channel.dropLast("arguments".count))] {
                return name
            }
            for part in channel.components(".").reversed() { if let name = tools[part] { return name } }
            return nil
        }
    }

    static func bytes(
        dialect: AnswerDialect,
        format: AnswerFormat,
        refusal: AnswerRefusal,
        facts: Facts
    ) -> [UInt8] {
        switch format {
        case .text: return []
        case .json:
            return Array(
                #"{"error":{"type":"content_filter","code":"\#(refusal.code.rawValue)","message":"#.utf8
            ) + AnswerText.quoted("the answer was held back".utf8) + Array("}}".utf8)
        case .lines:
            return Array((#"{"error":"content_filter","done":true,"done_reason":"content_filter"}"# + "\n").utf8)
        case .events: break
        }
        switch dialect {
        case .openAIChat:
            return openAI(
                facts,
                object: "chat.completion.chunk",
                choice: #"{"index":0,"delta":{},"logprobs":null,"finish_reason":"content_filter"}"#
            )
        case .openAICompletions:
            return openAI(
                facts,
                object: "text_completion",
                choice: #"{"index":0,"text":"","logprobs":null,"finish_reason":"content_filter"}"#
            )
        case .openAIResponses:
            let number = facts.members["sequence_number"].flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
            let id = facts.members["id"].map { String(decoding: $0, as: UTF8.self) } ?? #""""#
            let response =
                #"{"id":\#(id),"object":"response","status":"incomplete","#
                + #""incomplete_details":{"reason":"content_filter"},"output":[]}"#
            return event(
                "response.incomplete",
                #"{"type":"response.incomplete","sequence_number":\#(number + 1),"response":\#(response)}"#
            )
        case .anthropicMessages:
            var output: [UInt8] = []
            if let block = facts.openBlock {
                output += event("content_block_stop", #"{"type":"content_block_stop","index":\#(block)}"#)
            }
            output += event(
                "message_delta",
                #"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_sequence":null},"#
                    + #""usage":{"output_tokens":0}}"#
            )
            return output + event("message_stop", #"{"type":"message_stop"}"#)
        case .plain:
            return event("error", #"{"error":{"code":"content_filter","message":"the answer was held back"}}"#)
        }
    }

    private static func openAI(_ facts: Facts, object: String, choice: String) -> [UInt8] {
        var members = ""
        for key in ["id", "created", "model"] {
            if let value = facts.members[key] { members += #""\#(key)":\#(String(decoding: value, as: UTF8.self)),"# }
        }
        return Array(
            "data: {\(members)\"object\":\"\(object)\",\"choices\":[\(choice)]}\n\ndata: [DONE]\n\n".utf8
        )
    }

    private static func event(_ name: String, _ data: String) -> [UInt8] {
        Array("event: \(name)\ndata: \(data)\n\n".utf8)
    }
}
