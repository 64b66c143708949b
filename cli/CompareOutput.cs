using System.Globalization;
using Lab.Plots;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;

namespace Lab.Cli;

/// <summary>A comparison on standard output: what differs besides the strategy, then the numbers, in the format asked for.</summary>
internal static class CompareOutput
{
    public const int Width = 80;

    /// <summary>Settings without which no number means anything.</summary>
    private static readonly string[] Telling = ["workload", "mmu", "vcpus", "memory", "duration", "rate"];

    public static void Print(ArmComparison comparison, ComparisonFolder? folder, CompareFormat format, LabConsole console)
    {
        switch (format)
        {
            case CompareFormat.Csv:
                CompareRecords.WriteCsv(comparison, console.Out);
                break;
            case CompareFormat.Json:
                CompareRecords.WriteJson(comparison, folder, console.Out);
                break;
            case CompareFormat.Markdown:
                CompareMarkdown.Write(comparison, folder, console.Out);
                break;
            case CompareFormat.Mmtests:
                WritePreamble(comparison, folder, console.Out);
                CompareMmtests.Write(comparison, console.Out);
                break;
            default:
                WritePreamble(comparison, folder, console.Out);
                CompareTable.Write(comparison, console.Out);
                break;
        }
        if (format is not (CompareFormat.Csv or CompareFormat.Json)) return;
        // What a parser must not trip over goes where people look.
        foreach (string line in Differences(comparison).Concat(Problems(comparison))) console.Error.WriteLine($"note: {line}");
    }

    private static void WritePreamble(ArmComparison comparison, ComparisonFolder? folder, TextWriter to)
    {
        foreach (string line in Preamble(comparison, folder, Width).SelectMany(lines => lines)) to.WriteLine(line);
    }

    /// <summary>
    /// Everything to know before a number is read: statements, each in lines of that width. Paths stay whole, whatever the width: they are there to be
    /// copied.
    /// </summary>
    public static IEnumerable<IReadOnlyList<string>> Preamble(ArmComparison comparison, ComparisonFolder? folder, int width) =>
    [
        .. Differences(comparison).Select(text => TextGrid.Wrap(text, width)),
        .. Problems(comparison).Select(text => new List<string> { text }),
        .. Design(comparison, folder).Select(text => TextGrid.Wrap(text, width)),
    ];

    public static IEnumerable<string> Differences(ArmComparison comparison)
    {
        IReadOnlyList<ArmDifference> differences = ArmDifferences.Between(comparison.Arms);
        if (differences.Count == 0)
        {
            yield return "The arms differ in nothing else: machine, kernel, .NET, commit, settings agree.";
            yield break;
        }
        yield return "THE ARMS DIFFER IN MORE THAN THE STRATEGY:";
        foreach (ArmDifference one in differences)
            yield return $"- {one.What}: {string.Join(" | ", comparison.Arms.Select((arm, index) => $"{arm.Label} {one.Values[index]}"))}";
    }

    public static IEnumerable<string> Problems(ArmComparison comparison) =>
        [.. comparison.Arms.SelectMany(Standing), .. LeftOut(comparison)];

    /// <summary>Arms whose numbers are no result.</summary>
    private static IEnumerable<string> Standing(ArmRuns arm)
    {
        if (new LabCatalogue().Strategies.FirstOrDefault(entry => entry.Name == arm.Strategy) is not { } entry) yield break;
        if (entry.IsBroken) yield return $"{arm.Label} is known to be broken: its numbers are no result.";
        if (entry.IsBound) yield return $"{arm.Label} is a bound, which no strategy can beat: not a candidate.";
    }

    private static IEnumerable<string> LeftOut(ArmComparison comparison) =>
        comparison.Arms.SelectMany(arm => arm.Problems.Select(problem => $"left out of {arm.Label}: {problem}."));

    /// <summary>How it was measured and judged.</summary>
    public static IEnumerable<string> Design(ArmComparison comparison, ComparisonFolder? folder)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        ComparedRow? any = comparison.Rows.FirstOrDefault(row => row.Runs > 0);
        yield return folder is null || any is not { IsPaired: true }
            ? $"Measured apart, not interleaved: {string.Join(", ", comparison.Arms.Select(arm => $"{arm.Runs.Count} run{(arm.Runs.Count == 1 ? "" : "s")} of {arm.Label}"))}."
            : string.Create(invariant, $"{folder.Manifest.Blocks.Count} of {folder.Manifest.BlocksAsked} blocks, ABBA in random order (seed {folder.Manifest.Seed}), a process per run.");
        if (comparison.Arms.SelectMany(arm => arm.Runs).FirstOrDefault()?.Record.Manifest.Settings is { } settings)
        {
            yield return string.Join(", ", Telling
                .Where(settings.ContainsKey).Select(name => $"{name} {settings[name]}")) + ".";
        }
        yield return string.Create(invariant,
            $"One value per run; ratio by Hodges-Lehmann; a difference is outside ±{100 * comparison.Threshold:0.##} %.");
        yield return string.Create(invariant,
            $"Holm over {comparison.FamilySize} gated question{(comparison.FamilySize == 1 ? "" : "s")}, and apart from them over {comparison.OtherFamilySize} others: {100 * comparison.Alpha:0.#} % each.");
    }

    public static string Value(double value, string unit) => Quantity.Format(value, unit);

    public static string Ratio(ComparedRow row) =>
        row.Answer is { } answer ? Number(answer.Ratio) : double.IsFinite(row.ValueB / row.ValueA) ? $"({Number(row.ValueB / row.ValueA)})" : "–";

    public static string Interval(ComparedRow row) =>
        row.Answer is not { } answer ? "–"
        : double.IsInfinity(answer.Interval.High) ? "none"
        : $"[{Number(answer.Interval.Low)}, {Number(answer.Interval.High)}]";

    public static string Verdict(ComparedRow row, double threshold) =>
        row.Answer switch
        {
            null => "–",
            { Verdict: RatioVerdict.Slower } => row.Quantile == "rate" ? "slower (lower rate)" : "slower",
            { Verdict: RatioVerdict.Faster } => row.Quantile == "rate" ? "faster (higher rate)" : "faster",
            { Verdict: RatioVerdict.Equivalent } => string.Create(CultureInfo.InvariantCulture, $"equivalent in ±{100 * threshold:0.##} %"),
            { MoreBlocks: { } more } => string.Create(CultureInfo.InvariantCulture, $"inconclusive, ~{more} more"),
            _ => "inconclusive, >100x more",
        };

    public static string Word(RatioVerdict verdict) => verdict.ToString().ToLowerInvariant();

    private static string Number(double ratio) => ratio.ToString(ratio < 10 ? "0.000" : "0.0", CultureInfo.InvariantCulture);
}
