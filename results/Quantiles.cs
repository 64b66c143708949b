namespace Lab.Results;

/// <summary>A point of a percentile spectrum: <see cref="Value"/> is the smallest value that a share of samples does not
/// exceed.</summary>
/// <param name="InverseTail">1/(1-p): 2 at the median, 100 at p99. Equals the sample count at the largest sample.</param>
public readonly record struct SpectrumPoint(double InverseTail, double Value)
{
    /// <summary>The part of a spectrum that is shown as certain, and the rest from its last point on; see
    /// <see cref="Quantiles.IsShown"/>.</summary>
    public static (IReadOnlyList<SpectrumPoint> Certain, IReadOnlyList<SpectrumPoint> Uncertain) Cut(
        IReadOnlyList<SpectrumPoint> spectrum)
    {
        int certain = spectrum.TakeWhile(point => point.InverseTail <= spectrum[^1].InverseTail / Quantiles.BeyondMin).Count();
        return ([.. spectrum.Take(certain)], [.. spectrum.Skip(Math.Max(certain - 1, 0))]);
    }
}

/// <summary>Statistics of bucketed counts. Every list of buckets is sorted and without empty ones, as <see cref="Buckets"/> makes
/// it.</summary>
public static class Quantiles
{
    /// <summary>Samples that lie beyond a quantile of the tail where it is shown: with fewer it is the maximum by another name.
    /// The one rule of every table and figure; files keep every quantile.</summary>
    public const int BeyondMin = 10;

    /// <summary>The middle of few samples is still a middle, so it is shown of any number.</summary>
    public static bool IsShown(long samples, double p) => p <= 0.5 || samples * (1 - p) >= BeyondMin - 1e-6;

    /// <summary>The quantile where it is shown, else not a number.</summary>
    public static double Shown(double value, long samples, double p) => IsShown(samples, p) ? value : double.NaN;

    public static long Count(IReadOnlyList<Bucket> buckets) => buckets.Sum(bucket => bucket.Count);

    /// <summary>The value at rank ⌈p·n⌉ (the smallest for p = 0), off by at most half a bucket. Not a number without
    /// samples.</summary>
    public static double At(IReadOnlyList<Bucket> buckets, double p)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(p, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(p, 1);
        // 0.9 * 10 is 9.000000000000002 for some p and n: a rank must not move for the last digit of a product.
        long rank = (long)Math.Ceiling((p * Count(buckets)) - 1e-6);
        return AtRank(buckets, Math.Max(rank, 1));
    }

    public static double Mean(IReadOnlyList<Bucket> buckets)
    {
        long count = Count(buckets);
        return count == 0 ? double.NaN : buckets.Sum(bucket => (double)bucket.Midpoint * bucket.Count) / count;
    }

    /// <summary>Of the samples themselves (divided by n, not n - 1): at these counts the difference is far below a
    /// bucket.</summary>
    public static double StandardDeviation(IReadOnlyList<Bucket> buckets)
    {
        double mean = Mean(buckets);
        return Math.Sqrt(
            buckets.Sum(bucket => (bucket.Midpoint - mean) * (bucket.Midpoint - mean) * bucket.Count) / Count(buckets));
    }

    /// <summary>The whole distribution as seen from its tail, evenly spaced in the logarithm of 1/(1-p), from the smallest sample
    /// to the largest. Empty without samples. One pass; bound: <paramref name="pointsPerDecade"/> × decades of the count, plus
    /// one.</summary>
    public static IReadOnlyList<SpectrumPoint> Spectrum(IReadOnlyList<Bucket> buckets, int pointsPerDecade = 40)
    {
        long count = Count(buckets);
        if (count == 0) return [];

        List<SpectrumPoint> points = [];
        (int index, long passed) = (0, buckets[0].Count);
        int steps = (int)Math.Ceiling(Math.Log10(count) * pointsPerDecade);
        for (int step = 0; step <= steps; step++)
        {
            double inverseTail = Math.Min(Math.Pow(10, (double)step / pointsPerDecade), count);
            // At 1/(1-p) = n only the largest sample lies beyond: rank n.
            long rank = Math.Min((long)Math.Floor(count * (1 - (1 / inverseTail)) + 1e-6) + 1, count);
            while (passed < rank) passed += buckets[++index].Count;
            points.Add(new SpectrumPoint(inverseTail, buckets[index].Midpoint));
        }

        return points;
    }

    private static double AtRank(IReadOnlyList<Bucket> buckets, long rank)
    {
        long passed = 0;
        foreach (Bucket bucket in buckets)
        {
            passed += bucket.Count;
            if (passed >= rank) return bucket.Midpoint;
        }

        return double.NaN;
    }
}
