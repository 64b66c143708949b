namespace Lab.Results.Statistics;

/// <summary>Two levels that the runs of one arm fall into: a machine or a memory layout with two states, and no single centre to
/// compare.</summary>
/// <param name="Low">Median of the runs on the lower level.</param>
/// <param name="LowCount">How many there are.</param>
/// <param name="High">Median of the others.</param>
/// <param name="HighCount">How many there are.</param>
public sealed record Modes(double Low, int LowCount, double High, int HighCount)
{
    /// <summary>A level has at least two runs: one alone is an outlier.</summary>
    private const int RunsMin = 2;

    /// <summary>Fewer runs than this cannot show two levels.</summary>
    private const int CountMin = 5;

    /// <summary>Cuts the runs where the squares within both parts are smallest (on logarithms, Fisher 1958) and calls the parts
    /// modes if what is left of the squares is less than 0.18·(n − 4.4)/(n + 7): normal, uniform and exponential runs stay above
    /// it in 98 of 100 cases.</summary>
    /// <param name="values">One positive value per run.</param>
    /// <param name="gapMin">Smallest relative distance of the levels worth a word: 0.02 for 2 %.</param>
    /// <returns>Null if one level describes the runs.</returns>
    public static Modes? In(IReadOnlyList<double> values, double gapMin)
    {
        int count = values.Count;
        if (count < CountMin) return null;
        double[] sorted = [.. values.Order()];
        double[] logarithms = [.. sorted.Select(value => Math.Log(value))];
        double total = SquaresAbout(logarithms);
        int cut = Enumerable.Range(RunsMin, count - (2 * RunsMin) + 1)
            .MinBy(at => SquaresAbout(logarithms.AsSpan(..at)) + SquaresAbout(logarithms.AsSpan(at..)));
        double within = SquaresAbout(logarithms.AsSpan(..cut)) + SquaresAbout(logarithms.AsSpan(cut..));
        if (total == 0 || within >= total * 0.18 * (count - 4.4) / (count + 7)) return null;
        Modes found = new(Spread.Median(sorted[..cut]), cut, Spread.Median(sorted[cut..]), count - cut);
        return found.High > found.Low * (1 + gapMin) ? found : null;
    }

    private static double SquaresAbout(ReadOnlySpan<double> values)
    {
        double mean = 0, squares = 0;
        foreach (double value in values) mean += value / values.Length;
        foreach (double value in values) squares += (value - mean) * (value - mean);
        return squares;
    }
}
