using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Application.Comparing;

/// <summary>How a comparison goes to standard output.</summary>
public enum CompareFormat
{
    Table,
    Mmtests,
    Markdown,
    Json,
    Csv,
}

/// <summary>One invocation of <c>lab compare</c>, checked as far as that is possible before anything is measured.</summary>
/// <param name="Values">What was set of the comparison itself.</param>
public sealed record CompareRequest(SettingValues Values)
{
    /// <summary>Empty if <see cref="Resume"/> names a comparison, which has its own.</summary>
    public IReadOnlyList<ComparisonArm> Arms { get; init; } = [];

    /// <summary>What people should know before it begins, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The comparison folder to go on with.</summary>
    public string? Resume => NullIfEmpty(CompareSettings.Resume);

    public string? SaveBaseline => NullIfEmpty(CompareSettings.SaveBaseline);

    /// <summary>Null where it was not given: a resumed comparison has its own.</summary>
    public int? Blocks => IsOwn(CompareSettings.Blocks) ? Values.Of(CompareSettings.Blocks) : null;

    /// <summary>Null where it was not given: a resumed comparison has its own.</summary>
    public double? Threshold => IsOwn(CompareSettings.Threshold) ? Values.Of(CompareSettings.Threshold) : null;

    /// <summary>Length of the turns in which the arms of a block measure, as typed; null for one after another.</summary>
    public string? Turns => Values.Of(CompareSettings.Turns) is null ? null : Values.TextOf(CompareSettings.Turns);

    /// <summary>Metrics that decide; empty for the default.</summary>
    public IReadOnlyList<string> Gated =>
        Values.Of(CompareSettings.Metric) is { Length: > 0 } metrics ? Names.Items(CompareSettings.Metric.Option, metrics) : [];

    public ComparedSubject Subject => Values.Of(CompareSettings.Subject);

    /// <summary>The quantile that the runs must be long enough for; null where they are as long as they are.</summary>
    public double? Tail => Values.Of(CompareSettings.Tail);

    public ulong Seed => Values.Of(CompareSettings.Seed);

    public string Out => Values.Of(CompareSettings.Out);

    private bool IsOwn(Setting setting) => Resume is null || Values.IsGiven(setting);

    private string? NullIfEmpty(Setting<string> setting) => Values.Of(setting) is { Length: > 0 } text ? text : null;
}
