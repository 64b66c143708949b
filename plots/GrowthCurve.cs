using System.Globalization;
using Lab.Results;

namespace Lab.Plots;

/// <summary>What a run measured at several sizes of one slot (<c>slot-growth</c>): metrics named <c>update.pages_4096</c>, of
/// which each is a point of a curve and none stands for itself.</summary>
public static class GrowthCurve
{
    /// <summary>The slot is deleted.</summary>
    public const string Update = "update";

    /// <summary>The slot is created again.</summary>
    public const string Create = "create";

    /// <summary>One page is touched for the first time after that.</summary>
    public const string Refault = "refault";

    /// <summary>One page is touched again.</summary>
    public const string Warm = "warm";

    private const string AtSize = ".pages_";

    private static readonly string[] Operations = [Update, Create, Refault, Warm];

    /// <summary>True if the metric is a point of a curve.</summary>
    public static bool IsPoint(string metric) => Operations.Any(operation => PagesOf(metric, operation) is not null);

    /// <summary>Mapped pages at which updates were measured, ascending.</summary>
    public static IReadOnlyList<long> SizesIn(RunRecord run, Scene scene) =>
        [.. run.MetricsIn(scene).Select(metric => PagesOf(metric, Update)).OfType<long>().Distinct().Order()];

    /// <summary>One operation of a strategy at one size, over all runs; null if it was not measured.</summary>
    public static PooledMetric? At(RunRecord run, Scene scene, string strategy, string operation, long pages) =>
        run.Pool(strategy, scene, string.Create(CultureInfo.InvariantCulture, $"{operation}{AtSize}{pages}"));

    private static long? PagesOf(string metric, string operation) =>
        metric.StartsWith(operation + AtSize, StringComparison.Ordinal)
            && long.TryParse(metric.AsSpan(operation.Length + AtSize.Length), NumberStyles.None, CultureInfo.InvariantCulture,
                out long pages) ? pages : null;
}
