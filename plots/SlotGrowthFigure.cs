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
        plot.Axes.Left.Scale = Scale.Log10;
        plot.Axes.Left.Label = "latency";
        plot.Axes.Left.Unit = "ns";
        plot.Axes.Bottom.Label = "mapped pages";
        plot.Axes.Bottom.SetTicks(Names(sizes.Count == 0 ? 0 : sizes[^1]));

        StrategyLooks looks = new(run);
        foreach (string strategy in strategies)
        {
            Scatter update = Add(plot, sizes, pages => GrowthCurve.At(run, scene, strategy, GrowthCurve.Update, pages)?.P50);
            (update.Tone, update.MarkerSize, update.LegendText) =
                (looks.ToneOf(strategy), 5, $"{looks.NameOf(strategy)}: delete");

            Scatter tail =
                Add(plot, sizes, pages => GrowthCurve.At(run, scene, strategy, GrowthCurve.Update, pages)?.Shown.P99);
            (tail.Tone, tail.LineWidth, tail.MarkerSize, tail.Opacity) = (looks.ToneOf(strategy), 0, 4.5, 0.55);

            Scatter refault = Add(plot, sizes, pages => GrowthCurve.At(run, scene, strategy, GrowthCurve.Refault, pages)?.Mean);
            (refault.Tone, refault.LinePattern, refault.LegendText) =
                (looks.ToneOf(strategy), LinePattern.Dashed, $"{looks.NameOf(strategy)}: refault per page");
        }

        return plot;
    }

    private static Scatter Add(Plot plot, IReadOnlyList<long> sizes, Func<long, double?> valueAt) =>
        plot.Add.Scatter([.. sizes.Select(PlaceOf)], [.. sizes.Select(pages => valueAt(pages) ?? double.NaN)]);

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
