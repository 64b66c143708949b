using Lab.Results.Statistics;
using MathNet.Numerics.Distributions;

namespace Lab.Results.Tracking;

/// <summary>The first point of a series that belongs to a new level.</summary>
/// <param name="Index">Of the first point after the change; the last before it is one less.</param>
/// <param name="Before">Median of the segment that ends here.</param>
/// <param name="Change">Relative to it: 0.05 for 5 % up.</param>
/// <param name="P">Of the segments on both sides being one, with the variance that dependent points have.</param>
public readonly record struct ChangePoint(int Index, double Before, double After, double Change, double P);

/// <summary>What it takes to call a point a change. The defaults were chosen on simulated histories (independent and dependent
/// points, normal and lognormal) to raise fewer than one false alarm in ten thousand points and still see a step of 2.5
/// deviations within eight points; tests/Results/ChangePointTests.cs holds them to it.</summary>
public sealed record DetectorSettings
{
    /// <summary>Of the confirming rank test.</summary>
    public double PMax { get; init; } = 2e-3;

    /// <summary>Smallest relative change of the median worth a name.</summary>
    public double MinimumEffect { get; init; } = 0.03;

    /// <summary>Fewest points of a level: a spike is none.</summary>
    public int MinimumSegment { get; init; } = 4;

    /// <summary>Of the candidates' t-test. Short levels decide it: where the ranks of eight points have reached their extreme, t
    /// still tells a clear step from a lucky one.</summary>
    public double CandidatePMax { get; init; } = 1e-4;

    /// <summary>Of the shift test that may confirm the newest level in place of the ranks: the level at which
    /// tests/Results/ChangePointTests.cs computes what an oracle would see. A larger one finds more, and raises more false alarms
    /// while a history grows, each new point being another try.</summary>
    public double NewestPMax { get; init; } = 1e-4;
}

/// <summary>
/// Changes of level in a series of measurements. Candidates come from <see cref="EDivisive"/>; then the worst is dropped until
/// every one that is left passes: long enough segments on both sides, a large enough change, and a Mann-Whitney test between
/// neighbouring segments whose deviation is multiplied by √((1+ρ)/(1-ρ)), ρ being the correlation of each point with the next.
/// Without that factor a quiet machine whose noise lasts longer than a point raises alarm after alarm.
/// <para> With it, ranks of eight points against a hundred never reach their limit at ρ = 0.6. So the newest level, which an
/// alarm is about, may also be proposed and confirmed by a <see cref="LevelShift"/>. No other level may: one between two others
/// was sought at as many ends as beginnings, and dependent noise passes then as often as at its end. </para>
/// </summary>
public static class ChangePointDetector
{
    /// <summary>Points below which no series at all has a change: even where all before lie below all after, the ranks of fewer
    /// do not reach <see cref="DetectorSettings.PMax"/>. Equal halves reach it first.</summary>
    public static int FewestPoints(DetectorSettings? settings = null)
    {
        settings ??= new DetectorSettings();
        for (int count = 2 * settings.MinimumSegment; ; count++)
        {
            double[] before = [.. Enumerable.Range(0, count / 2)], after = [.. Enumerable.Range(count / 2, count - (count / 2))];
            if (2 * Normal.CDF(0, 1, -MannWhitney.Score(before, after)) <= settings.PMax) return count;
        }
    }

    /// <summary>Rising by index; none for a series shorter than two segments.</summary>
    /// <param name="series">Oldest first, finite.</param>
    public static IReadOnlyList<ChangePoint> Find(IReadOnlyList<double> series, DetectorSettings? settings = null)
    {
        settings ??= new DetectorSettings();
        double[] values = [.. series];
        if (values.FirstOrDefault(value => !double.IsFinite(value)) is var bad && !double.IsFinite(bad))
        {
            throw new ArgumentException($"{bad} cannot be part of a series.", nameof(series));
        }
        List<int> starts = EDivisive.Candidates(values, settings.CandidatePMax);
        List<ChangePoint> points = Confirm(values, starts, settings);
        while (WithNewest(values, starts, settings) is { } proposed)
        {
            List<ChangePoint> more = Confirm(values, proposed, settings);
            if (more.Count <= points.Count) break;
            (starts, points) = (proposed, more);
        }

        return points;
    }

    /// <summary>Drops the worst of the candidates until every one passes; <paramref name="starts"/> keeps those.</summary>
    private static List<ChangePoint> Confirm(double[] values, List<int> starts, DetectorSettings settings)
    {
        while (starts.Count > 0)
        {
            Relocate(values, starts, settings.MinimumSegment);
            DependentNoise noise = DependentNoise.Of(values, starts);
            List<ChangePoint> points = [.. starts.Select((_, index) => Judge(values, starts, index, noise, settings))];
            int worst =
                Enumerable.Range(0, points.Count).MinBy(index => Standing(points[index], starts, index, values.Length, settings));
            if (Standing(points[worst], starts, worst, values.Length, settings) >= 1) return points;
            starts.RemoveAt(worst);
        }

        return [];
    }

    /// <summary>The levels with the last one split where it splits best; null where the shift test sees no shift, for the ranks'
    /// limit is too lenient for the best of so many splits.</summary>
    private static List<int>? WithNewest(double[] values, List<int> starts, DetectorSettings settings)
    {
        int from = starts.Count > 0 ? starts[^1] : 0;
        if (values.Length - from < Math.Max(FewestForShift, 2 * settings.MinimumSegment)) return null;
        List<int> proposed = starts;
        // Again with the ρ that is left once the shift is taken out: the shift looks like correlation.
        for (int pass = 0; pass < 2; pass++)
        {
            DependentNoise noise = DependentNoise.Of(values, proposed);
            int split = LevelShift.BestSplit(noise.Values.AsSpan(from), noise.Rho, settings.MinimumSegment);
            if (split == 0) return null;
            proposed = [.. starts, from + split];
        }

        DependentNoise left = DependentNoise.Of(values, proposed);
        return LevelShift.At(left.Values.AsSpan(from), proposed[^1] - from, left.Rho).P <= settings.NewestPMax ? proposed : null;
    }

    /// <summary>Moves each candidate to the split between its neighbours that leaves the least squares on both sides: a window of
    /// 50 saw only part of what lies between them. Splits that cut off less than a level are not looked at.</summary>
    private static void Relocate(double[] values, List<int> starts, int minimumSegment)
    {
        for (int index = 0; index < starts.Count; index++)
        {
            (int from, int to) =
                (index == 0 ? 0 : starts[index - 1], index + 1 < starts.Count ? starts[index + 1] : values.Length);
            DependentNoise noise = DependentNoise.Of(values, starts);
            int split = LevelShift.BestSplit(noise.Values.AsSpan(from, to - from), noise.Rho, minimumSegment);
            if (split > 0) starts[index] = from + split;
        }
    }

    /// <summary>How well a candidate stands: at least 1 if it passes; the lower the sooner it is dropped.</summary>
    private static double Standing(ChangePoint point, List<int> starts, int index, int length, DetectorSettings settings)
    {
        int before = point.Index - (index == 0 ? 0 : starts[index - 1]);
        int after = (index + 1 < starts.Count ? starts[index + 1] : length) - point.Index;
        if (Math.Min(before, after) < settings.MinimumSegment)
        {
            return -1 - point.P; // Of two that enclose too short a level the weaker goes first.
        }
        if (point.P > settings.PMax) return -point.P;
        return Math.Abs(point.Change) < settings.MinimumEffect ? 0.5 : 1;
    }

    /// <summary>The shift test is Student's with an estimated ρ, hence not for short histories. More than the ranks need, so that
    /// they say how short a series can have a change.</summary>
    private const int FewestForShift = 24;

    /// <summary>Where t believes in a shift the ranks must too, taken as independent. Only normal noise makes t right for four
    /// points: four of the rarer mode of a bimodal series rank high, not highest.</summary>
    private const double UninflatedPMax = 1e-3;

    private static ChangePoint Judge(
        double[] values, List<int> starts, int index, DependentNoise noise, DetectorSettings settings)
    {
        (int start, int split, int end) =
            (index == 0 ? 0 : starts[index - 1], starts[index], index + 1 < starts.Count ? starts[index + 1] : values.Length);
        (double[] before, double[] after) = (values[start..split], values[split..end]);
        double score = MannWhitney.Score(before, after);
        double p = TwoSided(score / noise.Inflation);
        if (end == values.Length && end - start >= FewestForShift && TwoSided(score) <= UninflatedPMax)
        {
            LevelShift shift = LevelShift.At(noise.Values.AsSpan(start, end - start), split - start, noise.Rho);
            if (shift.P <= settings.NewestPMax && IsOfMost(shift.Size, before, after)) p = Math.Min(p, shift.P);
        }

        (double from, double to) = (Spread.Median(before), Spread.Median(after));
        return new ChangePoint(split, from, to, Relative(from, to), p);
    }

    private static double TwoSided(double score) => 2 * Normal.CDF(0, 1, -score);

    /// <summary>Whether the medians, too, are at least two thirds of the shift apart; of two middle values the one nearer to the
    /// other level, so that two spikes among four points move none.</summary>
    private static bool IsOfMost(double shift, double[] before, double[] after)
    {
        double[] low = [.. (shift > 0 ? before : after).Order()], high = [.. (shift > 0 ? after : before).Order()];
        return high[(high.Length - 1) / 2] - low[low.Length / 2] >= Math.Abs(shift) * 2 / 3;
    }

    private static double Relative(double from, double to) =>
        from == to ? 0 : from == 0 ? Math.CopySign(double.PositiveInfinity, to) : (to - from) / Math.Abs(from);
}
