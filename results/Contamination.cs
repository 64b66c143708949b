using System.Globalization;
using Lab.Results.Statistics;

namespace Lab.Results;

/// <summary>Whether a measurement says more about what disturbed it than about its subject: it was not steady when its window
/// opened, though its own threads were not in each other's way, the hypervisor took a noticeable share of the processors away,
/// turns cut off a noticeable share of its steps, or a quantile it has the samples for (up to the 99th percentile) is more than
/// <see cref="ShiftMost"/> off with the disturbed samples. Numbers stay as they are; <c>--strict</c> makes it an exit
/// code.</summary>
public static class Contamination
{
    /// <summary>Share of the processors' time.</summary>
    public const double StealMost = 0.01;

    /// <summary>Share of the processors' time. While others take no more, threads that wait for a core wait for the lab itself,
    /// which disturbs nobody: it is part of the load, and of how small the machine is for it. An idle system's own upkeep takes
    /// about 2 % of two cores.</summary>
    public const double OthersMost = 0.05;

    /// <summary>The smallest difference that comparisons call one, by default.</summary>
    public const double ShiftMost = 0.02;

    /// <summary>Share of an actor's steps that the ends of turns may cut off: the longer a step, the likelier that it
    /// is.</summary>
    public const double CutMost = 0.02;

    private static readonly (string Name, double P, Func<SummaryRow, double> All,
        Func<UndisturbedRow, double> Without)[] Quantiles =
        [("p50", 0.5, row => row.P50, row => row.P50), ("p90", 0.9, row => row.P90, row => row.P90),
            ("p99", 0.99, row => row.P99, row => row.P99)];

    /// <summary>What contaminates each measurement of the run, a sentence each; none for a run that can be trusted.</summary>
    public static IReadOnlyList<string> Of(RunRecord run) => [.. run.Manifest.Measurements.SelectMany(one => Of(run, one))];

    public static IEnumerable<string> Of(RunRecord run, Measurement measurement)
    {
        string name =
            string.Create(CultureInfo.InvariantCulture, $"{measurement.Strategy} on {measurement.Scene}, run {measurement.Run}");
        // Where the lab's own threads wait for each other's cores, which of them runs how much is part of the load (Crowding).
        if (measurement is { Steady: false, OwnWaits: not > Crowding.OwnWaitsMost })
        {
            yield return $"{name}: the load was not steady when the window opened";
        }
        if (measurement.StealShare is > StealMost and { } steal)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{name}: the hypervisor took {steal:P1} of the processors' time");
        }
        if (measurement.CutShare is > CutMost and { } cut)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{name}: {cut:P0} of an actor's steps outlasted their turn and do not count; use longer --turns, or off");
        }
        foreach (UndisturbedRow without in run.Undisturbed.Where(row => row.Key == measurement.Key && row.Tagged > 0))
        {
            if (run.Summary.FirstOrDefault(row => row.Key == measurement.Key && row.Metric == without.Metric) is not { } all)
            {
                continue;
            }
            if (without.Count == 0)
            {
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"{name}: all {all.Count:N0} samples of {without.Metric} were disturbed");
            }
            else if (Quantiles.LastOrDefault(one => SampleSizes.Supports(all.Count, one.P)
                && Math.Abs((one.All(all) / one.Without(without)) - 1) > ShiftMost) is { Name: { } quantile } moved)
            {
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"{name}: {without.Tagged:N0} of {all.Count:N0} samples of {without.Metric} were disturbed, which moves its "
                        + $"{quantile} by {(moved.All(all) / moved.Without(without)) - 1:+0.0%;-0.0%}");
            }
        }
    }
}
