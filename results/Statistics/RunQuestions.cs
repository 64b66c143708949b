using System.Globalization;

namespace Lab.Results.Statistics;

/// <summary>A strategy as one run measured it.</summary>
public readonly record struct Arm(RunRecord Run, string Strategy);

/// <summary>
/// The questions that two arms can answer in one scene: each latency metric that both have, at each quantile for which every
/// repetition has
/// enough samples. Repetitions of one run were interleaved and are paired as blocks; those of two runs were not.
/// </summary>
/// <param name="Unasked">Why others were left out, a sentence each: nothing is dropped silently.</param>
public sealed record RunQuestions(IReadOnlyList<Question> Questions, IReadOnlyList<string> Unasked)
{
    private static readonly (double P, Func<SummaryRow, double> Of)[] Quantiles =
        [(0.5, row => row.P50), (0.9, row => row.P90), (0.99, row => row.P99), (0.999, row => row.P999)];

    public static RunQuestions Between(Arm baseline, Arm candidate, Scene scene)
    {
        List<Question> questions = [];
        List<string> unasked = [];
        foreach (var metric in baseline.Run.MetricsIn(scene))
        {
            var (a, b) = (RowsOf(baseline, scene, metric), RowsOf(candidate, scene, metric));
            if (a.Count == 0 || b.Count == 0)
            {
                unasked.Add($"{metric}: {(a.Count == 0 ? baseline : candidate).Strategy} has no samples to compare");
                continue;
            }

            var isPaired = ReferenceEquals(baseline.Run, candidate.Run);
            if (isPaired)
            {
                var both = a.Select(row => row.Run).Intersect(b.Select(row => row.Run)).ToHashSet();
                unasked.AddRange(a.Concat(b).Where(row => !both.Contains(row.Run))
                    .Select(row => FormattableString.Invariant($"{metric}: run {row.Run} of {row.Strategy} has no counterpart")));
                if (both.Count == 0)
                    continue;
                (a, b) = ([.. a.Where(row => both.Contains(row.Run))], [.. b.Where(row => both.Contains(row.Run))]);
            }

            foreach (var (p, valueOf) in Quantiles)
            {
                var name = FormattableString.Invariant($"{metric} p{100 * p:0.#}");
                if (Refusal(a.Concat(b), p, valueOf) is { } why)
                    unasked.Add($"{name}: {why}");
                else
                    questions.Add(new Question(name, Estimate([.. a.Select(valueOf)], [.. b.Select(valueOf)], isPaired)));
            }
        }

        return new RunQuestions(questions, unasked);
    }

    private static RatioEstimate Estimate(double[] a, double[] b, bool isPaired) =>
        isPaired ? RatioEstimate.Paired(a, b) : RatioEstimate.Unpaired(a, b);

    private static List<SummaryRow> RowsOf(Arm arm, Scene scene, string metric) =>
    [
        .. arm.Run.Summary
            .Where(row => row.Scene == scene && row.Strategy == arm.Strategy && row.Metric == metric && row.Count > 0)
            .OrderBy(row => row.Run),
    ];

    private static string? Refusal(IEnumerable<SummaryRow> rows, double p, Func<SummaryRow, double> valueOf)
    {
        foreach (var row in rows)
        {
            if (!SampleSizes.Supports(row.Count, p))
                return string.Create(CultureInfo.InvariantCulture,
                    $"run {row.Run} of {row.Strategy} has {row.Count:N0} samples, {SampleSizes.ForQuantile(p):N0} are needed");
            if (!(valueOf(row) > 0))
                return $"run {row.Run} of {row.Strategy} has the value {valueOf(row)}, which has no ratio";
        }

        return null;
    }
}
