namespace Lab.Results.Statistics;

/// <summary>What a comparison can say. "No difference found" is not among them: that is <see cref="Inconclusive"/>.</summary>
public enum RatioVerdict
{
    Inconclusive,
    Faster,
    Slower,

    /// <summary>Known to lie within the threshold, not merely not known to lie outside.</summary>
    Equivalent,
}

/// <summary>Which way is good: latencies go down, rates go up.</summary>
public enum Better
{
    Lower,
    Higher,
}

/// <summary>One question of a family: a quantile or rate of a candidate against a baseline, one value per run.</summary>
/// <param name="Name">As it is printed: <c>update p99</c>.</param>
public sealed record Question(string Name, RatioEstimate Estimate, Better Better = Better.Lower);

/// <summary>The answer to a <see cref="Question"/>.</summary>
/// <param name="Interval">The one that carries the verdict, at the rate that Holm's procedure held it against.</param>
/// <param name="AdjustedP">Of the claim that the arms differ by more than the threshold, over the family.</param>
/// <param name="AdjustedPEquivalent">Of the claim that they do not; 1 without a threshold.</param>
/// <param name="MoreBlocks">About how many more blocks would settle it; 0 if settled, null if no affordable number would.</param>
public sealed record Comparison(Question Question, RatioVerdict Verdict, RatioInterval Interval, double AdjustedP,
    double AdjustedPEquivalent, int? MoreBlocks)
{
    public double Ratio => Question.Estimate.Ratio;
}

/// <summary>Questions asked together, answered together. With threshold θ a difference means a ratio outside [1/(1+θ), 1+θ] (two
/// one-sided rank tests against its ends, doubled), equivalence means inside (<see cref="RatioEstimate.PInside"/>). Each of the
/// two claims is corrected by Holm over the family: the chance that any difference reported is none is at most α, and so is the
/// chance that any equivalence reported is none. A lower bound that clears θ is worth more than a smaller α.</summary>
public static class ComparisonFamily
{
    /// <summary>Asking for more blocks than this times those there are is no advice.</summary>
    private const int MostTimesMore = 100;

    /// <param name="threshold">Smallest relative difference that matters: 0.02 for 2 %. With 0 nothing can be equivalent.</param>
    /// <param name="alpha">Family-wise rate of false differences, and of false equivalences.</param>
    /// <returns>In the order asked.</returns>
    public static IReadOnlyList<Comparison> Compare(IReadOnlyList<Question> questions, double threshold, double alpha = 0.05)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threshold);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(alpha);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(alpha, 0.5); // At a half both claims could pass at once.
        (double Low, double High) band = (Low: 1 / (1 + threshold), High: 1 + threshold);
        double[] different =
            [.. questions.Select(q => Math.Min(1, 2 * Math.Min(q.Estimate.PAbove(band.High), q.Estimate.PBelow(band.Low))))];
        double[] equivalent = [.. questions.Select(q => threshold == 0 ? 1 : q.Estimate.PInside(band.Low, band.High))];
        (IReadOnlyList<double> adjustedDifferent, IReadOnlyList<double> ratesDifferent) =
            (Holm.Adjust(different), Holm.Rates(different, alpha));
        (IReadOnlyList<double> adjustedEquivalent, IReadOnlyList<double> ratesEquivalent) =
            (Holm.Adjust(equivalent), Holm.Rates(equivalent, alpha));

        return [.. questions.Select((question, index) => Answer(question, index))];

        Comparison Answer(Question question, int index)
        {
            RatioVerdict verdict = (different[index] <= ratesDifferent[index], equivalent[index] <= ratesEquivalent[index]) switch
            {
                (true, _) => (question.Estimate.Ratio > 1) == (question.Better == Better.Lower) ? RatioVerdict.Slower
                    : RatioVerdict.Faster,
                (_, true) => RatioVerdict.Equivalent,
                _ => RatioVerdict.Inconclusive,
            };
            double misrate = verdict == RatioVerdict.Equivalent ? ratesEquivalent[index] : ratesDifferent[index];
            RatioInterval interval = question.Estimate.Interval(misrate);
            int? more = verdict == RatioVerdict.Inconclusive ? MoreBlocks(question.Estimate, interval, threshold) : 0;
            return new Comparison(question, verdict, interval, adjustedDifferent[index], adjustedEquivalent[index], more);
        }
    }

    /// <summary>Blocks that would settle it in four of five tries if the estimate is right. The half-width h falls as 1/√n; what
    /// it must get below is the estimate's distance to the nearer end of the band, less the estimate's own scatter: N =
    /// n·(h/distance)²·((z + z₈₀)/z)², z the quantile of the interval's misrate.</summary>
    private static int? MoreBlocks(RatioEstimate estimate, RatioInterval interval, double threshold)
    {
        int fewest = SampleSizes.FewestRuns(interval.Misrate, estimate.IsPaired);
        if (estimate.Count < fewest) return fewest - estimate.Count;
        bool isWithin = interval.Low > 1 / (1 + threshold) && interval.High < 1 + threshold;
        if (isWithin && estimate.Count < SampleSizes.FewestForEquivalence)
        {
            return SampleSizes.FewestForEquivalence - estimate.Count;
        }
        double distance = Math.Abs(Math.Abs(Math.Log(estimate.Ratio)) - Math.Log(1 + threshold));
        double z = SampleSizes.Z(interval.Misrate / 2);
        double power = (z + SampleSizes.Z(0.2)) / z;
        double needed = Math.Ceiling(estimate.Count * Math.Pow(interval.LogHalfWidth / distance * power, 2));
        return needed <= (double)MostTimesMore * estimate.Count ? Math.Max(1, (int)needed - estimate.Count) : null;
    }
}
