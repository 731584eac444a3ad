import ArgumentParser
import Resources

/// A length of time on the command line, in whole seconds: `600`, or as files have it, `10m`.
struct SecondsArgument: ExpressibleByArgument {
    let seconds: UInt32

    init(seconds: UInt32) {
        self.seconds = seconds
    }

    init?(argument: String) {
        if let seconds = UInt32(argument) {
            self.seconds = seconds
            return
        }
        guard let duration = DurationText.parse(argument), duration.components.attoseconds == 0,
            let seconds = UInt32(exactly: duration.components.seconds)
        else { return nil }
        self.seconds = seconds
    }

    var defaultValueDescription: String { "\(seconds)" }
}
