using Lab.Report.Documents;
using Lab.Results.Comparisons;

namespace Lab.Report.Comparisons;

/// <summary>One line of a comparison for programs. Field names are stable; new ones are added at the end. The bounds are null
/// where the question was not asked or has too few runs for any; the verdict is <c>faster</c>, <c>slower</c>, <c>equivalent</c>,
/// <c>inconclusive</c> or <c>not-asked</c>; the blocks still wanted are 0 if settled and null if no affordable number would
/// do.</summary>
public sealed record CompareRecord(string Metric, string Quantile, string Unit, string ArmA, string ArmB, double? ValueA,
    double? ValueB, double? Ratio, double? Low, double? High, int Runs, string Verdict, int? MoreBlocks, bool Gated,
    string Workload, string Mmu, double? Confidence, string? NotAsked, double? UndisturbedA, double? UndisturbedB);

/// <summary>What <c>--format json</c> prints. Turns is the length of those that were asked for, such as 50ms; null for
/// none.</summary>
public sealed record CompareDocument(
    string? Folder, IReadOnlyList<string> Arms, double Threshold, double Alpha, int FamilySize, int OtherFamilySize,
    IReadOnlyList<string> Differences, IReadOnlyList<string> LeftOut, IReadOnlyList<CompareRecord> Rows, string? Turns);

/// <summary>A comparison for programs.</summary>
public static class CompareRecords
{
    public static void WriteCsv(ArmComparison comparison, TextWriter to) => Records.WriteCsv(Rows(comparison), to, "0.######");

    public static CompareDocument Of(ArmComparison comparison, ComparisonFolder? folder) => new(
        folder?.Path, [.. comparison.Arms.Select(arm => arm.Label)], comparison.Threshold, comparison.Alpha,
        comparison.FamilySize, comparison.OtherFamilySize,
        [.. comparison.Differences.Select(one => $"{one.What}: {string.Join(" | ", one.Values)}")],
        [.. ComparisonWords.Problems(comparison)], [.. Rows(comparison)], folder?.Manifest.Turns);

    private static IEnumerable<CompareRecord> Rows(ArmComparison comparison) => comparison.Rows.Select(row => new CompareRecord(
        row.Metric, row.Quantile, row.Unit, row.ArmA, row.ArmB, Finite(row.ValueA), Finite(row.ValueB),
        Finite(row.Answer?.Ratio ?? row.ValueB / row.ValueA),
        Bound(row, answer => answer.Low), Bound(row, answer => answer.High), row.Runs,
        row.Answer is { } answer ? answer.Verdict.ToString().ToLowerInvariant() : "not-asked",
        row.Answer?.MoreBlocks, row.Gated, row.Scene.Workload, row.Scene.Mmu, row.Answer is { } one ? 1 - one.Interval.Misrate
            : null, row.NotAsked, Finite(row.UndisturbedA), Finite(row.UndisturbedB)));

    /// <summary>No interval has one bound only.</summary>
    private static double? Bound(ComparedRow row, Func<Lab.Results.Statistics.RatioInterval, double> of) =>
        row.Answer is { } answer && double.IsFinite(answer.Interval.High) ? of(answer.Interval) : null;

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
