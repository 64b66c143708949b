using Perfolizer.Mathematics.Multimodality;

namespace Lab.Results.Statistics;

/// <summary>How values lie about their centre, and whether there is one.</summary>
public static class Spread
{
    /// <summary>From here on a distribution may be bimodal; BenchmarkDotNet warns of it, and so should a report.</summary>
    public const double MayBeBimodalMValue = 2.8;

    /// <summary>From here on a change of the mixture can look like a shift: name the modes instead.</summary>
    public const double BimodalMValue = 3.2;

    public const double MultimodalMValue = 4.2;

    /// <summary>What a median absolute deviation is multiplied by to estimate a normal distribution's standard
    /// deviation.</summary>
    private const double NormalConsistency = 1.4826022185056018;

    /// <summary>Not a number without values.</summary>
    public static double Median(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The median of the distances to the median, scaled to agree with the standard deviation of many normal values. By
    /// hand: Perfolizer 0.3.17 enlarges it for small samples, and here it is a limit to clip at, not an estimate to
    /// print.</summary>
    public static double MedianAbsoluteDeviation(IReadOnlyList<double> values)
    {
        double median = Median(values);
        return NormalConsistency * Median([.. values.Select(value => Math.Abs(value - median))]);
    }

    /// <summary>Gregg 2015: heights of a histogram's ups and downs over its highest bar, 2 for one mode. Perfolizer 0.3.17, which
    /// throws on values that are all equal or too few; those have one mode by definition.</summary>
    public static double MValue(IReadOnlyList<double> values) =>
        values.Distinct().Count() < 3 ? 2 : MValueCalculator.Calculate([.. values]);

    /// <summary>Rank of each value, the smallest having 1; equal values share the mean of theirs.</summary>
    public static double[] Midranks(ReadOnlySpan<double> values)
    {
        double[] sorted = values.ToArray();
        int[] order = [.. Enumerable.Range(0, values.Length)];
        Array.Sort(sorted, order);
        double[] ranks = new double[values.Length];
        for (int start = 0; start < sorted.Length;)
        {
            int end = start;
            while (end < sorted.Length && sorted[end].Equals(sorted[start])) end++;
            foreach (int index in order.AsSpan(start, end - start)) ranks[index] = (start + 1 + end) / 2.0;
            start = end;
        }

        return ranks;
    }

    /// <summary>Correlation of each value with the next, -1 … 1; 0 for values that do not vary or are fewer than 3.</summary>
    public static double Lag1Autocorrelation(IReadOnlyList<double> values)
    {
        if (values.Count < 3) return 0;
        double mean = values.Average();
        double variance = values.Sum(value => (value - mean) * (value - mean));
        double covariance = 0;
        for (int index = 1; index < values.Count; index++) covariance += (values[index] - mean) * (values[index - 1] - mean);
        return variance == 0 ? 0 : covariance / variance;
    }
}
