using System.Globalization;
using Lab.Results;

namespace Lab.Plots;

/// <summary>What a delete costs whoever calls it and what it costs the guest afterwards, against the slot's mapped pages: per
/// strategy one solid line for the update and one dashed line for the refault of each page.</summary>
public static class SlotGrowthFigure
{
    /// <summary>Each step of the axis is this many times the one before; zero pages stand one step before one page.</summary>
    private const double StepFactor = 8;

    public static Plot Draw(RunRecord run, Scene scene)
    {
        IReadOnlyList<long> sizes = GrowthCurve.SizesIn(run, scene);
        IReadOnlyList<string> strategies = run.StrategiesIn(scene);
        Plot plot = new()
        {
            Title = $"update and refault against mapped pages, {scene}",
            Subtitle = $"{StrategyLooks.RepetitionsOf(run, scene)} · solid: one delete, p50; dots: its p99 · dashed: one page "
                + "touched again, mean · lower is better",
            Description = "For each strategy, the median and the 99th percentile of the latency of deleting a memslot, and the "
                + "mean latency of the guest's next access "
                + $"to each of its pages, against the number of its mapped pages, under {scene}. Both axes are logarithmic; zero "
                    + "pages stand at the left end.",
            Width = 1060,
            Height = Math.Max(520, StrategyLooks.HeightFor(2 * strategies.Count)),
        };
        plot.Left.Scale = Scale.Log10;
        plot.Left.Label = "latency";
        plot.Left.Unit = "ns";
        plot.Bottom.Label = "mapped pages";
        plot.Bottom.SetTicks(Names(sizes.Count == 0 ? 0 : sizes[^1]));

        StrategyLooks looks = new(run);
        foreach (string strategy in strategies)
        {
            Look look = looks.Of(strategy) with { Pattern = LinePattern.Solid };
            Add(look with { Name = $"{look.Name}: delete", MarkerSize = 5 }, GrowthCurve.Update, metric => metric.P50);
            Look dots = look with { LineWidth = 0, MarkerSize = 4.5f, Opacity = 0.55, IsListed = false };
            Add(dots with { Name = $"{look.Name}: p99 of a delete" }, GrowthCurve.Update, metric => metric.Shown.P99);
            Add(look with { Name = $"{look.Name}: refault per page", Pattern = LinePattern.Dashed },
                GrowthCurve.Refault, metric => metric.Mean);

            void Add(Look part, string operation, Func<PooledMetric, double> valueOf) => plot.Series(
                [.. sizes.Select(PlaceOf)], [.. sizes.Select(pages =>
                    GrowthCurve.At(run, scene, strategy, operation, pages) is { } metric ? valueOf(metric) : double.NaN)], part);
        }

        return plot;
    }

    private static double PlaceOf(long pages) => pages == 0 ? 0 : 1 + Math.Log(pages, StepFactor);

    /// <summary>Names of the steps up to the first at or beyond <paramref name="most"/> pages.</summary>
    private static IEnumerable<string> Names(long most)
    {
        yield return "0";
        double pages = 1;
        for (; pages < most; pages *= StepFactor) yield return Quantity(pages);
        yield return Quantity(pages);

        static string Quantity(double pages) => pages.ToString("N0", CultureInfo.InvariantCulture);
    }
}
