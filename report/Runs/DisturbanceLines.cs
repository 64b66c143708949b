using System.Globalization;
using Lab.Application.Measuring;
using Lab.Measure;
using Lab.Plots;
using Lab.Results;
using Lab.Results.Statistics;

namespace Lab.Report.Runs;

/// <summary>What disturbed a run, in lines under its tables: how many samples, and the tail with and without them.</summary>
public static class DisturbanceLines
{
    /// <summary>Nothing for a run that was not watched.</summary>
    public static IEnumerable<string> Of(RunRecord run)
    {
        foreach (Scene scene in run.Scenes)
        {
            if (Figures.LatenciesIn(run, scene) is not [var metric, ..]) continue;
            foreach (string strategy in run.StrategiesIn(scene))
            {
                UndisturbedRow[] rows =
                    [.. run.Undisturbed.Where(row => row.Scene == scene && row.Strategy == strategy && row.Metric == metric)];
                long tagged = rows.Sum(row => row.Tagged), all = tagged + rows.Sum(row => row.Count);
                if (tagged == 0) continue;
                string kinds = string.Join(", ", run.Disturbances.Where(
                    row => row.Located && row.Kind != OwnWait && row.Scene == scene && row.Strategy == strategy)
                    .GroupBy(row => row.Kind).OrderByDescending(kind => kind.Count())
                    .Select(kind => $"{kind.Key} {kind.Count()}"));
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"disturbed: {tagged:N0} of {all:N0} samples of {metric} of {strategy} on {scene} "
                        + $"({kinds}){BothWays(run, rows)}");
            }
        }
        if (Crowding.Of([run]) is { } crowded) yield return crowded;
        IReadOnlyList<string> contaminated = Contamination.Of(run);
        foreach (string reason in contaminated.Take(Shown)) yield return $"contaminated: {reason}.";
        if (contaminated.Count > Shown)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"contaminated: {contaminated.Count - Shown} more reasons are in the report.");
        }
    }

    private const int Shown = 6;

    /// <summary>Listed, and no reason why a sample was tagged: see <see cref="DisturbedSamples"/>.</summary>
    private static readonly string OwnWait = DisturbanceNames.Of(DisturbanceKind.LockContention);

    /// <summary>Medians over the runs, of the highest quantile that all of them have the samples for.</summary>
    private static string BothWays(RunRecord run, UndisturbedRow[] rows)
    {
        (UndisturbedRow Without, SummaryRow All)[] pairs =
            [.. rows.SelectMany(
                row => run.Summary.Where(all => all.Key == row.Key && all.Metric == row.Metric).Select(all => (row, all)))];
        (string Name, double P, Func<SummaryRow, double> All, Func<UndisturbedRow, double> Without)[] quantiles =
            [("p99.9", 0.999, row => row.P999, row => row.P999), ("p99", 0.99, row => row.P99, row => row.P99),
                ("p50", 0.5, row => row.P50, row => row.P50)];
        if (pairs.Length == 0 || quantiles.FirstOrDefault(one => pairs.All(pair => SampleSizes.Supports(pair.All.Count, one.P)))
            is not { Name: { } name } chosen)
        {
            return "";
        }
        double all = Spread.Median([.. pairs.Select(pair => chosen.All(pair.All))]);
        double without = Spread.Median([.. pairs.Select(pair => chosen.Without(pair.Without))]);
        return $": {name} {Quantity.Format(all, "ns")}, without them {Quantity.Format(without, "ns")}";
    }
}
