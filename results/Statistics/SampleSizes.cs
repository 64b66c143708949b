using MathNet.Numerics.Distributions;

namespace Lab.Results.Statistics;

/// <summary>How much must be measured before a question can be answered.</summary>
public static class SampleSizes
{
    /// <summary>Samples that a run needs before its p-quantile is worth comparing: 100/(1 - p), so that about a hundred lie
    /// beyond it. With fewer the quantile's own scatter hides true changes of a tenth.</summary>
    public static long ForQuantile(double p)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(p);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(p, 1);
        return (long)Math.Ceiling((100 / (1 - p)) - 1e-6);
    }

    public static bool Supports(long samples, double p) => samples >= ForQuantile(p);

    /// <summary>A run of this length has the samples that it takes so many seconds to get, with a quarter more because rates
    /// vary: in whole seconds, from a minute on in whole minutes, as one types it; null above the hour that a run may
    /// last.</summary>
    public static string? Duration(double seconds)
    {
        double ample = Math.Max(1, Math.Ceiling(1.25 * seconds));
        return ample > 3600 || double.IsNaN(ample) ? null
            : ample < 60 ? FormattableString.Invariant($"{ample:0}s")
            : FormattableString.Invariant($"{Math.Ceiling(ample / 60):0}m");
    }

    /// <summary>Runs per arm below which no data at all can reach <paramref name="misrate"/> (two-sided): 2·2⁻ⁿ for pairs of
    /// blocks, 2/C(2n, n) for arms measured apart.</summary>
    public static int FewestRuns(double misrate, bool isPaired)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(misrate);
        double smallest = 2;
        int n = 0;
        while (smallest > misrate)
        {
            n++;
            smallest *= isPaired ? 0.5 : n / (2.0 * ((2.0 * n) - 1));
        }

        return n;
    }

    /// <summary>Runs per arm below which nothing is called equivalent. If every fifth run falls into a second mode, two runs are
    /// of the same mode with 0.8² + 0.2² = 0.68, and n blocks in a row look as if there were only one with 0.68ⁿ, which is at
    /// most 0.05 from 8 on.</summary>
    public const int FewestForEquivalence = 8;

    /// <summary>Smallest true change that n runs per arm find outside the threshold with the given power: ln(1 + θ) + (z_α/2 +
    /// z_power)·s·√(2/n), on the logarithmic scale; a little more for the coarseness of ranks.</summary>
    /// <param name="spread">Deviation of a run's value relative to it: 0.03 for 3 %.</param>
    public static double DetectableChange(int runs, double spread, double threshold, double alpha = 0.05, double power = 0.9)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(runs);
        return Math.Exp(Math.Log(1 + threshold) + ((Z(alpha / 2) + Z(1 - power)) * spread * Math.Sqrt(2.0 / runs))) - 1;
    }

    /// <summary>Runs per arm that find a true change outside the threshold with the given power: the above, solved for
    /// n.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The change does not exceed the threshold: no number of runs would
    /// do.</exception>
    public static int RunsForChange(double change, double spread, double threshold, double alpha = 0.05, double power = 0.9)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(change, threshold);
        double distance = Math.Log((1 + change) / (1 + threshold));
        double z = Z(alpha / 2) + Z(1 - power);
        return Math.Max(FewestRuns(alpha, isPaired: true), (int)Math.Ceiling(2 * Math.Pow(z * spread / distance, 2)));
    }

    /// <summary>What a standard normal value exceeds with probability <paramref name="tail"/>.</summary>
    internal static double Z(double tail) => Normal.InvCDF(0, 1, 1 - tail);
}
