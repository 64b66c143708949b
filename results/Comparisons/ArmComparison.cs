using Lab.Results.Statistics;

namespace Lab.Results.Comparisons;

/// <summary>Arms against the first, over everything they have in common. The gated metrics of all scenes and arms are one family,
/// all other metrics a second one: asking more on the side must not cost the question that decides its power.</summary>
/// <param name="Rows">In the order of scenes, metrics, arms and quantiles; gated ones first within a scene.</param>
/// <param name="FamilySize">Questions that the gate's correction is over.</param>
/// <param name="OtherFamilySize">Questions of the second family.</param>
public sealed record ArmComparison(IReadOnlyList<ArmRuns> Arms, IReadOnlyList<ComparedRow> Rows, int FamilySize,
    int OtherFamilySize, double Threshold, double Alpha)
{
    public const double AlphaDefault = 0.05;

    /// <summary>What was to differ; everything else that does is said.</summary>
    public ComparedSubject Subject { get; init; }

    public IReadOnlyList<ArmDifference> Differences => ArmDifferences.Between(Arms, Subject);

    /// <summary>Metrics that decide when none are named: what the caller of the operation waits for. The first that is
    /// there.</summary>
    private static readonly string[] Deciding = ["update.intended", "update", "put", "destroy", "fault.intended", "fault"];

    private static readonly (string Name, double P, Func<SummaryRow, double> Of,
        Func<UndisturbedRow, double> Without)[] Quantiles =
    [
        ("p50", 0.5, row => row.P50, row => row.P50), ("p90", 0.9, row => row.P90, row => row.P90),
        ("p99", 0.99, row => row.P99, row => row.P99),
        ("p99.9", 0.999, row => row.P999, row => row.P999),
    ];

    /// <param name="gated">Metrics that decide; empty for the first there is of <see cref="Deciding"/>, else any first.</param>
    public static ArmComparison Of(
        IReadOnlyList<ArmRuns> arms, double threshold, IReadOnlyCollection<string> gated, double alpha = AlphaDefault)
    {
        List<(ComparedRow Row, Question? Question)> asked = [];
        foreach (Scene scene in arms[0].Scenes.Where(scene => arms.Skip(1).Any(arm => arm.Scenes.Contains(scene))))
        {
            string[] metrics = [.. arms[0].MetricsIn(scene)
                .Where(metric => gated.Contains(metric) || !metric.Contains(".phase.", StringComparison.Ordinal))];
            IReadOnlyCollection<string> decide =
                gated.Count > 0 ? gated : [Deciding.FirstOrDefault(metrics.Contains) ?? metrics.FirstOrDefault() ?? ""];
            foreach (string metric in metrics.OrderByDescending(decide.Contains))
            {
                foreach (ArmRuns arm in arms.Skip(1))
                {
                    asked.AddRange(Ask(arms[0], arm, scene, metric, decide.Contains(metric), threshold));
                }
            }
        }

        Dictionary<ComparedRow, Comparison> answers = Answers(asked, isGated: true, threshold, alpha);
        Dictionary<ComparedRow, Comparison> others = Answers(asked, isGated: false, threshold, alpha);
        return new ArmComparison(
            arms,
            [.. asked.Select(
                one => one.Row with { Answer = answers.GetValueOrDefault(one.Row) ?? others.GetValueOrDefault(one.Row) })],
            answers.Count, others.Count, threshold, alpha);
    }

    /// <summary>Answers that decide.</summary>
    public IEnumerable<Comparison> Gate => Rows.Where(row => row is { Gated: true, Answer: not null }).Select(row => row.Answer!);

    private static Dictionary<ComparedRow, Comparison> Answers(
        List<(ComparedRow Row, Question? Question)> asked, bool isGated, double threshold, double alpha)
    {
        (ComparedRow Row, Question Question)[] family =
            [.. asked.Where(one => one.Question is not null && one.Row.Gated == isGated).Select(one => (one.Row, one.Question!))];
        IReadOnlyList<Comparison> answers = ComparisonFamily.Compare([.. family.Select(one => one.Question)], threshold, alpha);
        return family.Zip(answers).ToDictionary(pair => pair.First.Row, pair => pair.Second);
    }

    private static IEnumerable<(ComparedRow, Question?)> Ask(
        ArmRuns a, ArmRuns b, Scene scene, string metric, bool isGated, double threshold)
    {
        (IReadOnlyList<SummaryRow> rowsA, IReadOnlyList<SummaryRow> rowsB, bool isPaired) =
            Side.BySide(a.Of(scene, metric), b.Of(scene, metric));
        UndisturbedRow[] restA = [.. a.UndisturbedOf(scene, metric).Select(one => one.Row)];
        UndisturbedRow[] restB = [.. b.UndisturbedOf(scene, metric).Select(one => one.Row)];
        foreach ((string name, double p, Func<SummaryRow, double> of, Func<UndisturbedRow, double> rest) in Quantiles)
        {
            yield return Row(name, p, "ns", of, rest, Better.Lower,
                rowsA.Count == 0 || rowsB.Count == 0 ? NoRuns() : TooFew(p));
        }
        yield return Row("max", null, "ns", row => row.Max, row => row.Max, Better.Lower,
            "a run's maximum has no distribution to test; both are shown");
        yield return Row("rate", null, "1/s", row => row.RatePerS, null, Better.Higher,
            rowsA.Count == 0 || rowsB.Count == 0 ? NoRuns() : null);

        string NoRuns() => isPaired ? "no block has both" : $"{(rowsA.Count == 0 ? a : b).Label} has no run with it";

        // The middle of few samples is still one honest number per run; the tail of few is their maximum.
        string? TooFew(double p) =>
            p > 0.5 && rowsA.Concat(rowsB).Min(row => row.Count) is var fewest && !SampleSizes.Supports(fewest, p)
                ? FormattableString.Invariant(
                    $"{SampleSizes.ForQuantile(p):N0} samples per run are needed, there are {fewest:N0}")
                    + Remedy(SampleSizes.ForQuantile(p) / rowsA.Concat(rowsB).Min(row => row.RatePerS))
                : null;

        (ComparedRow, Question?) Row(string quantile, double? p, string unit, Func<SummaryRow, double> of,
            Func<UndisturbedRow, double>? rest, Better better, string? notAsked)
        {
            double[] valuesA = [.. rowsA.Select(of)], valuesB = [.. rowsB.Select(of)];
            if (notAsked is null && valuesA.Concat(valuesB).Any(value => !(value > 0)))
            {
                notAsked = "a run has a value of zero or less, so there is no ratio";
            }
            ComparedRow row = new()
            {
                Scene = scene, Metric = metric, Quantile = quantile, P = p, Unit = unit, ArmA = a.Label, ArmB = b.Label,
                Samples = rowsA.Concat(rowsB).Select(row => row.Count).DefaultIfEmpty().Min(),
                UndisturbedSamples = restA.Concat(restB).Select(row => row.Count).DefaultIfEmpty().Min(),
                ValueA = Spread.Median(valuesA), ValueB = Spread.Median(valuesB), UndisturbedA = Rest(restA),
                UndisturbedB = Rest(restB), Gated = isGated,
                Runs = Math.Min(valuesA.Length, valuesB.Length), IsPaired = isPaired, NotAsked = notAsked,
                ModesA = notAsked is null ? Modes.In(valuesA, threshold) : null,
                ModesB = notAsked is null ? Modes.In(valuesB, threshold) : null,
            };
            double Rest(UndisturbedRow[] rows) =>
                rest is null ? double.NaN
                : Spread.Median([.. rows.Where(one => one.Count > 0).Select(rest).Where(double.IsFinite)]);

            return (row, notAsked is not null ? null : new Question(
                $"{metric} {quantile}",
                isPaired ? RatioEstimate.Paired(valuesA, valuesB) : RatioEstimate.Unpaired(valuesA, valuesB), better));
        }
    }

    /// <summary>What to type for the samples that are missing.</summary>
    private static string Remedy(double seconds) => SampleSizes.Duration(seconds) is { } duration
        ? $": --duration {duration}" : "; they would take longer than a run may";

    private static class Side
    {
        /// <summary>Arms of one comparison pair by block; those measured apart cannot.</summary>
        internal static (IReadOnlyList<SummaryRow> A, IReadOnlyList<SummaryRow> B, bool IsPaired) BySide(
            IReadOnlyDictionary<ArmRun, SummaryRow> a, IReadOnlyDictionary<ArmRun, SummaryRow> b)
        {
            if (a.Keys.Concat(b.Keys).Any(run => run.Block == 0)) return ([.. a.Values], [.. b.Values], false);
            Dictionary<int, SummaryRow> others = b.ToDictionary(one => one.Key.Block, one => one.Value);
            (SummaryRow A, SummaryRow B)[] both =
                [.. a.Where(one => others.ContainsKey(one.Key.Block)).OrderBy(one => one.Key.Block)
                    .Select(one => (one.Value, others[one.Key.Block]))];
            return ([.. both.Select(pair => pair.A)], [.. both.Select(pair => pair.B)], true);
        }
    }
}
