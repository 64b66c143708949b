namespace Lab.Results.Statistics;

/// <summary>Ratio of a candidate's centre to a baseline's over runs, by Hodges and Lehmann 1963 on the logarithms: one value per
/// run (a quantile, a rate), since runs differ more than the samples within one and pooled samples report differences that are
/// not there. The interval inverts the rank test, so that "the bound clears θ" and "the test against θ rejects" are one
/// statement.</summary>
public sealed class RatioEstimate
{
    private readonly double[] _sortedPairs;
    private readonly NullDistribution _null;

    private RatioEstimate(double[] pairs, NullDistribution distribution, int count, bool isPaired)
    {
        Array.Sort(pairs);
        (_sortedPairs, _null, Count, IsPaired) = (pairs, distribution, count, isPaired);
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
        return new RatioEstimate(walsh, NullDistribution.SignedRank(n), n, isPaired: true);
    }

    /// <summary>Arms measured apart: every candidate run against every baseline run, and the Mann-Whitney distribution.</summary>
    /// <exception cref="ArgumentException">An arm without runs, or a value that has no logarithm.</exception>
    public static RatioEstimate Unpaired(IReadOnlyList<double> baseline, IReadOnlyList<double> candidate)
    {
        (double[] a, double[] b) = (Logarithms(baseline, nameof(baseline)), Logarithms(candidate, nameof(candidate)));
        double[] pairs = [.. a.SelectMany(one => b.Select(other => other - one))];
        return new RatioEstimate(pairs, NullDistribution.MannWhitney(a.Length, b.Length), Math.Min(a.Length, b.Length),
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

/// <summary>[<see cref="Low"/>, <see cref="High"/>] misses the true ratio in at most <see cref="Misrate"/> of cases.</summary>
public readonly record struct RatioInterval(double Low, double High, double Misrate)
{
    /// <summary>Half of the interval's width on the logarithmic scale; infinite where a side is unbounded.</summary>
    public double LogHalfWidth => Low > 0 && double.IsFinite(High) ? Math.Log(High / Low) / 2 : double.PositiveInfinity;

    public override string ToString() =>
        FormattableString.Invariant($"[{Low:0.###}, {High:0.###}] at {100 * (1 - Misrate):0.##} %");
}
