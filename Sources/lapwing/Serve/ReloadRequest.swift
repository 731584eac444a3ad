import Gateway

/// Asks for the configuration to be read again.
struct ReloadRequest: Sendable {
    let trigger: ConfigurationAttempt.Trigger
    /// Who asked, over the admin socket.
    let actor: String?
    /// Told how it went; nil where there was nothing to do.
    let reply: (@Sendable (ConfigurationAttempt?) -> Void)?

    init(
        _ trigger: ConfigurationAttempt.Trigger,
        actor: String? = nil,
        reply: (@Sendable (ConfigurationAttempt?) -> Void)? = nil
    ) {
        self.trigger = trigger
        self.actor = actor
        self.reply = reply
    }
}
