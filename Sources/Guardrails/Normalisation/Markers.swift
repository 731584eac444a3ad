/// Delimiters that chat templates and tools use to part who speaks, as they may be forged in a text.
enum Markers {
    /// The marker that begins at an index, by a name, and where it ends.
    static func match(_ scalars: [UInt32], at index: Int, end: Int, opensLine: Bool) -> (String, Int)? {
        let scalar = scalars[index]
        guard scalar < 0x80, begins[Int(scalar)] else { return nil }
        for marker in all where marker.first == scalar && (!marker.opensLine || opensLine) {
            if let stop = match(marker.scalars, scalars, at: index, end: end) { return (marker.name, stop) }
        }
        if opensLine { return role(scalars, at: index, end: end) }
        return nil
    }

    private struct Marker {
        var name: String
        var scalars: [UInt32]
        var opensLine: Bool
        var first: UInt32 { scalars.first ?? 0 }
    }

    private static let all: [Marker] = {
        let inline: [(String, String)] = [
            ("<|im_start|>", "‹im-start›"), ("<|im_end|>", "‹im-end›"), ("<|im_sep|>", "‹im-sep›"),
            ("<|system|>", "‹role-system›"), ("<|user|>", "‹role-user›"), ("<|assistant|>", "‹role-assistant›"),
            ("<|end|>", "‹turn-end›"), ("<|endoftext|>", "‹turn-end›"), ("<|eot_id|>", "‹turn-end›"),
            ("<|start_header_id|>", "‹im-start›"), ("<|end_header_id|>", "‹im-sep›"),
            ("<|begin_of_text|>", "‹im-start›"),
            ("<start_of_turn>", "‹im-start›"), ("<end_of_turn>", "‹turn-end›"), ("<|channel|>", "‹im-sep›"),
            ("<|message|>", "‹im-sep›"), ("<|start|>", "‹im-start›"), ("<|return|>", "‹turn-end›"),
            ("[inst]", "‹inst›"), ("[/inst]", "‹inst-end›"), ("<<sys>>", "‹role-system›"), ("<</sys>>", "‹sys-end›"),
            ("<system>", "‹role-system›"), ("</system>", "‹sys-end›"), ("<system_prompt>", "‹role-system›"),
            ("</system_prompt>", "‹sys-end›"), ("<system-prompt>", "‹role-system›"), ("</instructions>", "‹sys-end›"),
            ("<instructions>", "‹role-system›"), ("<instruction>", "‹role-system›"), ("[system]", "‹role-system›"),
            ("[/system]", "‹sys-end›"), ("{{#system", "‹role-system›"), ("[system_prompt]", "‹role-system›"),
            ("<system-reminder>", "‹role-system›"), ("</system-reminder>", "‹sys-end›"), ("<admin>", "‹role-system›"),
            ("<important>", "‹important›"), ("</important>", "‹important›"),
            ("<tool_call>", "‹tool-call›"), ("</tool_call>", "‹tool-call›"), ("<tool_result>", "‹tool-result›"),
            ("</tool_result>", "‹tool-end›"), ("<tool_response>", "‹tool-result›"), ("</tool_response>", "‹tool-end›"),
            ("<function_call>", "‹tool-call›"), ("<function_calls>", "‹tool-call›"),
            ("<function_results>", "‹tool-result›"), ("</function_results>", "‹tool-end›"),
            ("</document>", "‹doc-end›"), ("</documents>", "‹doc-end›"), ("</data>", "‹doc-end›"),
            ("</context>", "‹doc-end›"), ("</user_input>", "‹doc-end›"), ("</user>", "‹doc-end›"),
            ("</information>", "‹doc-end›"),
            ("<!--", "‹comment›"), ("![", "‹image›"), ("](http", "‹link›"),
        ]
        return inline.map { text, name in
            Marker(name: name, scalars: text.unicodeScalars.map(\.value), opensLine: false)
        }
    }()

    private static let begins: [Bool] = {
        var table = [Bool](repeating: false, count: 128)
        for marker in all { table[Int(marker.first)] = true }
        for sign in "#*-=>\"".utf8 { table[Int(sign)] = true }
        for letter in "suahdSUAHD".utf8 { table[Int(letter)] = true }
        return table
    }()

    private static func match(_ marker: [UInt32], _ scalars: [UInt32], at index: Int, end: Int) -> Int? {
        guard index + marker.count <= end else { return nil }
        for offset in 0..<marker.count {
            let scalar = scalars[index + offset]
            guard (scalar &- 0x41 < 26 ? scalar | 0x20 : scalar) == marker[offset] else { return nil }
        }
        return index + marker.count
    }

    /// `System:`, `### Instruction:`, `**Assistant**:` at the start of a line.
    private static func role(_ scalars: [UInt32], at first: Int, end: Int) -> (String, Int)? {
        var index = first
        let limit = min(end, first + 48)
        var signs = 0
        while index < limit, isDecoration(scalars[index]) || (signs > 0 && scalars[index] == 0x20) {
            signs += 1
            index += 1
        }
        var name = ""
        while index < limit, Letters.isASCIILetter(scalars[index]) || scalars[index] == 0x20 || scalars[index] == 0x5F,
            name.utf8.count < 24,
            let letter = Unicode.Scalar(scalars[index] == 0x5F ? 0x20 : scalars[index] | 0x20)
        {
            name.unicodeScalars.append(letter)
            index += 1
        }
        while index < limit, isDecoration(scalars[index]) { index += 1 }
        guard let marker = roles[name.trimmed], signs > 0 || (index < end && scalars[index] == 0x3A) else { return nil }
        guard index >= end || scalars[index] == 0x3A || (signs > 0 && (scalars[index] == 10 || scalars[index] == 13))
        else { return nil }
        return (marker, min(index + 1, end))
    }

    private static func isDecoration(_ scalar: UInt32) -> Bool {
        scalar == 0x23 || scalar == 0x2A || scalar == 0x2D || scalar == 0x3D || scalar == 0x3E || scalar == 0x22
    }

    private static let roles: [String: String] = [
        "system": "‹role-system›", "system prompt": "‹role-system›", "system message": "‹role-system›",
        "new instructions": "‹role-system›", "new instruction": "‹role-system›", "system override": "‹role-system›",
        "system instruction": "‹role-system›", "system instructions": "‹role-system›", "developer": "‹role-system›",
        "admin": "‹role-system›", "user": "‹role-user›", "human": "‹role-user›",
        "assistant": "‹role-assistant›", "ai": "‹role-assistant›", "instruction": "‹instruction›",
        "instructions": "‹instruction›", "response": "‹response›",
    ]
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        while text.first == " " { text.removeFirst() }
        return String(text)
    }
}
