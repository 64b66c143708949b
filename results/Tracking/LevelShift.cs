using MathNet.Numerics.Distributions;

namespace Lab.Results.Tracking;

/// <summary>A level that rises by <paramref name="Size"/> at one point, fitted by generalised least squares to a series whose
/// noise follows a first-order autoregression: both sides of the model are whitened, x[i] - ρ·x[i-1], which leaves innovations
/// that do not depend on each other. The step itself becomes one jump of the whole size and 1-ρ of it at each later point, so
/// that where points depend on each other most is said by the first.</summary>
/// <param name="P">Of no shift; Student's t, two-sided. Two levels and ρ are taken off the freedom.</param>
internal readonly record struct LevelShift(double Size, double P)
{
    private const int Fitted = 3;

    /// <param name="split">First index of the second level, 1 … length - 1.</param>
    internal static LevelShift At(ReadOnlySpan<double> values, int split, double rho)
    {
        Whitened series = new(values, rho);
        double innovations = 0;
        for (int index = split + 1; index < values.Length; index++) innovations += values[index] - (rho * values[index - 1]);
        (double size, double gain) = series.Step(values.Length - split, values[split] - (rho * values[split - 1]), innovations);
        (double left, int freedom) = (series.Squares - gain, values.Length - Fitted);
        if (freedom < 1 || gain <= 0) return new LevelShift(size, 1);
        return new LevelShift(size, left <= 0 ? 0 : 2 * StudentT.CDF(0, 1, freedom, -Math.Sqrt(gain / left * freedom)));
    }

    /// <summary>The split that leaves the least squares, both levels having at least <paramref name="minimumSegment"/> points; 0
    /// if there is none. Linear in the values.</summary>
    internal static int BestSplit(ReadOnlySpan<double> values, double rho, int minimumSegment)
    {
        Whitened series = new(values, rho);
        double innovations = 0, best = 0;
        int split = 0;
        for (int index = values.Length - 1; index >= Math.Max(minimumSegment, 1); index--)
        {
            double innovation = values[index] - (rho * values[index - 1]);
            if (values.Length - index >= minimumSegment
                && series.Step(values.Length - index, innovation, innovations).Gain is var gain && gain > best)
            {
                (best, split) = (gain, index);
            }
            innovations += innovation;
        }

        return split;
    }

    /// <summary>The series with one level; the first value, of which there is none before, weighs 1-ρ².</summary>
    private readonly ref struct Whitened
    {
        private readonly double _rho;
        private readonly double _ones;
        private readonly double _sum;

        internal Whitened(ReadOnlySpan<double> values, double rho)
        {
            _rho = rho;
            double first = 1 - (rho * rho);
            (_ones, _sum) = (first + ((values.Length - 1) * (1 - rho) * (1 - rho)), first * values[0]);
            for (int index = 1; index < values.Length; index++) _sum += (1 - rho) * (values[index] - (rho * values[index - 1]));
            double level = _sum / _ones;
            Squares = first * (values[0] - level) * (values[0] - level);
            for (int index = 1; index < values.Length; index++)
            {
                double innovation = values[index] - level - (rho * (values[index - 1] - level));
                Squares += innovation * innovation;
            }
        }

        /// <summary>What one level leaves.</summary>
        internal double Squares { get; }

        /// <param name="count">Points of the second level.</param>
        /// <param name="jump">The innovation at its first.</param>
        /// <param name="later">The sum of its other innovations.</param>
        /// <returns>The step's size, and by how much it lessens the squares.</returns>
        internal (double Size, double Gain) Step(int count, double jump, double later)
        {
            double rest = (count - 1) * (1 - _rho) * (1 - _rho);
            double common = 1 - _rho + rest;
            double information = 1 + rest - (common * common / _ones);
            double size = (jump + ((1 - _rho) * later) - (common * _sum / _ones)) / information;
            return (size, size * size * information);
        }
    }
}
