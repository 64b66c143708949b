namespace Lab.Tests.Results;

/// <summary>Measurements with a known truth. Equal seeds give equal ones: the runtime promises that of a seeded Random.</summary>
internal sealed class Simulated(int seed)
{
    private readonly Random _random = new(seed);

    internal double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    /// <summary>One value per run about a centre.</summary>
    internal double[] Runs(int count, double centre, double spread) =>
        [.. Enumerable.Range(0, count).Select(_ => centre * Math.Exp(spread * Normal()))];

    /// <summary>Runs of which a share <paramref name="weight"/> falls into a second mode, <paramref name="apart"/> times the
    /// first.</summary>
    internal double[] Bimodal(int count, double weight, double apart, double spread = 0.005) =>
        [.. Enumerable.Range(0,
            count).Select(_ => 100 * (_random.NextDouble() < weight ? apart : 1) * Math.Exp(spread * Normal()))];

    /// <summary>A history of 1,000 with noise whose correlation with the next point is <paramref name="rho"/> and, from
    /// <paramref name="step"/> on, a level higher by <paramref name="change"/>.</summary>
    internal double[] Series(
        int length, double rho, bool isLognormal, double spread = 0.02, int step = int.MaxValue, double change = 0.05)
    {
        double[] series = new double[length];
        double z = Normal();
        for (int index = 0; index < length; index++)
        {
            if (index > 0) z = rho * z + Math.Sqrt(1 - rho * rho) * Normal();
            double noise = isLognormal ? Math.Exp(spread * z) : 1 + spread * z;
            series[index] = 1000 * noise * (index >= step ? 1 + change : 1);
        }
        return series;
    }

    /// <summary>Interleaved blocks (A B, B A, …) measured at four quantiles: each run has a mood of its own that all its
    /// quantiles share, tails scatter more, and the machine drifts from run to run.</summary>
    internal (double[][] Baseline, double[][] Candidate) Blocks(
        int blocks, double change, double runSpread = 0.03, double driftPerRun = 0)
    {
        double[] ownSpread = [0.002, 0.005, 0.01, 0.02];
        double[][] a = [.. ownSpread.Select(_ => new double[blocks])], b = [.. ownSpread.Select(_ => new double[blocks])];
        for (int block = 0; block < blocks; block++)
        {
            bool isAFirst = block % 2 == 0;
            double moodA = runSpread * Normal() + driftPerRun * (2 * block + (isAFirst ? 0 : 1));
            double moodB = runSpread * Normal() + driftPerRun * (2 * block + (isAFirst ? 1 : 0));
            for (int q = 0; q < ownSpread.Length; q++)
            {
                a[q][block] = 100 * (q + 1) * Math.Exp(moodA + ownSpread[q] * Normal());
                b[q][block] = 100 * (q + 1) * (1 + change) * Math.Exp(moodB + ownSpread[q] * Normal());
            }
        }
        return (a, b);
    }
}
