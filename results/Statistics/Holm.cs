namespace Lab.Results.Statistics;

/// <summary>Holm 1979: several tests at once. Rejecting where the adjusted p is at most α, the chance that any true hypothesis of
/// the family is rejected is at most α, whatever depends on what. The i-th smallest of m is held against α/(m - i + 1), and the
/// first that fails stops all larger ones.</summary>
public static class Holm
{
    /// <summary>Adjusted p in the order given, at most 1.</summary>
    public static IReadOnlyList<double> Adjust(IReadOnlyList<double> pValues)
    {
        double[] adjusted = new double[pValues.Count];
        double running = 0;
        foreach ((int index, int rank) in Ranks(pValues))
        {
            running = Math.Max(running, Math.Min(1, pValues[index] * (pValues.Count - rank)));
            adjusted[index] = running;
        }

        return adjusted;
    }

    /// <summary>The rate each test was held against, in the order given; those behind the first that failed share its rate. With
    /// it, "p is at most its rate" and "the adjusted p is at most α" say the same.</summary>
    public static IReadOnlyList<double> Rates(IReadOnlyList<double> pValues, double alpha)
    {
        double[] rates = new double[pValues.Count];
        double? stopped = null;
        foreach ((int index, int rank) in Ranks(pValues))
        {
            double rate = stopped ?? alpha / (pValues.Count - rank);
            rates[index] = rate;
            if (pValues[index] > rate) stopped = rate;
        }

        return rates;
    }

    private static IEnumerable<(int Index, int Rank)> Ranks(IReadOnlyList<double> pValues) =>
        Enumerable.Range(0, pValues.Count).OrderBy(index => pValues[index]).Select((index, rank) => (index, rank));
}
