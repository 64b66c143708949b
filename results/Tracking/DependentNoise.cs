using Lab.Results.Statistics;

namespace Lab.Results.Tracking;

/// <summary>What a series does about its levels.</summary>
/// <param name="Rho">Correlation of each point with the next, 0 … 0.95.</param>
/// <param name="Values">The series, each point at most 3 deviations from its level's median: a spike neither hides ρ nor makes a
/// level.</param>
internal sealed record DependentNoise(double Rho, double[] Values)
{
    private const double Clip = 3;

    /// <summary>√((1+ρ)/(1-ρ)): how much more a mean of many such points scatters than one of independent points.</summary>
    internal double Inflation => Math.Sqrt((1 + Rho) / (1 - Rho));

    /// <param name="starts">First indices of the levels after the first, rising.</param>
    internal static DependentNoise Of(double[] values, List<int> starts)
    {
        int[] bounds = [0, .. starts, values.Length];
        double[] medians = [.. bounds.Zip(bounds.Skip(1),
            (from, to) => Enumerable.Repeat(Spread.Median(values[from..to]), to - from)).SelectMany(level => level)];
        double[] residuals = [.. values.Zip(medians, (value, median) => value - median)];
        double limit = Clip * Spread.MedianAbsoluteDeviation(residuals);
        double[] clipped = limit > 0 ? [.. residuals.Select(residual => Math.Clamp(residual, -limit, limit))] : residuals;
        // Residuals are less alike than the points were, by (1+3ρ)/n for each level taken off them (Kendall 1954, for the mean).
        double rho = Spread.Lag1Autocorrelation(clipped);
        rho += (bounds.Length - 1) * (1 + (3 * Math.Max(rho, 0))) / values.Length;
        return new DependentNoise(Math.Clamp(rho, 0, 0.95), [.. clipped.Zip(medians, (residual, median) => residual + median)]);
    }
}
