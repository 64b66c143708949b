using Lab.Application.Comparing;
using Lab.Plots;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;
using Lab.Settings;

namespace Lab.Report.Comparisons;

/// <summary>A comparison on standard output: what differs besides the strategy, then the numbers, in the format asked
/// for.</summary>
public static class CompareOutput
{
    public static void Print(
        ArmComparison comparison, ComparisonFolder? folder, CompareFormat format, TextWriter to, TextWriter notes)
    {
        switch (format)
        {
            case CompareFormat.Csv:
                CompareRecords.WriteCsv(comparison, to);
                break;
            case CompareFormat.Json:
                CompareRecords.WriteJson(comparison, folder, to);
                break;
            case CompareFormat.Markdown:
                CompareMarkdown.Write(comparison, folder, to);
                break;
            case CompareFormat.Mmtests:
                WritePreamble(comparison, folder, to);
                CompareMmtests.Write(comparison, to);
                break;
            default:
                WritePreamble(comparison, folder, to);
                CompareTable.Write(comparison, to);
                break;
        }
        if (format is not (CompareFormat.Csv or CompareFormat.Json)) return;
        // What a parser must not trip over goes where people look.
        foreach (string line in ComparisonWords.Differences(comparison).Concat(Problems(comparison)))
        {
            notes.WriteLine($"note: {line}");
        }
    }

    private static void WritePreamble(ArmComparison comparison, ComparisonFolder? folder, TextWriter to)
    {
        foreach (string line in Preamble(comparison, folder, TextGrid.Width).SelectMany(lines => lines)) to.WriteLine(line);
    }

    /// <summary>Everything to know before a number is read: statements, each in lines of that width. Paths stay whole, whatever
    /// the width: they are there to be copied.</summary>
    public static IEnumerable<IReadOnlyList<string>> Preamble(ArmComparison comparison, ComparisonFolder? folder, int width) =>
    [
        .. ComparisonWords.Differences(comparison).Select(text => TextGrid.Wrap(text, width)),
        .. Problems(comparison).Select(text => new List<string> { text }),
        .. ComparisonWords.Design(comparison, folder?.Manifest).Select(text => TextGrid.Wrap(text, width)),
        .. ComparisonWords.Contaminated(comparison).Select(text => TextGrid.Wrap(text, width)),
        .. ComparisonWords.Verdicts(comparison).Select(text => TextGrid.Wrap(text, width)),
    ];

    public static IEnumerable<string> Problems(ArmComparison comparison) =>
        [.. comparison.Arms.SelectMany(Standing), .. ComparisonWords.LeftOut(comparison)];

    /// <summary>Arms whose numbers are no result.</summary>
    private static IEnumerable<string> Standing(ArmRuns arm)
    {
        if (arm.IsBroken) yield return $"{arm.Label} is known to be broken: its numbers are no result.";
        if (arm.IsBound) yield return $"{arm.Label} is a bound, which no strategy can beat: not a candidate.";
    }

    public static string Word(RatioVerdict verdict) => verdict.ToString().ToLowerInvariant();
}
