using MathNet.Numerics.Distributions;

namespace Lab.Results.Statistics;

/// <summary>The Mann-Whitney test of two samples.</summary>
/// <param name="U">Pairs in which the first sample's value is larger, ties counted half: 0 … n·m.</param>
/// <param name="P">Two-sided; 1 where all values are equal.</param>
public readonly record struct MannWhitney(double U, double P)
{
    private const int ExactWithoutTies = 50;
    private const int ExactWithTies = 25;

    /// <summary>As benchstat counts (golang.org/x/perf/internal/stats, <c>MannWhitneyUTest</c>): exact up to 50 values a side,
    /// with ties by the permutation distribution (Klotz 1966) up to 25 a side, else normal with tie and continuity correction;
    /// the two-sided p is twice the smaller tail, 1 if both are equal. Perfolizer 0.3.17 has no correction for ties.</summary>
    /// <exception cref="ArgumentException">A sample is empty.</exception>
    public static MannWhitney Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count == 0 || second.Count == 0) throw new ArgumentException("A rank test needs values on both sides.");
        (int n, int m) = (first.Count, second.Count);
        List<TieGroup> groups = TieGroups(first, second);
        double rankSum = groups.Sum(group => group.Midrank * group.First);
        double u = rankSum - (n * (n + 1) / 2.0);
        if (groups.Count == 1) return new MannWhitney(u, 1);
        double smaller = Math.Min(u, (double)n * m - u);
        bool hasTies = groups.Count < n + m;
        bool isExact = Math.Max(n, m) <= (hasTies ? ExactWithTies : ExactWithoutTies);
        if (smaller * 2 == (double)n * m) return new MannWhitney(u, 1);
        return new MannWhitney(u,
            Math.Min(1, 2 * (isExact ? ExactTail(groups, n, smaller) : Normal.CDF(0, 1, -Score(groups, n, m, u)))));
    }

    /// <summary>How many of its own deviations U lies from its mean, at least 0, with tie and continuity correction: for callers
    /// that know better than independence how much it scatters.</summary>
    public static double Score(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        List<TieGroup> groups = TieGroups(first, second);
        double u = groups.Sum(group => group.Midrank * group.First) - (first.Count * (first.Count + 1) / 2.0);
        return groups.Count == 1 ? 0 : Score(groups, first.Count, second.Count, u);
    }

    private static double Score(List<TieGroup> groups, int n, int m, double u)
    {
        double total = n + m;
        double ties = groups.Sum(group => ((double)group.Size * group.Size * group.Size) - group.Size);
        double deviation = Math.Sqrt((double)n * m / 12 * (total + 1 - (ties / (total * (total - 1)))));
        return Math.Max(0, Math.Abs(u - ((double)n * m / 2)) - 0.5) / deviation;
    }

    /// <summary>Share of all ways to pick the first sample out of the tied ranks whose U is at most the one seen.</summary>
    private static double ExactTail(List<TieGroup> groups, int n, double u)
    {
        // Rank sums doubled, for midranks are halves. ways[k][s]: k values picked so far, doubled ranks summing to s.
        int largest = 2 * (int)groups.Sum(group => group.Midrank * group.Size);
        double[][] ways = Enumerable.Range(0, n + 1).Select(_ => new double[largest + 1]).ToArray();
        ways[0][0] = 1;
        foreach (TieGroup group in groups) for (int picked = n; picked > 0; picked--) Pick(ways, group, picked, largest);
        // U counts pairs won by the first sample, rank sum less n(n+1)/2: the lower tail of the doubled sum.
        int limit = (int)Math.Round((2 * u) + (n * (n + 1)));
        return ways[n].Take(limit + 1).Sum() / ways[n].Sum();
    }

    private static void Pick(double[][] ways, TieGroup group, int picked, int largest)
    {
        double choices = 1;
        for (int take = 1; take <= Math.Min(group.Size, picked); take++)
        {
            choices = choices * (group.Size - take + 1) / take;
            int rise = take * (int)Math.Round(2 * group.Midrank);
            for (int sum = rise; sum <= largest; sum++) ways[picked][sum] += choices * ways[picked - take][sum - rise];
        }
    }

    private static List<TieGroup> TieGroups(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        (double Value, bool IsFirst)[] all = [.. first.Select(value => (value, true)), .. second.Select(value => (value, false))];
        Array.Sort(all, (a, b) => a.Value.CompareTo(b.Value));
        List<TieGroup> groups = [];
        for (int start = 0; start < all.Length;)
        {
            (int end, int ofFirst) = (start, 0);
            for (; end < all.Length && all[end].Value.Equals(all[start].Value); end++) ofFirst += all[end].IsFirst ? 1 : 0;
            groups.Add(new TieGroup((start + 1 + end) / 2.0, end - start, ofFirst));
            start = end;
        }

        return groups;
    }

    /// <param name="Midrank">Mean rank of the group's values, the smallest value of all having rank 1.</param>
    /// <param name="First">How many of them are the first sample's.</param>
    private readonly record struct TieGroup(double Midrank, int Size, int First);
}
