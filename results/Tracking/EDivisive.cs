using MathNet.Numerics.Distributions;

namespace Lab.Results.Tracking;

/// <summary>Where a series may have changed: E-divisive (Matteson, James 2014) in windows of 50 that overlap by half, with
/// Student's t in place of permutations, as Apache Otava does it (<c>signal_processing.split</c> and <c>merge</c>). Too eager by
/// itself: where points depend on each other it sees change after change. <see cref="ChangePointDetector"/> confirms or drops
/// them.</summary>
internal static class EDivisive
{
    private const int Window = 50;

    /// <summary>A first look this much more lenient finds pairs of changes that only together stand out.</summary>
    private const double Leniency = 10;

    /// <summary>First indices of new segments, rising. Bound: about n/25 windows, each at most 50²·log₂(50) steps in
    /// practice.</summary>
    internal static List<int> Candidates(double[] series, double pMax)
    {
        List<int> weak = [];
        for (int start = 0; start < series.Length;)
        {
            int end = Math.Min(start + Window, series.Length);
            weak.AddRange(Split(series, start, end, Math.Min(Leniency * pMax, 0.5)));
            start = Math.Max(weak.Count > 0 ? weak[^1] : 0, start + (Window / 2));
        }

        return Merge(series, [.. weak.Distinct().Order()], pMax);
    }

    private static List<int> Split(double[] series, int start, int end, double pMax)
    {
        List<int> bounds = [start, end];
        while (true)
        {
            (int Index, double Energy) best = bounds.Zip(bounds.Skip(1),
                (from, to) => BestSplit(series.AsSpan(from, to - from), from)).MaxBy(split => split.Energy);
            if (best.Energy <= 0) break;
            int at = bounds.FindIndex(bound => bound > best.Index);
            if (P(series, bounds[at - 1], best.Index, bounds[at]) > pMax) break;
            bounds.Insert(at, best.Index);
        }

        return bounds[1..^1];
    }

    private static List<int> Merge(double[] series, List<int> points, double pMax)
    {
        while (points.Count > 0)
        {
            int[] bounds = [0, .. points, series.Length];
            (int Index, double P) worst = Enumerable.Range(0, points.Count)
                .Select(index => (Index: index, P: P(series, bounds[index], bounds[index + 1], bounds[index + 2])))
                .MaxBy(point => point.P);
            if (worst.P <= pMax) break;
            points.RemoveAt(worst.Index);
        }

        return points;
    }

    /// <summary>The split with the largest energy distance between its sides, grown by a point at a time: quadratic in the
    /// span.</summary>
    private static (int Index, double Energy) BestSplit(ReadOnlySpan<double> span, int offset)
    {
        double within = 0, between = 0, beyond = 0;
        for (int i = 0; i < span.Length; i++) for (int j = i + 1; j < span.Length; j++) beyond += Math.Abs(span[i] - span[j]);
        (int Index, double Energy) best = (Index: offset, Energy: 0.0);
        for (int moved = 0; moved < span.Length - 1; moved++)
        {
            double toLeft = 0, toRight = 0;
            for (int i = 0; i < moved; i++) toLeft += Math.Abs(span[i] - span[moved]);
            for (int i = moved + 1; i < span.Length; i++) toRight += Math.Abs(span[i] - span[moved]);
            within += toLeft;
            beyond -= toRight;
            between += toRight - toLeft;
            double m = moved + 1, n = span.Length - m;
            if (m < 2 || n < 2) continue;
            double energy =
                m * n / (m + n) * ((2 * between / (m * n)) - (2 * within / (m * (m - 1))) - (2 * beyond / (n * (n - 1))));
            if (energy > best.Energy) best = (offset + moved + 1, energy);
        }

        return best;
    }

    /// <summary>Two-sided p of equal means left and right of a split; Student's t with pooled variance.</summary>
    private static double P(double[] series, int from, int split, int to)
    {
        (int left, int right) = (split - from, to - split);
        int freedom = left + right - 2;
        if (freedom < 1) return 1;
        ((double meanLeft, double squaresLeft), (double meanRight, double squaresRight)) =
            (Moments(series.AsSpan(from, left)), Moments(series.AsSpan(split, right)));
        double pooled = (squaresLeft + squaresRight) / freedom;
        if (pooled == 0) return meanLeft == meanRight ? 1 : 0;
        double t = Math.Abs(meanLeft - meanRight) / Math.Sqrt(pooled * ((1.0 / left) + (1.0 / right)));
        return 2 * StudentT.CDF(0, 1, freedom, -t);
    }

    private static (double Mean, double Squares) Moments(ReadOnlySpan<double> values)
    {
        double sum = 0, squares = 0;
        foreach (double value in values) sum += value;
        double mean = sum / values.Length;
        foreach (double value in values) squares += (value - mean) * (value - mean);
        return (mean, squares);
    }
}
