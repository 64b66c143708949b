using Lab.Results.Statistics;
using MathNet.Numerics.Distributions;

namespace Lab.Results.Tracking;

/// <summary>The first point of a series that belongs to a new level.</summary>
/// <param name="Index">Of the first point after the change; the last before it is one less.</param>
/// <param name="Before">Median of the segment that ends here.</param>
/// <param name="Change">Relative to it: 0.05 for 5 % up.</param>
/// <param name="P">Of the segments on both sides being one, with the variance that dependent points have.</param>
public readonly record struct ChangePoint(int Index, double Before, double After, double Change, double P);

/// <summary>
/// What it takes to call a point a change. The defaults were chosen on simulated histories (independent and dependent points,
/// normal
/// and lognormal) to raise fewer than one false alarm in ten thousand points and still see a step of 2.5 deviations within
/// eight points; tests/Results/ChangePointTests.cs holds them to it.
/// </summary>
public sealed record DetectorSettings
{
    /// <summary>Of the confirming rank test.</summary>
    public double PMax { get; init; } = 2e-3;

    /// <summary>Smallest relative change of the median worth a name.</summary>
    public double MinimumEffect { get; init; } = 0.03;

    /// <summary>Fewest points of a level: a spike is none.</summary>
    public int MinimumSegment { get; init; } = 4;

    /// <summary>
    /// Of the candidates' t-test. Short levels decide it: where the ranks of eight points have reached their extreme, t still
    /// tells a
    /// clear step from a lucky one.
    /// </summary>
    public double CandidatePMax { get; init; } = 1e-4;
}

/// <summary>
/// Changes of level in a series of measurements. Candidates come from <see cref="EDivisive"/>; then the worst is dropped until
/// every one that is left
/// passes: long enough segments on both sides, a large enough change, and a Mann-Whitney test between neighbouring segments whose
/// deviation is multiplied by √((1+ρ)/(1-ρ)), ρ being the correlation of each point with the next. Without that factor a quiet
/// machine
/// whose mood lasts longer than a point raises alarm after alarm.
/// </summary>
public static class ChangePointDetector
{
    /// <summary>
    /// Points below which no series at all has a change: even where all before lie below all after, the ranks of fewer do not reach
    /// <see cref="DetectorSettings.PMax"/>. Equal halves reach it first.
    /// </summary>
    public static int FewestPoints(DetectorSettings? settings = null)
    {
        settings ??= new DetectorSettings();
        for (var count = 2 * settings.MinimumSegment; ; count++)
        {
            double[] before = [.. Enumerable.Range(0, count / 2)], after = [.. Enumerable.Range(count / 2, count - (count / 2))];
            if (2 * Normal.CDF(0, 1, -MannWhitney.Score(before, after)) <= settings.PMax)
                return count;
        }
    }

    /// <summary>Rising by index; none for a series shorter than two segments.</summary>
    /// <param name="series">Oldest first, finite.</param>
    public static IReadOnlyList<ChangePoint> Find(IReadOnlyList<double> series, DetectorSettings? settings = null)
    {
        settings ??= new DetectorSettings();
        double[] values = [.. series];
        if (values.FirstOrDefault(value => !double.IsFinite(value)) is var bad && !double.IsFinite(bad))
            throw new ArgumentException($"{bad} is no value of a series.", nameof(series));
        var starts = EDivisive.Candidates(values, settings.CandidatePMax);
        while (starts.Count > 0)
        {
            Relocate(values, starts, settings.MinimumSegment);
            var inflation = Inflation(values, starts);
            List<ChangePoint> points = [.. starts.Select((_, index) => Judge(values, starts, index, inflation))];
            var worst = Enumerable.Range(0, points.Count).MinBy(index => Standing(points[index], starts, index, values.Length, settings));
            if (Standing(points[worst], starts, worst, values.Length, settings) >= 1)
                return points;
            starts.RemoveAt(worst);
        }

        return [];
    }

    /// <summary>
    /// Moves each candidate to the split between its neighbours that leaves the least squares on both sides: a window of 50 saw
    /// only part of what lies between them. Splits that cut off less than a level are not looked at.
    /// </summary>
    private static void Relocate(double[] values, List<int> starts, int minimumSegment)
    {
        for (var index = 0; index < starts.Count; index++)
        {
            var (from, to) = (index == 0 ? 0 : starts[index - 1], index + 1 < starts.Count ? starts[index + 1] : values.Length);
            var span = values.AsSpan(from, to - from);
            double mean = 0, sum = 0, best = 0;
            foreach (var value in span)
                mean += value / span.Length;
            for (var left = 1; left <= span.Length - minimumSegment; left++)
            {
                sum += span[left - 1] - mean;
                var score = sum * sum / ((double)left * (span.Length - left));
                if (left >= minimumSegment && score > best)
                    (best, starts[index]) = (score, from + left);
            }
        }
    }

    /// <summary>How well a candidate stands: at least 1 if it passes; the lower the sooner it is dropped.</summary>
    private static double Standing(ChangePoint point, List<int> starts, int index, int length, DetectorSettings settings)
    {
        var before = point.Index - (index == 0 ? 0 : starts[index - 1]);
        var after = (index + 1 < starts.Count ? starts[index + 1] : length) - point.Index;
        if (Math.Min(before, after) < settings.MinimumSegment)
            return -1 - point.P; // Of two that enclose too short a level the weaker goes first.
        if (point.P > settings.PMax)
            return -point.P;
        return Math.Abs(point.Change) < settings.MinimumEffect ? 0.5 : 1;
    }

    private static ChangePoint Judge(double[] values, List<int> starts, int index, double inflation)
    {
        var before = values[(index == 0 ? 0 : starts[index - 1])..starts[index]];
        var after = values[starts[index]..(index + 1 < starts.Count ? starts[index + 1] : values.Length)];
        var p = 2 * Normal.CDF(0, 1, -MannWhitney.Score(before, after) / inflation);
        var (from, to) = (Spread.Median(before), Spread.Median(after));
        return new ChangePoint(starts[index], from, to, Relative(from, to), p);
    }

    private static double Relative(double from, double to) =>
        from == to ? 0 : from == 0 ? Math.CopySign(double.PositiveInfinity, to) : (to - from) / Math.Abs(from);

    /// <summary>
    /// √((1+ρ)/(1-ρ)) for the points' distances from their segments' medians, clipped at 3 deviations so that a spike does not
    /// hide ρ.
    /// </summary>
    private static double Inflation(double[] values, List<int> starts)
    {
        int[] bounds = [0, .. starts, values.Length];
        double[] residuals = [.. bounds.Zip(bounds.Skip(1), (from, to) => Residuals(values[from..to])).SelectMany(segment => segment)];
        var limit = 3 * Spread.MedianAbsoluteDeviation(residuals);
        double[] clipped = limit > 0 ? [.. residuals.Select(residual => Math.Clamp(residual, -limit, limit))] : residuals;
        // Residuals of a median are less alike than the points were, by about 1/n.
        var rho = Math.Clamp(Spread.Lag1Autocorrelation(clipped) + (1.0 / values.Length), 0, 0.95);
        return Math.Sqrt((1 + rho) / (1 - rho));
    }

    private static IEnumerable<double> Residuals(double[] segment)
    {
        var median = Spread.Median(segment);
        return segment.Select(value => value - median);
    }
}
