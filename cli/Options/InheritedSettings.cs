using Lab.Application.Settings;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Cli.Options;

/// <summary>The settings with which an arm was measured before, for the arms that are measured beside it: whoever compares with a
/// baseline wants to know about the strategy, not about a memory size that nobody typed again.</summary>
internal sealed class InheritedSettings
{
    private readonly Dictionary<string, string> _values = [];
    private readonly List<string> _disagreed = [];
    private readonly string _from;

    private InheritedSettings(ComparisonArm arm, IReadOnlyList<Manifest> manifests)
    {
        _from = arm.Source == ArmSource.Baseline ? $"baseline '{arm.Label}'" : $"'{arm.Label}'";
        foreach (Setting setting in RunSettings.All.Where(IsInherited))
        {
            string?[] values = [.. manifests.Select(one => one.Settings.GetValueOrDefault(setting.Name)).Distinct()];
            if (values.Length > 1) _disagreed.Add(setting.Option);
            else if (values is [{ } value] && value != setting.Unset) _values[setting.Name] = value;
        }
    }

    /// <summary>Of the first arm, if it is the only one that was measured before; else null, as for one that cannot be
    /// read.</summary>
    public static InheritedSettings? Of(IReadOnlyList<ComparisonArm> arms)
    {
        if (arms.Count < 2 || arms[0].Source == ArmSource.Strategy || arms.Skip(1).Any(arm => arm.Source != ArmSource.Strategy)
            || !Directory.Exists(arms[0].From!))
        {
            return null;
        }
        IReadOnlyList<RunRecord> records = ArmReader.FromFolder(arms[0].From!, []);
        return records.Count == 0 ? null : new InheritedSettings(arms[0], [.. records.Select(record => record.Manifest)]);
    }

    /// <summary>The value of a setting that was not typed; null if the earlier runs have none, or none that can be
    /// given.</summary>
    public string? ValueOf(Setting setting) => _values.GetValueOrDefault(setting.Name);

    /// <summary>One line for people: where settings come from that they did not type, as far as they are none that would be used
    /// anyway.</summary>
    public string Describe(IReadOnlyList<(Setting Setting, string Value)> taken)
    {
        string what = taken.Count == 0 ? "the defaults" : string.Join(", ", taken.Select(one => $"{one.Setting} {one.Value}"));
        string disagreed = _disagreed.Count == 0 ? "" : $"; its runs do not agree on {string.Join(", ", _disagreed)}";
        return $"settings not typed are those of {_from}: {what}{disagreed}.";
    }

    /// <summary>A plug-in has to be known before the arms are read; where it lies is no setting.</summary>
    private static bool IsInherited(Setting setting) => setting.Shapes && !setting.Repeats;
}
