import Foundation
import ZeroTrust

/// What goes out for a finding, in the form that a receiver takes.
public enum AlertPayload {
    /// The body of Alertmanager's `POST /api/v2/alerts`: one alert, of which the labels tell findings apart.
    ///
    /// A finding that is over ends its alert. One that is not says that it goes on, whether or not its node does: without
    /// that, Alertmanager takes an alert for over that it was not sent again for five minutes. To Alertmanager, one that has
    /// become more severe is another alert; those that it may have been before are over.
    public static func alertmanager(_ finding: Finding, node: String) -> String {
        // An end before its beginning would be refused, whatever the clock says by which somebody resolved it.
        let end = finding.state.isActive ? nil : finding.state.actor.map { Self.later($0.time, finding.opened) }
        let goesOn = Timestamp(nanoseconds: finding.updated.nanoseconds &+ lasting)
        var builder = JSONBuilder()
        builder.array(Severity.allCases.filter { $0 <= finding.severity }.reversed()) { array, severity in
            let isNow = severity == finding.severity
            write(finding, severity, node: node, endsAt: isNow ? end ?? goesOn : finding.updated, to: &array)
        }
        return builder.text
    }

    /// The bodies that tell an Alertmanager again what goes on: one that was started anew has forgotten it.
    ///
    /// - Parameters:
    ///   - findings: those that go on, each as severe as it is now.
    ///   - node: which node says so.
    ///   - time: now.
    /// - Returns: bodies of at most 64 alerts, as Prometheus sends them.
    static func renewals(_ findings: [Finding], node: String, at time: Timestamp) -> [String] {
        let goesOn = Timestamp(nanoseconds: time.nanoseconds &+ lasting)
        return stride(from: 0, to: findings.count, by: 64).map { first in
            var builder = JSONBuilder()
            builder.array(findings[first..<min(first + 64, findings.count)]) { array, finding in
                write(finding, finding.severity, node: node, endsAt: goesOn, to: &array)
            }
            return builder.text
        }
    }

    private static func write(
        _ finding: Finding,
        _ severity: Severity,
        node: String,
        endsAt: Timestamp,
        to array: inout JSONBuilder
    ) {
        array.object { alert in
            alert.member("labels") { labels in
                labels.object {
                    $0.member("alertname", "LapwingFinding")
                    $0.member("finding", finding.id)
                    $0.member("type", finding.type.name)
                    $0.member("severity", severity.name)
                    $0.member("subject", finding.subject)
                    $0.member("node", node)
                }
            }
            alert.member("annotations") { annotations in
                annotations.object {
                    $0.member("summary", finding.cause)
                    $0.member("description", words(finding))
                    $0.member("techniques", (finding.attack + finding.atlas).joined(separator: " "))
                    $0.member("records", finding.records.map(\.description).joined(separator: "; "))
                }
            }
            alert.member("startsAt", finding.opened.description)
            alert.member("endsAt", endsAt.description)
        }
    }

    private static func later(_ one: Timestamp, _ other: Timestamp) -> Timestamp {
        one.nanoseconds < other.nanoseconds ? other : one
    }

    /// For how long Alertmanager keeps the alert of a finding of which nothing new is told, in nanoseconds: a year.
    private static let lasting: Int64 = 365 * 86_400_000_000_000

    /// The body of a webhook: the finding, and who says so.
    public static func webhook(_ finding: Finding, node: String) -> String {
        var builder = JSONBuilder()
        builder.object { object in
            object.member("version", "lapwing.dev/finding/v1")
            object.member("node", node)
            object.member("finding") { finding.write(to: &$0) }
        }
        return builder.text
    }

    /// The body of an incoming webhook of Slack.
    public static func slack(_ finding: Finding, node: String) -> String {
        let title = "[\(finding.severity.name)] \(finding.id) \(finding.type.name): \(finding.state.name)"
        var builder = JSONBuilder()
        builder.object { object in
            object.member("text", "\(title): \(escaped(finding.cause))")
            object.member("blocks") { blocks in
                blocks.array([("header", title), ("section", finding.cause), ("section", words(finding))]) {
                    array,
                    part in
                    array.object { block in
                        block.member("type", part.0)
                        block.member("text") { text in
                            text.object {
                                $0.member("type", part.0 == "header" ? "plain_text" : "mrkdwn")
                                $0.member(
                                    "text",
                                    String((part.0 == "header" ? part.1 : escaped(part.1)).prefix(limit(part.0)))
                                )
                            }
                        }
                    }
                }
            }
        }
        return builder.text
    }

    /// Slack's own limits of characters.
    private static func limit(_ kind: String) -> Int { kind == "header" ? 150 : 3_000 }

    /// What is not markup to Slack.
    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static func words(_ finding: Finding) -> String {
        let usual = finding.measure.baseline.map { "usual \(short($0)), " } ?? ""
        return "\(usual)seen \(short(finding.measure.observed)), limit \(short(finding.measure.threshold)) "
            + "\(finding.measure.unit); \(finding.recordCount) records; `lapwing alert show \(finding.id)`"
    }

    private static func short(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\((value * 100).rounded() / 100)"
    }
}
