namespace Lab.Results;

/// <summary>A metric over all repetitions of a measurement. Count, mean, minimum and maximum are exact; quantiles are those of
/// the summed histograms, or the single repetition's own where there is no histogram, or not a number where there is
/// neither.</summary>
public sealed record PooledMetric
{
    public required string Unit { get; init; }
    public int Runs { get; init; }
    public long Count { get; init; }
    public double Min { get; init; }
    public double Mean { get; init; }
    public double P50 { get; init; }
    public double P90 { get; init; }
    public double P99 { get; init; }
    public double P999 { get; init; }
    public double Max { get; init; }

    /// <summary>Mean of the repetitions' rates.</summary>
    public double RatePerS { get; init; }

    /// <summary>Smallest and largest p99 of a single repetition, where it is shown of each: how much the runs differ among
    /// themselves.</summary>
    public (double Low, double High) P99OfRuns { get; init; }

    /// <summary>The quantiles of the tail where they are shown, see <see cref="Quantiles.IsShown"/>.</summary>
    public (double P90, double P99, double P999) Shown => (Quantiles.Shown(P90, Count, 0.9), Quantiles.Shown(P99, Count, 0.99),
        Quantiles.Shown(P999, Count, 0.999));

    /// <param name="rows">At least one, each with samples.</param>
    public static PooledMetric Of(IReadOnlyList<SummaryRow> rows, IReadOnlyList<Bucket> merged)
    {
        long count = rows.Sum(row => row.Count);
        return new PooledMetric
        {
            Unit = rows[0].Unit,
            Runs = rows.Count,
            Count = count,
            Min = rows.Min(row => row.Min),
            Mean = rows.Sum(row => row.Mean * row.Count) / count,
            P50 = QuantileOf(row => row.P50, 0.5),
            P90 = QuantileOf(row => row.P90, 0.9),
            P99 = QuantileOf(row => row.P99, 0.99),
            P999 = QuantileOf(row => row.P999, 0.999),
            Max = rows.Max(row => row.Max),
            RatePerS = rows.Average(row => row.RatePerS),
            P99OfRuns = rows.All(row => Quantiles.IsShown(row.Count, 0.99))
                ? (rows.Min(row => row.P99), rows.Max(row => row.P99)) : (double.NaN, double.NaN),
        };

        double QuantileOf(Func<SummaryRow, double> own, double p) => rows.Count == 1 ? own(rows[0]) : Quantiles.At(merged, p);
    }
}
