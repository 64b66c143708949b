using System.Globalization;
using Lab.Report.Documents;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;

namespace Lab.Report.Comparisons;

/// <summary>A comparison's answer: per arm what the values that decide say and who waits for them, the clearest with its
/// numbers; what is to be doubted; and what shows on the side.</summary>
internal static class ComparisonVerdict
{
    private const int OnTheSideMost = 3;

    internal static IEnumerable<Prose> Of(ArmComparison comparison) => comparison.Arms.Skip(1).SelectMany(arm => Of(comparison,
        arm));

    private static IEnumerable<Prose> Of(ArmComparison comparison, ArmRuns arm)
    {
        ComparedRow[] all = [.. comparison.Rows.Where(row => row.ArmB == arm.Label && row.Answer is not null)];
        (Mood mood, string text) = Sentence(comparison, arm.Label, [.. all.Where(row => row.Gated)]);
        yield return new(text + Doubt(comparison, arm, [.. all.Where(row => row.Gated)]) + ".", mood);
        ComparedRow[] side = [.. all.Where(row => !row.Gated && row.Answer!.Verdict is RatioVerdict.Slower or RatioVerdict.Faster)
            .GroupBy(row => (row.Scene, row.Metric)).Select(metric => Clearest([.. metric])).Take(OnTheSideMost)];
        if (side.Length == 0) yield break;
        IEnumerable<string> told = side.Select(row => $"{row.Answer!.Verdict.ToString().ToLowerInvariant()} in "
            + Number(comparison, row)
            + (Told.Whose(row.Metric) is { Length: > 0 } whose ? $" ({whose} waits)" : ""));
        yield return $"On the side {arm.Label} is {string.Join(", and ", told)}.";
    }

    /// <summary>What speaks against the sentence, to be said in it: rows that say otherwise without the disturbed samples, runs
    /// that are contaminated.</summary>
    private static string Doubt(ArmComparison comparison, ArmRuns arm, ComparedRow[] asked)
    {
        ArmRuns first = comparison.Arms[0];
        List<string> doubts = [.. asked.Select(row => (Row: row, Text: ComparisonWords.Doubt(row, comparison.Threshold)))
            .Where(one => one.Text is not null).Select(one => $"{one.Row.Metric} {one.Row.Quantile} is {one.Text}")];
        (int contaminated, int runs) =
            (first.Contaminations.Count + arm.Contaminations.Count, first.Runs.Count + arm.Runs.Count);
        if (contaminated > 0) doubts.Add($"{contaminated} of {Plural.Of(runs, "run")} are contaminated");
        return doubts.Count == 0 ? "" : $"; but {string.Join(", and ", doubts)}: repeat it on a quieter machine";
    }

    private static (Mood, string) Sentence(ArmComparison comparison, string arm, ComparedRow[] asked)
    {
        string first = comparison.Arms[0].Label;
        if (asked.Length == 0) return (Mood.Warn, $"{arm} against {first}: nothing could be tested; the table says why");
        (ComparedRow[] slower, ComparedRow[] faster, ComparedRow[] open) =
            (Those(RatioVerdict.Slower), Those(RatioVerdict.Faster), Those(RatioVerdict.Inconclusive));
        string blocks = ComparisonWords.Count(asked[0]), unit = asked[0].IsPaired ? "block" : "run";
        string whose = Told.Whose(asked[0].Metric) is { Length: > 0 } one && asked.All(row => Told.Whose(row.Metric) == one)
            ? $" for {one}" : "";
        if (slower.Length > 0 && faster.Length > 0)
        {
            return (Mood.Bad, $"{arm} is slower than {first} in one respect and faster in another{whose}: "
                + $"{Number(comparison, Clearest(slower))}, but {Number(comparison, Clearest(faster))}; "
                + $"{slower.Length + faster.Length} of {Deciding(asked.Length)} differ");
        }
        if (slower.Length + faster.Length > 0)
        {
            ComparedRow[] same = [.. slower, .. faster];
            return (slower.Length > 0 ? Mood.Bad : open.Length > 0 ? Mood.Warn : Mood.Good,
                $"{arm} is {(slower.Length > 0 ? "slower" : "faster")} than {first}{whose}: "
                + $"{Number(comparison, Clearest(same))}, {blocks}; {same.Length} of {Deciding(asked.Length)} "
                + $"{(same.Length == 1 ? "says" : "say")} so");
        }
        if (open.Length == 0)
        {
            return (Mood.Good, $"{arm} and {first} are equivalent{whose}: {Deciding(asked.Length)}, all within "
                + $"±{ComparisonWords.Percent(comparison.Threshold)}, {blocks}");
        }
        int?[] more = [.. open.Select(row => row.Answer!.MoreBlocks)];
        return (Mood.Warn, $"Whether {arm} is slower than {first}{whose} is undecided: {open.Length} of {Deciding(asked.Length)} "
            + $"{(open.Length == 1 ? "is" : "are")} open after {blocks} (so far {open[0].Metric} {open[0].Quantile} "
            + $"{Told.Ratio(open[0].Answer!.Ratio)}, no more than runs differ here)"
            + (more.All(count => count is not null)
                ? $"; about {more.Max()} more {Plural.Noun(more.Max() ?? 0, unit)} "
                    + $"would settle {(open.Length == 1 ? "it" : "them")}"
                : $"; no affordable number of {unit}s would settle all"));

        ComparedRow[] Those(RatioVerdict verdict) => [.. asked.Where(row => row.Answer!.Verdict == verdict)];
    }

    /// <summary>The one whose interval stays farthest from 1, a latency before a rate.</summary>
    private static ComparedRow Clearest(IReadOnlyList<ComparedRow> rows) =>
        rows.OrderBy(row => row.Quantile == "rate").ThenByDescending(
            row => Math.Min(Math.Abs(Math.Log(row.Answer!.Interval.Low)), Math.Abs(Math.Log(row.Answer.Interval.High)))).First();

    private static string Number(ArmComparison comparison, ComparedRow row)
    {
        string where = comparison.Rows.Select(one => one.Scene).Distinct().Count() > 1 ? $" under {row.Scene}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{row.Metric} {row.Quantile}{where} {row.Answer!.Ratio:0.00}× [{row.Answer.Interval.Low:0.00}, "
                + $"{row.Answer.Interval.High:0.00}]");
    }

    private static string Deciding(int count) => $"{Plural.Of(count, "value")} that {(count == 1 ? "decides" : "decide")}";
}
