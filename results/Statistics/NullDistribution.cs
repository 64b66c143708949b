using MathNet.Numerics.Distributions;

namespace Lab.Results.Statistics;

/// <summary>How many of a rank test's pairs fall on one side when there is no difference: the Wilcoxon signed-rank statistic over
/// the n(n+1)/2 Walsh pairs of one sample, or the Mann-Whitney statistic over the n·m pairs of two. Symmetric about half of the
/// pairs. Counted exactly up to <see cref="ExactLimit"/> values, by the normal distribution with continuity correction beyond.
/// Written by hand: Perfolizer 0.3.17 has no signed-rank distribution, and its Mann-Whitney ones take no ties.</summary>
public sealed class NullDistribution
{
    /// <summary>Values (of both samples together) up to which counts are exact; the normal error is below 0.001 beyond.</summary>
    public const int ExactLimit = 60;

    private readonly double[]? _cumulative;
    private readonly double _deviation;

    private NullDistribution(int pairs, double deviation, double[]? weights)
    {
        Pairs = pairs;
        _deviation = deviation;
        if (weights is null) return;
        double total = weights.Sum();
        double passed = 0;
        _cumulative = [.. weights.Select(weight => (passed += weight) / total)];
    }

    public int Pairs { get; }

    /// <summary>Of n independent values, each as likely above the centre as below. Hollander, Wolfe, Chicken 2014, section
    /// 3.1.</summary>
    public static NullDistribution SignedRank(int n)
    {
        int pairs = n * (n + 1) / 2;
        double[]? weights = null;
        if (n <= ExactLimit)
        {
            // Each rank is in the sum or not: multiply the polynomials 1 + x^rank.
            weights = new double[pairs + 1];
            weights[0] = 1;
            for (int rank = 1; rank <= n; rank++) for (int sum = pairs; sum >= rank; sum--) weights[sum] += weights[sum - rank];
        }

        return new NullDistribution(pairs, Math.Sqrt(n * (n + 1.0) * (2.0 * n + 1) / 24), weights);
    }

    /// <summary>Of two samples from one continuous distribution. Mann, Whitney 1947: Gaussian binomial coefficients.</summary>
    public static NullDistribution MannWhitney(int n, int m)
    {
        int pairs = n * m;
        double[]? weights = null;
        if (n + m <= ExactLimit)
        {
            // Multiply by 1 - x^(m+k), divide by 1 - x^k, for k = 1 … n.
            weights = new double[pairs + 1];
            weights[0] = 1;
            for (int k = 1; k <= n; k++)
            {
                for (int u = pairs; u >= m + k; u--) weights[u] -= weights[u - m - k];
                for (int u = k; u <= pairs; u++) weights[u] += weights[u - k];
            }
        }

        return new NullDistribution(pairs, Math.Sqrt((double)n * m * (n + m + 1.0) / 12), weights);
    }

    /// <summary>Probability of at most <paramref name="count"/> pairs on the given side; 0 below none.</summary>
    public double AtMost(int count)
    {
        if (count < 0) return 0;
        if (count >= Pairs) return 1;
        return _cumulative is null ? Normal.CDF(0, 1, (count + 0.5 - (Pairs / 2.0)) / _deviation) : _cumulative[count];
    }

    /// <summary>The rank, from 1, of the ordered pair that bounds the centre from below: the centre is smaller in at most
    /// <paramref name="misrate"/> of cases. 0 where even the smallest pair is no such bound. Bound: log2 of the pairs.</summary>
    public int LowerRank(double misrate)
    {
        (int low, int high) = (0, Pairs / 2);
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (AtMost(middle - 1) <= misrate) low = middle;
            else high = middle - 1;
        }

        return low;
    }
}
