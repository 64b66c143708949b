namespace Lab.Bench.Peers;

/// <summary>Nanoseconds per page that one round took, by kind of work.</summary>
internal readonly record struct RoundTimes(double Install, double Walk, double Zap)
{
    /// <summary>Passes over all pages in one round, by either side: the first warms, of the others the median counts. A pass
    /// takes about a millisecond, less than the time for which a busy machine may take the core away.</summary>
    public const int Passes = 6;

    /// <summary>The median of the passes but the first, for each kind of work on its own.</summary>
    public static RoundTimes MedianOf(IReadOnlyList<RoundTimes> passes) =>
        new(MedianOf(passes, pass => pass.Install), MedianOf(passes, pass => pass.Walk), MedianOf(passes, pass => pass.Zap));

    private static double MedianOf(IReadOnlyList<RoundTimes> passes, Func<RoundTimes, double> work) =>
        new Sample(passes.Skip(1).Select(work)).Quantile(0.5);
}

/// <summary>Values in ascending order; quantiles are interpolated between neighbours.</summary>
internal sealed class Sample(IEnumerable<double> values)
{
    private readonly double[] _sorted = [.. values.Order()];

    public double Quantile(double p)
    {
        double at = p * (_sorted.Length - 1);
        int below = (int)at;
        int above = Math.Min(below + 1, _sorted.Length - 1);
        return _sorted[below] + (at - below) * (_sorted[above] - _sorted[below]);
    }
}
