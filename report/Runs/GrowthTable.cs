using System.Globalization;
using Lab.Plots;
using Lab.Results;

namespace Lab.Report.Runs;

/// <summary>What was measured at several sizes of a slot, as one table instead of one per metric.</summary>
public static class GrowthTable
{
    public const string Title = "delete (p50, p99), create (p50), and the mean access to a page, by mapped pages";

    public static IReadOnlyList<Column> Columns { get; } =
        [new("strategy"), .. Column.Numbers("pages", "delete", "p99", "create", "refault", "warm")];

    /// <summary>A row per strategy and size: delete's p50 and p99, create's p50, and the means of a page's first and second
    /// access.</summary>
    public static IReadOnlyList<string[]> Rows(RunRecord run, Scene scene)
    {
        List<string[]> rows = [];
        IReadOnlyList<long> sizes = GrowthCurve.SizesIn(run, scene);
        foreach (string strategy in run.StrategiesIn(scene))
        {
            string name = run.IsBroken(strategy) ? $"{strategy} BROKEN" : strategy;
            foreach (long pages in sizes)
            {
                PooledMetric? Of(string operation) => GrowthCurve.At(run, scene, strategy, operation, pages);
                if (Of(GrowthCurve.Update) is not { } update) continue;
                rows.Add(
                [
                    name,
                    pages.ToString("N0", CultureInfo.InvariantCulture),
                    Quantity.Format(update.P50, update.Unit),
                    Quantity.Format(update.Shown.P99, update.Unit),
                    Show(Of(GrowthCurve.Create), pooled => pooled.P50),
                    Show(Of(GrowthCurve.Refault), pooled => pooled.Mean),
                    Show(Of(GrowthCurve.Warm), pooled => pooled.Mean),
                ]);
                name = "";
            }
        }
        return rows;
    }

    private static string Show(PooledMetric? pooled, Func<PooledMetric, double> value) =>
        pooled is null ? "–" : Quantity.Format(value(pooled), pooled.Unit);
}
