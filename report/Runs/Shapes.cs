using System.Globalization;
using Lab.Plots;
using Lab.Results;

namespace Lab.Report.Runs;

/// <summary>Shapes that the reference names, read off a run: how the last put's stall grows with the mapped pages (H1).</summary>
public static class Shapes
{
    private const string PutAtSize = "put.pages_";

    /// <summary>A fit per strategy that measured puts at several sizes.</summary>
    public static IEnumerable<(string Strategy, LinearFit Fit)> PutGrowth(RunRecord run)
    {
        foreach (Scene scene in run.Scenes)
        {
            foreach (string strategy in run.StrategiesIn(scene))
            {
                List<(double Pages, double Median)> points = [];
                foreach (string metric in run.MetricsIn(scene)
                    .Where(metric => metric.StartsWith(PutAtSize, StringComparison.Ordinal)))
                {
                    if (run.Pool(strategy, scene, metric) is { } pooled)
                    {
                        points.Add((double.Parse(metric[PutAtSize.Length..], CultureInfo.InvariantCulture), pooled.P50));
                    }
                }
                if (points.Count >= 2) yield return (strategy, LinearFit.Through(points));
            }
        }
    }

    /// <summary>A fit per strategy that measured memslot updates at several sizes.</summary>
    public static IEnumerable<(string Strategy, LinearFit Fit, long CountMin, long CountMax)> UpdateGrowth(RunRecord run)
    {
        foreach (Scene scene in run.Scenes)
        {
            IReadOnlyList<long> sizes = GrowthCurve.SizesIn(run, scene);
            foreach (string strategy in run.StrategiesIn(scene))
            {
                List<(double Pages, double Median)> points = [];
                List<long> counts = [];
                foreach (long pages in sizes)
                {
                    if (GrowthCurve.At(run, scene, strategy, GrowthCurve.Update, pages) is not { } pooled) continue;
                    points.Add((pages, pooled.P50));
                    counts.Add(pooled.Count);
                }
                if (points.Count >= 2) yield return (strategy, LinearFit.Through(points), counts.Min(), counts.Max());
            }
        }
    }

    public static IEnumerable<string> Lines(RunRecord run)
    {
        foreach ((string strategy, LinearFit fit, long least, long most) in UpdateGrowth(run))
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"delete of {strategy} grows by {fit.Slope:0.0} ns per mapped page (medians of {least:N0} to {most:N0} deletes "
                    + $"per size, r² {fit.RSquared:0.000})");
        }
        foreach ((string strategy, LinearFit fit) in PutGrowth(run))
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"put of {strategy} grows by {fit.Slope:0.000} ns per mapped page (median, r² {fit.RSquared:0.000})");
        }
    }
}
