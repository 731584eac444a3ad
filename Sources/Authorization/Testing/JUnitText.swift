import Resources

extension PolicyTestReport {
    /// The report in the XML that continuous integration reads: a suite for each table, a case for each case.
    public var junit: String {
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#,
            #"<testsuites name="lapwing policy test" tests="\#(results.count)" failures="\#(failed)">"#,
        ]
        for (test, results) in tables {
            let failures = results.count { !$0.isPassed }
            let name = Self.escaped(test.name)
            let file = Self.escaped(test.location.file)
            lines.append(
                #"  <testsuite name="\#(name)" file="\#(file)" tests="\#(results.count)" failures="\#(failures)">"#
            )
            for result in results {
                let line = result.testCase.location.line
                let attributes = #"name="\#(Self.escaped(result.testCase.name))" classname="\#(name)" line="\#(line)""#
                guard let first = result.problems.first else {
                    lines.append("    <testcase \(attributes)/>")
                    continue
                }
                let message = Self.escaped("expected \(first.expected), got \(first.got)")
                lines += [
                    "    <testcase \(attributes)>",
                    #"      <failure message="\#(message)">\#(Self.escaped(result.explanation?.description ?? ""))</failure>"#,
                    "    </testcase>",
                ]
            }
            lines.append("  </testsuite>")
        }
        return (lines + ["</testsuites>"]).joined(separator: "\n")
    }

    /// A text between tags or in an attribute; what XML cannot hold becomes U+FFFD.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n": result += "&#10;"
            case "\t": result += "&#9;"
            default:
                let isAllowed = scalar.value >= 0x20 && scalar.value != 0xfffe && scalar.value != 0xffff
                result.unicodeScalars.append(isAllowed ? scalar : "\u{fffd}")
            }
        }
        return result
    }
}
