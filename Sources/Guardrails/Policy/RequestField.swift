/// Where in a request something was found, as it is recorded: the names are those of the APIs, and `*` for any other.
///
/// A caller chooses the names within the arguments of a tool, or within a plain body, and may write what he likes there.
enum RequestField {
    /// - Parameter path: a place as the client hears of it: `params.arguments["a b"][0]`.
    /// - Returns: the place as it is recorded: `params.arguments.*[0]`.
    static func recorded(_ path: String) -> String {
        var result = ""
        for step in steps(path) {
            switch step {
            case .place(let place): result += "[\(place)]"
            case .name(let name):
                let known = names.contains(name) ? name : "*"
                result += result.isEmpty ? known : ".\(known)"
            }
        }
        return result
    }

    /// A step of a path.
    enum Step {
        /// To a place in an array.
        case place(String)
        /// To a member, by its name; empty for one that is written in quotation marks.
        case name(String)
    }

    /// The steps of a place as the client hears of it.
    static func steps(_ path: String) -> [Step] {
        let units = Array(path.utf8)
        var result: [Step] = []
        var index = 0
        while index < units.count {
            if units[index] == UInt8(ascii: ".") {
                index += 1
            } else if units[index] == UInt8(ascii: "[") {
                let isQuoted = index + 1 < units.count && units[index + 1] == UInt8(ascii: "\"")
                let end = isQuoted ? quotedEnd(units, index + 2) : units[index...].firstIndex(of: UInt8(ascii: "]"))
                let step = units[index..<(end ?? units.count)].dropFirst()
                if !isQuoted, !step.isEmpty, step.allSatisfy(UnitClass.isDigit) {
                    result.append(.place(String(decoding: step, as: UTF8.self)))
                } else {
                    result.append(.name(""))
                }
                index = (end ?? units.count) + 1
            } else {
                let end =
                    units[index...].firstIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "[") } ?? units.count
                result.append(.name(String(decoding: units[index..<end], as: UTF8.self)))
                index = end
            }
        }
        return result
    }

    /// The bracket behind a name in quotation marks.
    private static func quotedEnd(_ units: [UInt8], _ start: Int) -> Int? {
        var index = start
        while index < units.count, units[index] != UInt8(ascii: "\"") {
            index += units[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return index + 1 < units.count ? index + 1 : nil
    }

    private static let names: Set<String> = [
        "arguments", "audio", "audio_url", "best_of", "binary_data_size", "body", "cache_control", "call_id",
        "chat_template", "chat_template_kwargs", "container", "content", "content-type", "context_management",
        "conversation", "custom", "data", "datatype", "description", "document", "echo", "encrypted_content",
        "error", "file", "file_data", "file_id", "file_url", "function", "function_call", "functions", "id",
        "image_data", "image_url", "inference-header-content-length", "input", "input_audio", "input_embeds",
        "input_ids", "input_schema", "inputs", "instances", "instructions", "is_error", "jsonrpc", "logit_bias",
        "max_completion_tokens", "max_output_tokens", "max_tokens", "mcp_servers", "media_type", "message",
        "messages", "metadata", "method", "mm_processor_kwargs", "model", "models", "multi_modal_data", "n", "name",
        "output", "output_text", "outputs", "parameters", "params", "prediction", "previous_response_id", "prompt",
        "prompt_embeds", "prompt_token_ids", "query", "reasoning", "reasoning_content", "refusal", "response_format",
        "result", "role", "schema", "server_label", "server_name", "shape", "signature", "signature_name", "source",
        "stop", "stop_sequences", "stream", "stream_options", "strict", "structuredContent", "suffix", "summary",
        "system", "temperature", "text", "text_input", "thinking", "title", "token_ids", "tool_call_id",
        "tool_calls", "tool_choice", "tool_use_id", "tools", "top_k", "top_p", "type", "uri", "url", "user",
        "values", "video", "video_url", "web_search_options",
    ]
}

extension RequestFinding {
    /// Where it is, without names that the caller chose: what goes into records and logs.
    public var recordedPath: String { RequestField.recorded(path) }
}

extension DialectRefusal {
    /// Where it is, without names that the caller chose: what goes into records and logs.
    public var recordedPath: String { RequestField.recorded(path) }
}
