/// The names that chat templates may use, and those that give an attack away.
enum JinjaNames {
    /// Variables that the libraries which apply chat templates give to them.
    static let variables: Set<String> = [
        "messages", "tools", "documents", "bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token",
        "mask_token", "additional_special_tokens", "add_generation_prompt", "continue_final_message", "loop",
        "date_string", "tools_in_user_message", "builtin_tools", "custom_tools", "system_message", "enable_thinking",
        "tool_choice", "thinking", "reasoning_effort", "model_identity", "add_vision_id", "image_token", "video_token",
        "audio_token", "chat_template_kwargs", "thinking_budget", "add_special_tokens", "preserve_thinking",
        "clear_thinking", "keep_past_thinking", "available_tools", "controls", "citations", "today", "xml_tools",
        "python_tools", "safety_mode", "citation_mode", "grounding", "custom_system_prompt", "skip_thinking",
        "enable_citations", "response_format", "add_thoughts", "functions", "datetime",
    ]

    /// Variables that hold a conversation.
    static let conversations: Set<String> = [
        "messages", "tools", "documents", "custom_tools", "builtin_tools", "available_tools", "xml_tools",
        "python_tools", "controls",
    ]

    static let functions: Set<String> = ["raise_exception", "strftime_now", "range", "namespace", "caller"]

    /// What a template without a sandbox would begin an escape with.
    static let hostile: Set<String> = [
        "self", "request", "config", "cycler", "joiner", "lipsum", "dict", "g", "session", "app", "current_app",
        "environment", "url_for", "get_flashed_messages", "import", "eval", "exec", "open", "os", "sys", "subprocess",
        "getattr", "globals", "locals", "builtins", "varargs", "kwargs", "context", "template",
    ]

    /// Of those that change a list or a dictionary only two: the sandbox of transformers refuses them all.
    static let methods: Set<String> = [
        "split", "rsplit", "strip", "lstrip", "rstrip", "startswith", "endswith", "items", "keys", "values", "get",
        "replace", "upper", "lower", "title", "capitalize", "append", "index", "count", "find", "rfind", "join",
        "isdigit", "isalpha", "isupper", "islower", "splitlines", "partition", "rpartition", "removeprefix",
        "removesuffix", "pop", "copy",
    ]

    /// Methods and attributes that no data has and an escape needs.
    static let hostileAttributes: Set<String> = [
        "mro", "func_globals", "func_code", "gi_frame", "gi_code", "cr_frame", "cr_code", "ag_frame", "tb_frame",
        "f_back", "f_builtins", "f_globals", "f_locals", "f_code", "im_func", "im_self", "import_module",
        "load_module", "subclasses", "check_output", "environ", "format_map", "from_string", "get_template",
    ]

    /// Methods that no data has; a role or a tool may be named so, as long as it is not called.
    static let hostileMethods: Set<String> = ["popen", "system", "eval", "exec", "spawn", "globals", "builtins"]

    static let filters: Set<String> = [
        "abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "groupby", "indent",
        "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "pprint", "reject",
        "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "batch", "sort", "string",
        "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "wordcount", "forceescape", "center",
        "from_json",
    ]

    static let tests: Set<String> = [
        "defined", "undefined", "none", "string", "mapping", "iterable", "sequence", "number", "integer", "float",
        "boolean", "true", "false", "equalto", "eq", "ne", "gt", "ge", "lt", "le", "greaterthan", "lessthan", "in",
        "odd", "even", "divisibleby", "sameas", "lower", "upper", "callable",
    ]

    /// Tests of what a value is, which say nothing of what it says.
    static let typeTests: Set<String> = [
        "defined", "undefined", "none", "string", "mapping", "iterable", "sequence", "number", "integer", "float",
        "boolean", "true", "false", "callable",
    ]

    /// Keys of messages, tools and parts whose values are structure and no text of a user's.
    static let structure: Set<String> = [
        "role", "type", "name", "id", "tool_calls", "tool_call_id", "function", "parameters", "properties", "required",
        "enum", "items", "index", "recipient", "channel", "content_type", "anyOf", "oneOf", "allOf",
        "additionalProperties",
        "return", "strict", "thinking_mode",
    ]

    /// Those of them whose values are again structure with content in it.
    static let conversationKeys: Set<String> = ["tool_calls", "function", "parameters", "properties", "items"]

    /// Filters that leave text what it is.
    static let plainFilters: Set<String> = [
        "trim", "string", "tojson", "list", "first", "last", "lower", "upper", "safe", "length", "count", "default",
        "d",
        "items", "reverse", "capitalize", "title", "e", "escape", "from_json", "indent", "map", "sort", "unique",
    ]
    /// Methods that leave text what it is.
    static let plainMethods: Set<String> = [
        "strip", "lstrip", "rstrip", "lower", "upper", "items", "values", "get", "copy",
    ]
}
