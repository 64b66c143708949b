using System.Globalization;

namespace Lab.Explorer;

/// <summary>
/// A replay string for a strategy on a scenario: <c>lab1/async-put/fast-zap-toggle/vcpus=1/1a2b3c4d/…</c>. It names what it is for, so that it can be
/// refused elsewhere instead of replaying something else.
/// </summary>
/// <param name="Strategy">Name of the strategy.</param>
/// <param name="Scenario">Name of the scenario.</param>
/// <param name="Parameters">All of the scenario's parameters, in its order.</param>
/// <param name="Fingerprint">The scenario's, when the string was made.</param>
/// <param name="Schedule">The rest: settings and choices, in the search's own form. Holds no blank and no quote, so that a shell takes it in quotes.</param>
public sealed record ReplayText(
    string Strategy, string Scenario, IReadOnlyList<(string Name, long Value)> Parameters, string Fingerprint, string Schedule)
{
    /// <summary>Changes when old strings can no longer be replayed.</summary>
    private const string Version = "lab1";

    private const string NoParameters = "-";
    private const int Parts = 6;

    public static ReplayText Of(string strategy, Scenario scenario, string schedule) =>
        new(strategy, scenario.Name, [.. scenario.Parameters.Select(one => (one.Name, one.Value))], scenario.Fingerprint, schedule);

    /// <exception cref="FormatException">Not such a string, or one of another version; the message is one sentence.</exception>
    public static ReplayText Parse(string text)
    {
        string[] parts = text.Split('/', Parts);
        if (parts.Length == Parts && parts[0].StartsWith("lab", StringComparison.Ordinal) && parts[0] != Version)
            throw new FormatException($"The replay string is of version '{parts[0]}', and this program replays '{Version}'; explore again to get a new one.");
        if (parts.Length < Parts || parts[0] != Version || parts.Any(part => part.Length == 0)) throw NotOne(text);
        List<(string, long)> parameters = [];
        foreach (string item in parts[3] == NoParameters ? [] : parts[3].Split(','))
        {
            string[] pair = item.Split('=');
            if (pair.Length != 2 || !long.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out long value)) throw NotOne(text);
            parameters.Add((pair[0], value));
        }
        return new ReplayText(parts[1], parts[2], parameters, parts[4], parts[5]);
    }

    /// <summary>Refuses a scenario that is not, or is no longer, the one that the string was made on.</summary>
    /// <exception cref="FormatException">It is another one; the message is one sentence.</exception>
    public void DemandMadeOn(Scenario scenario)
    {
        if (scenario.Name == Scenario && scenario.Fingerprint == Fingerprint) return;
        throw new FormatException(scenario.Name == Scenario
            ? $"The replay string was made on another version of scenario '{Scenario}' ({Fingerprint}, here {scenario.Fingerprint}); explore again to get a new one."
            : $"The replay string was made on scenario '{Scenario}', not on '{scenario.Name}'.");
    }

    public override string ToString()
    {
        string parameters = Parameters.Count == 0
            ? NoParameters
            : string.Join(',', Parameters.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Name}={one.Value}")));
        return $"{Version}/{Strategy}/{Scenario}/{parameters}/{Fingerprint}/{Schedule}";
    }

    private static FormatException NotOne(string text) =>
        new($"'{(text.Length > 40 ? text[..40] + "…" : text)}' is not a replay string; expected {Version}/STRATEGY/SCENARIO/PARAMETERS/FINGERPRINT/SCHEDULE, as the explorer prints it.");
}
