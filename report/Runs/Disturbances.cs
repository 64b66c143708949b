using System.Globalization;
using Lab.Application.Measuring;
using Lab.Measure;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;

namespace Lab.Report.Runs;

/// <summary>What disturbed a measurement: by kind, the longest one by one, and the tail with and without the samples that it
/// overlapped.</summary>
internal static class Disturbances
{
    private const int Longest = 10;

    /// <summary>Listed, and no reason why a sample was tagged: see <see cref="DisturbedSamples"/>.</summary>
    private static readonly string OwnWait = DisturbanceNames.Of(DisturbanceKind.LockContention);

    private static readonly (string Name, double P, Func<SummaryRow, double> All, Func<UndisturbedRow, double> Without)[] Tail =
        [("p99.9", 0.999, row => row.P999, row => row.P999), ("p99", 0.99, row => row.P99, row => row.P99),
            ("p50", 0.5, row => row.P50, row => row.P50)];

    /// <summary>Of a page.</summary>
    internal static Section Of(RunRecord run)
    {
        IReadOnlyList<string> contaminated = Contamination.Of(run);
        return new Section("Disturbances",
        [
            Watched(run.Manifest.Measurements.Count(m => m.Watched), run.Manifest.Measurements.Count, "measurement", "run"),
            Shows(contaminated, "measurements"), .. Kinds(run), .. LongestOf(run), .. Tagged(run), .. Noticed(run),
        ], "disturbances") { ShortName = "disturbances", For = Reader.Page };
    }

    /// <summary>Of a comparison: how many of each kind every arm had, so that one which was disturbed more shows.</summary>
    internal static Section Of(ArmComparison comparison, ComparedDistributions distributions)
    {
        Measurement[] measured = [.. comparison.Arms.SelectMany(arm => arm.Runs.SelectMany(
            run => run.Record.Manifest.Measurements.Where(m => m.Strategy == arm.Strategy && m.Run == run.Repetition)))];
        ILookup<string, DisturbanceRow>[] found = [.. comparison.Arms.Select(
            arm => arm.Runs.SelectMany(run => distributions.DisturbancesOf(arm, run)).ToLookup(row => row.Kind))];
        string[] kinds =
            [.. found.SelectMany(byKind => byKind).Select(same => same.Key).Distinct().Order(StringComparer.Ordinal)];
        Table table = new(["kind", .. Column.Numbers(comparison.Arms.Select(arm => arm.Label)),
            .. Column.Numbers(comparison.Arms.Select(arm => $"{arm.Label}, together"))],
            [.. kinds.Select(kind => (IReadOnlyList<Cell>)[kind,
                .. comparison.Arms.Zip(found, (arm, byKind) => (Count: byKind[kind].Count(), arm.Runs.Count)).Select(one =>
                    new Cell(string.Create(CultureInfo.InvariantCulture,
                        $"{Quantity.Count(one.Item1)} ({one.Item1 / (double)one.Item2:#,0.##})"), one.Item1 / (double)one.Item2)),
                .. found.Select(byKind => Cell.Milliseconds(byKind[kind].Sum(row => row.LengthMs)))])]);
        return new Section("Disturbances",
        [
            Watched(measured.Count(m => m.Watched), measured.Length, "run", "comparison"),
            Shows([.. comparison.Arms.SelectMany(arm => arm.Contaminations)], "runs"),
            .. kinds.Length == 0 ? (Part[])[] : [new Prose("Count, and per run in parentheses.", Mood.Soft), table],
        ], "disturbances") { ShortName = "disturbances", For = Reader.Page };
    }

    /// <summary>A scene's latencies with all samples and without those that a located disturbance overlapped: a difference
    /// between the two says how much of a tail is the machine's. Nothing where nobody watched.</summary>
    internal static IEnumerable<Section> BothWays(RunRecord run, Scene scene)
    {
        ILookup<(string Strategy, string Metric), UndisturbedRow> without =
            run.Undisturbed.Where(row => row.Scene == scene).ToLookup(row => (row.Strategy, row.Metric));
        string[] metrics = [.. Figures.LatenciesIn(run, scene)
            .Where(metric => run.StrategiesIn(scene).Any(strategy => without.Contains((strategy, metric))))];
        if (metrics.Length == 0) yield break;
        bool isQuiet = without.SelectMany(rows => rows).All(row => row.Tagged == 0);
        yield return new Section("with and without disturbed samples", isQuiet
            ? [new Prose("Watched, and no sample overlapped a located disturbance: both are the same.")]
            : [new Prose("Tagged: samples that a located disturbance overlapped; they are in all other tables and figures. "
                + "Medians over runs, max is the largest of all.", Mood.Soft),
                new Table(["strategy", "metric", .. Column.Numbers("samples", "tagged", "p99", "p99 without", "p99.9",
                    "p99.9 without",
                    "max", "max without")],
                    [.. metrics.SelectMany(metric => run.StrategiesIn(scene).Where(one => without.Contains((one, metric))),
                        (metric, strategy) => Row(run, scene, strategy, metric, [.. without[(strategy, metric)]]))])])
            { For = Reader.Page };
        IReadOnlyList<Cell>[] rows = [.. run.StrategiesIn(scene)
            .Select(strategy => (Name: strategy, Rows: without[(strategy, metrics[0])].ToArray()))
            .Where(one => one.Rows.Sum(row => row.Tagged) > 0).Select(one => Short(run, scene, one.Name, metrics[0], one.Rows))];
        yield return new Section($"disturbed samples of {metrics[0]}, which count all the same", rows.Length == 0 ? []
            : [new Table(["strategy", new("tagged", true), "by how many disturbances",
                new("median of runs", true), new("without them", true)], rows)])
            { For = Reader.Text };
    }

    private static IReadOnlyList<Cell> Row(
        RunRecord run, Scene scene, string strategy, string metric, IReadOnlyList<UndisturbedRow> without)
    {
        SummaryRow[] all = All(run, scene, strategy, metric, without);
        (long left, long tagged, long fewest, string unit) = (without.Sum(row => row.Count), without.Sum(row => row.Tagged),
            without.Min(row => row.Count), without[0].Unit);
        return
        [
            RunReport.Name(run, strategy), metric, Cell.Count(left + tagged),
            new(tagged == 0 ? "0" : $"{Quantity.Count(tagged)} ({Percent((double)tagged / (left + tagged))})", (double)tagged),
            .. Medians(0.99, row => row.P99, row => row.P99), .. Medians(0.999, row => row.P999, row => row.P999),
            Cell.Of(all.Select(row => row.Max).DefaultIfEmpty(double.NaN).Max(), unit), Cell.Of(without.Max(row => row.Max),
                unit),
        ];

        Cell[] Medians(double p, Func<SummaryRow, double> of, Func<UndisturbedRow, double> rest) =>
            [Cell.Of(Quantiles.Shown(Spread.Median([.. all.Select(of)]), fewest, p), unit),
                Cell.Of(Quantiles.Shown(Spread.Median([.. without.Select(rest)]), fewest, p), unit)];
    }

    /// <summary>How many, why, and the highest quantile that all runs have the samples for.</summary>
    private static IReadOnlyList<Cell> Short(RunRecord run, Scene scene, string strategy, string metric, UndisturbedRow[] without)
    {
        long tagged = without.Sum(row => row.Tagged), samples = tagged + without.Sum(row => row.Count);
        IEnumerable<string> kinds = run.Disturbances.Where(row => row.Located && row.Kind != OwnWait && row.Scene == scene
            && row.Strategy == strategy).GroupBy(row => row.Kind).OrderByDescending(kind => kind.Count())
            .Select(kind => $"{kind.Key} {kind.Count()}");
        SummaryRow[] all = All(run, scene, strategy, metric, without);
        (string name, double _, Func<SummaryRow, double>? of, Func<UndisturbedRow, double>? rest) = all.Length == 0 ? default
            : Tail.FirstOrDefault(one => all.All(row => SampleSizes.Supports(row.Count, one.P)));
        string Shown(IEnumerable<double> values) => $"{name} {Quantity.Format(Spread.Median([.. values]), without[0].Unit)}";
        return [RunReport.Name(run, strategy), $"{Quantity.Count(tagged)} of {Quantity.Count(samples)}", string.Join(", ", kinds),
            of is null ? "" : Shown(all.Select(of)), rest is null ? "" : Shown(without.Select(rest))];
    }

    /// <summary>The same runs on both sides: one that was not watched has no other side.</summary>
    private static SummaryRow[] All(
        RunRecord run, Scene scene, string strategy, string metric, IReadOnlyList<UndisturbedRow> without) =>
        [.. run.Summary.Where(row => row.Scene == scene && row.Strategy == strategy && row.Metric == metric
            && without.Any(one => one.Run == row.Run))];

    private static string Percent(double share) =>
        share < 1e-5 ? "< 0.001 %" : string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.###} %");

    /// <summary>An empty list means something only if somebody looked.</summary>
    private static Prose Watched(int watched, int all, string one, string whole) =>
        watched == 0 ? $"This {whole} was not watched, so an empty list says nothing."
        : watched < all ? $"{watched} of {all} {one}s were watched; an empty list says nothing about the others."
        : $"{(all == 1 ? $"The {one} was" : $"All {all} {one}s were")} watched by another process.";

    /// <summary>Where disturbances show in the numbers.</summary>
    private static Section Shows(IReadOnlyList<string> found, string what) =>
        new($"It shows in the results of {what} ({found.Count})", found.Count == 0 ? [] : [new Items(found)])
            { IsFolded = found.Count > Longest };

    private static IEnumerable<Part> Kinds(RunRecord run)
    {
        if (run.Disturbances.Count == 0) yield break;
        yield return new Table(["kind", .. Column.Numbers("count", "together", "longest", "located"), "strategies"],
        [
            .. run.Disturbances.GroupBy(row => row.Kind).OrderByDescending(same => same.Sum(row => row.LengthMs))
                .ThenByDescending(same => same.Count()).Select(kind =>
                {
                    int located = kind.Count(row => row.Located);
                    string[] strategies = [.. kind.Select(row => row.Strategy).Distinct()];
                    return (IReadOnlyList<Cell>)[kind.Key, Cell.Count(kind.Count()), Cell.Milliseconds(kind.Sum(row =>
                        row.LengthMs)),
                        Cell.Milliseconds(kind.Max(row => row.LengthMs)),
                        new(located == kind.Count() ? "all" : located == 0 ? "none" : Quantity.Count(located), (double)located),
                        new(strategies.Length == run.Strategies.Count ? "all" : strategies.Length <= 2
                            ? string.Join(", ", strategies) : $"{strategies.Length} of {run.Strategies.Count}",
                            (double)strategies.Length)];
                }),
        ]);
        if (run.Disturbances.Any(row => !row.Located))
        {
            yield return new Prose("A disturbance that is not located happened somewhere between two readings of a counter; "
                + "its length is the time between them, and it tags no sample.", Mood.Soft);
        }
    }

    private static IEnumerable<Section> LongestOf(RunRecord run)
    {
        DisturbanceRow[] longest =
            [.. run.Disturbances.Where(row => row.Located).OrderByDescending(row => row.LengthMs).Take(Longest)];
        if (longest.Length == 0) yield break;
        yield return new($"the longest{(longest.Length == Longest ? $" {Longest}" : "")} that are located",
            [new Table(["kind", "strategy", "run", .. Column.Numbers("began", "length"), "whose", "what"],
                [.. longest.Select(row => (IReadOnlyList<Cell>)[row.Kind, .. Who(row), Cell.Milliseconds(row.StartMs),
                    Cell.Milliseconds(row.LengthMs), row.Actor.Length == 0 ? "anybody's" : row.Actor, row.Detail])])]);
    }

    private static IEnumerable<Section> Tagged(RunRecord run)
    {
        TaggedSampleRow[] longest = [.. run.Tagged.OrderByDescending(row => row.Value).Take(Longest)];
        if (longest.Length == 0) yield break;
        yield return new("the longest tagged samples",
            [new Table(["metric", "strategy", "run", .. Column.Numbers("began", "length"), "whose", "overlapped by"],
                [.. longest.Select(row => (IReadOnlyList<Cell>)[row.Metric, .. Who(row), Cell.Milliseconds(row.StartMs),
                    Cell.Of(row.Value, row.Unit), row.Actor,
                        row.Kinds])])]) { Note = $"{Quantity.Count(run.Tagged.Count)} are kept" };
    }

    private static IEnumerable<Cell> Who(MeasurementRow row) =>
        [row.Strategy, new($"{row.Run}, {row.Scene}", (double)row.Run)];

    /// <summary>What the process noticed about itself.</summary>
    private static IEnumerable<Part> Noticed(RunRecord run)
    {
        Measurement[] disturbed =
            [.. run.Manifest.Measurements.Where(m => m.GcInWindow + m.JitInWindow > 0 || m.Notes.Count > 0)];
        if (run.Manifest.Warnings.Count + disturbed.Length == 0) return [new Prose("The run itself noticed nothing.")];
        return [new Section("what the run itself noticed", [new Items([.. run.Manifest.Warnings, .. disturbed.Select(m =>
        {
            IEnumerable<string> what =
            [
                .. m.GcInWindow > 0 ? [$"garbage collections inside the window: {m.GcInWindow}"] : (string[])[],
                .. m.JitInWindow > 0 ? [$"methods compiled inside the window: {m.JitInWindow}"] : (string[])[], .. m.Notes,
            ];
            return $"{m.Strategy} under {m.Scene}, run {m.Run}: {string.Join("; ", what)}";
        })])])];
    }
}
