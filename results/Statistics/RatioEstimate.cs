using MathNet.Numerics.Distributions;

namespace Lab.Results.Statistics;

/// <summary>Ratio of a candidate's centre to a baseline's over runs, by Hodges and Lehmann 1963 on the logarithms: one value per
/// run (a quantile, a rate), since runs differ more than the samples within one and pooled samples report differences that are
/// not there. The interval inverts the rank test, so that "the bound clears θ" and "the test against θ rejects" are one
/// statement.</summary>
public sealed class RatioEstimate
{
    private readonly double[] _sortedPairs;
    private readonly NullDistribution _null;
    private readonly MeanShift _mean;

    private RatioEstimate(double[] pairs, NullDistribution distribution, MeanShift mean, int count, bool isPaired)
    {
        Array.Sort(pairs);
        (_sortedPairs, _null, _mean, Count, IsPaired) = (pairs, distribution, mean, count, isPaired);
    }

    /// <summary>Blocks if paired, else runs of the smaller arm.</summary>
    public int Count { get; }

    public bool IsPaired { get; }

    /// <summary>The median of all pairwise ratios.</summary>
    public double Ratio => Math.Exp((_sortedPairs[(_sortedPairs.Length - 1) / 2] + _sortedPairs[_sortedPairs.Length / 2]) / 2);

    /// <summary>Arms measured side by side in blocks: what slows a whole block down cancels. Averages of every two blocks'
    /// log-ratios, each with itself included (Walsh averages), against the signed-rank distribution.</summary>
    /// <param name="baseline">One positive value per block.</param>
    /// <param name="candidate">Of the same blocks, in the same order.</param>
    /// <exception cref="ArgumentException">No blocks, unequal numbers of them, or a value that has no logarithm.</exception>
    public static RatioEstimate Paired(IReadOnlyList<double> baseline, IReadOnlyList<double> candidate)
    {
        if (baseline.Count != candidate.Count) throw new ArgumentException(
            $"{baseline.Count} baseline blocks cannot be paired with {candidate.Count} others.", nameof(candidate));
        (double[] a, double[] b) = (Logarithms(baseline, nameof(baseline)), Logarithms(candidate, nameof(candidate)));
        int n = a.Length;
        double[] walsh = new double[n * (n + 1) / 2];
        for (int i = 0, at = 0; i < n; i++) for (int j = i; j < n; j++) walsh[at++] = (b[i] - a[i] + b[j] - a[j]) / 2;
        double[] differences = [.. b.Zip(a, (candidateLog, baselineLog) => candidateLog - baselineLog)];
        return new RatioEstimate(walsh, NullDistribution.SignedRank(n), MeanShift.Of(differences), n, isPaired: true);
    }

    /// <summary>Arms measured apart: every candidate run against every baseline run, and the Mann-Whitney distribution.</summary>
    /// <exception cref="ArgumentException">An arm without runs, or a value that has no logarithm.</exception>
    public static RatioEstimate Unpaired(IReadOnlyList<double> baseline, IReadOnlyList<double> candidate)
    {
        (double[] a, double[] b) = (Logarithms(baseline, nameof(baseline)), Logarithms(candidate, nameof(candidate)));
        double[] pairs = [.. a.SelectMany(one => b.Select(other => other - one))];
        int count = Math.Min(a.Length, b.Length);
        return new RatioEstimate(pairs, NullDistribution.MannWhitney(a.Length, b.Length), MeanShift.Of(a, b), count,
            isPaired: false);
    }

    /// <summary>Holds the true ratio except in at most <paramref name="misrate"/> of cases, half of it on each side. A side is 0
    /// or infinite where there are too few runs for any bound at that rate (fewer than 6 blocks at 0.05).</summary>
    public RatioInterval Interval(double misrate)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(misrate);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(misrate, 1);
        int rank = _null.LowerRank(misrate / 2);
        return rank == 0
            ? new RatioInterval(0, double.PositiveInfinity, misrate)
            : new RatioInterval(Math.Exp(_sortedPairs[rank - 1]), Math.Exp(_sortedPairs[^rank]), misrate);
    }

    /// <summary>Chance of data that speak as clearly for a ratio above <paramref name="bound"/> if it is not; a tie speaks
    /// against it.</summary>
    public double PAbove(double bound) => _null.AtMost(CountBelow(Math.Log(bound), inclusive: true));

    /// <summary>The same for a ratio below <paramref name="bound"/>.</summary>
    public double PBelow(double bound) => _null.AtMost(_sortedPairs.Length - CountBelow(Math.Log(bound), inclusive: false));

    /// <summary>Chance of data that speak as clearly for a ratio inside (<paramref name="low"/>, <paramref name="high"/>) if it
    /// is not; two-sided, so that it is at most α exactly if the interval at α lies inside.</summary>
    /// <remarks>The ranks alone would call arms equal whose runs fall into two modes in different shares: most pairs of runs are
    /// of the same mode, and their ratio is 1. So the mean of the logarithms must lie inside as well (Student's t, Welch 1947),
    /// and there must be enough runs to have seen a mode that every fifth run falls into. Claims joined by "and" need no
    /// correction (Berger 1982).</remarks>
    public double PInside(double low, double high)
    {
        if (Count < SampleSizes.FewestForEquivalence) return 1;
        double ranks = Math.Max(PAbove(low), PBelow(high));
        return Math.Min(1, 2 * Math.Max(ranks, Math.Max(_mean.PAbove(Math.Log(low)), _mean.PBelow(Math.Log(high)))));
    }

    private int CountBelow(double logarithm, bool inclusive)
    {
        // A rounding error must not turn an equality into a difference.
        double at = logarithm + (inclusive ? 1e-12 : -1e-12);
        (int low, int high) = (0, _sortedPairs.Length);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_sortedPairs[middle] < at) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private static double[] Logarithms(IReadOnlyList<double> values, string arm)
    {
        if (values.Count == 0) throw new ArgumentException("An arm without runs has no centre.", arm);
        if (values.FirstOrDefault(value => !(value > 0 && double.IsFinite(value)), 1) is var bad and not 1)
        {
            throw new ArgumentException($"{bad} is not positive; a ratio needs positive numbers.", arm);
        }
        return [.. values.Select(value => Math.Log(value))];
    }
}

/// <summary>Mean difference of logarithms with its standard error and degrees of freedom.</summary>
internal readonly record struct MeanShift(double Mean, double Error, double Freedom)
{
    internal static MeanShift Of(double[] differences)
    {
        double mean = differences.Average();
        return new MeanShift(mean, Math.Sqrt(ErrorSquared(differences, mean)), differences.Length - 1);
    }

    /// <summary>Welch–Satterthwaite: the arms may scatter differently.</summary>
    internal static MeanShift Of(double[] a, double[] b)
    {
        double meanA = a.Average(), meanB = b.Average();
        double ofA = ErrorSquared(a, meanA), ofB = ErrorSquared(b, meanB);
        double freedom = (ofA + ofB) * (ofA + ofB) / ((ofA * ofA / (a.Length - 1)) + (ofB * ofB / (b.Length - 1)));
        return new MeanShift(meanB - meanA, Math.Sqrt(ofA + ofB), freedom);
    }

    internal double PAbove(double bound) => PBeyond(Mean - bound);

    internal double PBelow(double bound) => PBeyond(bound - Mean);

    private double PBeyond(double distance)
    {
        if (Error > 0) return StudentT.CDF(0, 1, Freedom, -distance / Error);
        return distance > 0 ? 0 : 1;
    }

    private static double ErrorSquared(double[] values, double mean) =>
        values.Sum(value => (value - mean) * (value - mean)) / ((double)values.Length * (values.Length - 1));
}

/// <summary>[<see cref="Low"/>, <see cref="High"/>] misses the true ratio in at most <see cref="Misrate"/> of cases.</summary>
public readonly record struct RatioInterval(double Low, double High, double Misrate)
{
    /// <summary>Half of the interval's width on the logarithmic scale; infinite where a side is unbounded.</summary>
    public double LogHalfWidth => Low > 0 && double.IsFinite(High) ? Math.Log(High / Low) / 2 : double.PositiveInfinity;

    public override string ToString() =>
        FormattableString.Invariant($"[{Low:0.###}, {High:0.###}] at {100 * (1 - Misrate):0.##} %");
}
