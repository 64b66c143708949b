using System.Globalization;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;

namespace Lab.Plots;

/// <summary>A comparison's first paragraph: per arm what the gated questions say, the clearest of them with its
/// numbers.</summary>
internal sealed class ComparisonVerdict
{
    private readonly ArmComparison _comparison;

    internal ComparisonVerdict(ArmComparison comparison)
    {
        _comparison = comparison;
        ComparedRow[] gated = [.. comparison.Rows.Where(row => row is { Gated: true, Answer: not null })];
        Sentences = [.. comparison.Arms.Skip(1).Select(arm =>
        {
            ComparedRow[] asked = [.. gated.Where(row => row.ArmB == arm.Label)];
            return Sentence(arm.Label, asked) + Doubt(comparison.Arms[0], arm, asked) + ".";
        })];
        Class = gated.Any(row => row.Answer!.Verdict == RatioVerdict.Slower) ? "bad"
            : gated.Length == 0 || gated.Any(row => row.Answer!.Verdict == RatioVerdict.Inconclusive) ? "warn"
            : "";
    }

    /// <summary>Empty when nothing is slower and nothing open, <c>warn</c> or <c>bad</c>.</summary>
    internal string Class { get; }

    internal IReadOnlyList<string> Sentences { get; }

    /// <summary>What speaks against the sentence, to be said in it: rows that say otherwise without the disturbed samples, runs
    /// that are contaminated.</summary>
    private string Doubt(ArmRuns first, ArmRuns arm, ComparedRow[] asked)
    {
        List<string> doubts = [.. asked.Select(row => (Row: row, Text: ComparisonWords.Doubt(row, _comparison.Threshold)))
            .Where(one => one.Text is not null).Select(one => $"{one.Row.Metric} {one.Row.Quantile} is {one.Text}")];
        (int contaminated, int runs) =
            (first.Contaminations.Count + arm.Contaminations.Count, first.Runs.Count + arm.Runs.Count);
        if (contaminated > 0) doubts.Add($"{contaminated} of {Plural.Of(runs, "run")} are contaminated");
        return doubts.Count == 0 ? "" : $"; but {string.Join(", and ", doubts)}: repeat it on a quieter machine";
    }

    private string Sentence(string arm, ComparedRow[] asked)
    {
        string first = _comparison.Arms[0].Label;
        (ComparedRow[] slower, ComparedRow[] faster) = (Those(RatioVerdict.Slower), Those(RatioVerdict.Faster));
        int equivalent = Those(RatioVerdict.Equivalent).Length;
        if (asked.Length == 0) return $"{arm} against {first}: nothing could be tested; the table says why";
        if (slower.Length > 0 && faster.Length > 0)
        {
            return $"{arm} is slower than {first} in one respect and faster in another: {Number(Clearest(slower))}, but "
                + $"{Number(Clearest(faster))}; {slower.Length + faster.Length} of {Questions(asked.Length)} differ";
        }
        if (slower.Length > 0)
        {
            return $"{arm} is slower than {first}: {Number(Clearest(slower))}, {ComparisonWords.Count(slower[0])}; "
                + $"{Share(slower.Length, asked.Length)}";
        }
        if (faster.Length > 0)
        {
            return $"{arm} is faster than {first}: {Number(Clearest(faster))}, {ComparisonWords.Count(faster[0])}; "
                + $"{Share(faster.Length, asked.Length)}";
        }
        if (equivalent == asked.Length)
        {
            return $"{arm} and {first} are equivalent: {Questions(asked.Length)}, all within ±{Percent(_comparison.Threshold)}, "
                + $"{ComparisonWords.Count(asked[0])}";
        }
        ComparedRow[] open = Those(RatioVerdict.Inconclusive);
        int?[] more = open.Select(row => row.Answer!.MoreBlocks).ToArray();
        string unit = Plural.Noun(more.Max() ?? 0, asked[0].IsPaired ? "block" : "run");
        return $"Whether {arm} is slower than {first} is undecided: {open.Length} of {Questions(asked.Length)} "
            + $"{(open.Length == 1 ? "is" : "are")} inconclusive after {ComparisonWords.Count(asked[0])} (estimate: "
            + $"{Estimate(open[0])})"
            + (more.All(count => count is not null)
                ? $"; about {more.Max()} more {unit} would settle {(open.Length == 1 ? "it" : "them")}"
                : $"; no affordable number of {(asked[0].IsPaired ? "blocks" : "runs")} would settle all");

        ComparedRow[] Those(RatioVerdict verdict) => [.. asked.Where(row => row.Answer!.Verdict == verdict)];
    }

    /// <summary>The one whose interval stays farthest from 1, a latency before a rate.</summary>
    private static ComparedRow Clearest(IReadOnlyList<ComparedRow> rows) =>
        rows.OrderBy(row => row.Quantile == "rate").ThenByDescending(
            row => Math.Min(Math.Abs(Math.Log(row.Answer!.Interval.Low)), Math.Abs(Math.Log(row.Answer.Interval.High)))).First();

    private string Number(ComparedRow row)
    {
        string where = _comparison.Rows.Select(one => one.Scene).Distinct().Count() > 1 ? $" under {row.Scene}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{row.Metric} {row.Quantile}{where} {row.Answer!.Ratio:0.00}× [{row.Answer.Interval.Low:0.00}, "
                + $"{row.Answer.Interval.High:0.00}]");
    }

    private static string Estimate(ComparedRow row) =>
        string.Create(CultureInfo.InvariantCulture, $"{row.Metric} {row.Quantile} {row.Answer!.Ratio:0.00}×");

    private static string Share(int agreeing, int asked) =>
        $"{agreeing} of {Questions(asked)} {(agreeing == 1 ? "says" : "say")} so";

    private static string Questions(int count) => count == 1 ? "1 gated question" : $"{count} gated questions";

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.##} %");
}
