using System.CommandLine;
using Lab.Results;
using Lab.Results.Comparisons;

namespace Lab.Cli.Options;

/// <summary>
/// The settings with which an arm was measured before, for the arms that are measured beside it: whoever compares with a baseline wants to know about the
/// strategy, not about a memory size that nobody typed again.
/// </summary>
internal sealed class InheritedSettings
{
    /// <summary>What a manifest says where the option was not given and has no value that could be typed.</summary>
    private static readonly (string Name, string Value)[] NotGiven = [("rate", "closed loop"), ("trace", "none"), ("pause", "none")];

    /// <summary>A plug-in has to be known before the arms are read; where it lies is no setting.</summary>
    private const string Plugin = "plugin";

    private readonly Dictionary<string, string> _values = [];
    private readonly List<string> _disagreed = [];
    private readonly string _from;

    private InheritedSettings(ComparisonArm arm, IReadOnlyList<Manifest> manifests)
    {
        _from = arm.Source == ArmSource.Baseline ? $"baseline '{arm.Label}'" : $"'{arm.Label}'";
        foreach (string name in manifests.SelectMany(one => one.Settings.Keys).Distinct().Where(name => name != Plugin).Order(StringComparer.Ordinal))
        {
            string?[] values = [.. manifests.Select(one => one.Settings.GetValueOrDefault(name)).Distinct()];
            if (values is [{ } value]) _values[name] = value;
            else _disagreed.Add(name);
        }
    }

    /// <summary>Of the first arm, if it is the only one that was measured before; else null, as for one that cannot be read.</summary>
    public static InheritedSettings? Of(IReadOnlyList<ComparisonArm> arms)
    {
        if (arms.Count < 2 || arms[0].Source == ArmSource.Strategy || arms.Skip(1).Any(arm => arm.Source != ArmSource.Strategy) || !Directory.Exists(arms[0].From!)) return null;
        IReadOnlyList<RunRecord> records = ArmReader.FromFolder(arms[0].From!, []);
        return records.Count == 0 ? null : new InheritedSettings(arms[0], [.. records.Select(record => record.Manifest)]);
    }

    /// <summary>The value of an option that was not typed; null if the earlier runs have none, or none that can be given.</summary>
    public string? ValueOf(Option option)
    {
        string name = option.Name.TrimStart('-');
        return _values.TryGetValue(name, out string? value) && !NotGiven.Contains((name, value)) ? value : null;
    }

    /// <summary>One line for people: where settings come from that they did not type, as far as they are none that would be used anyway.</summary>
    public string Describe(IReadOnlyList<(string Option, string Value)> taken, IEnumerable<Option> shaping)
    {
        string what = taken.Count == 0 ? "the defaults" : string.Join(", ", taken.Select(one => $"{one.Option} {one.Value}"));
        string[] open = [.. shaping.Select(option => option.Name.TrimStart('-')).Intersect(_disagreed)];
        string disagreed = open.Length == 0 ? "" : $"; its runs do not agree on {string.Join(", ", open.Select(name => $"--{name}"))}";
        return $"settings not typed are those of {_from}: {what}{disagreed}.";
    }
}
