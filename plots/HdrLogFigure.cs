using Lab.Results;

namespace Lab.Plots;

/// <summary>Histograms under one name added up.</summary>
/// <param name="Intervals">How many there are of it.</param>
public sealed record TagTotal(string Tag, string Unit, int Intervals, IReadOnlyList<Bucket> Buckets)
{
    public long Count => Quantiles.Count(Buckets);

    /// <summary>The quantile where it is shown, else not a number.</summary>
    public double Shown(double p) => Quantiles.Shown(Quantiles.At(Buckets, p), Count, p);

    /// <summary>The middle of the highest bucket with a sample; not a number without any.</summary>
    public double Max => Buckets.Count == 0 ? double.NaN : Buckets[^1].Midpoint;
}

/// <summary>The tags of a histogram log, one over the other.</summary>
public static class HdrLogFigure
{
    /// <summary>Nobody can tell apart more lines than there are colours; the rest is in the table.</summary>
    public static int LinesMost => Tone.SeriesCount;

    public static Plot Draw(IReadOnlyList<TagTotal> totals, string source)
    {
        Plot plot = new()
        {
            Title = "latency by percentile",
            Subtitle = "all intervals of a tag merged · lower is better · dotted: fewer than "
                + $"{Quantiles.BeyondMin} samples lie beyond",
            Description = $"For each tag of {source}, the value that a given share of samples does not exceed. Both axes "
                + "are logarithmic.",
            Height = 620,
        };
        plot.Left.Scale = Scale.Log10;
        plot.Left.Label = "latency";
        plot.Left.Unit = totals.Count > 0 ? totals[0].Unit : "ns";
        plot.Bottom.Scale = Scale.Percentile;
        plot.Bottom.Label = "percentile of samples";
        plot.IsLegendBelow = true;
        foreach ((int index, TagTotal tag) in totals.Take(LinesMost).Index())
        {
            LatencyByPercentileFigure.AddSpectrum(plot, Quantiles.Spectrum(tag.Buckets), new Look(Tone.Series(index), tag.Tag)
                { Pattern = index % 2 == 0 ? LinePattern.Solid : LinePattern.Dashed });
        }

        return plot;
    }
}
