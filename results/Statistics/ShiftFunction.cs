namespace Lab.Results.Statistics;

/// <summary>How a quantile of the candidate lies to the baseline's.</summary>
/// <param name="Low">The band is simultaneous: in 95 of 100 comparisons it holds at all quantiles at once.</param>
public readonly record struct ShiftPoint(
    double Quantile, double Baseline, double Candidate, double Change, double Low, double High);

/// <summary>Where in the distribution two arms differ (Doksum 1974; Wilcox 2012, section 5.1.4). For figures: the verdict is
/// <see cref="ComparisonFamily"/>'s.</summary>
public static class ShiftFunction
{
    public static IReadOnlyList<double> Deciles { get; } = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

    /// <summary>Of independent values, as differences candidate - baseline (<c>shifthd</c>): Harrell-Davis deciles, the scatter
    /// of each by Maritz-Jarrett, band ± c·√(SE² + SE²) with c = 80.1/n² + 2.73, n the smaller sample. Values of one run are not
    /// independent of each other as those of several are: give one per run, or use <see cref="AcrossRuns"/>.</summary>
    public static IReadOnlyList<ShiftPoint> OfValues(IReadOnlyList<double> baseline, IReadOnlyList<double> candidate)
    {
        double n = Math.Min(baseline.Count, candidate.Count);
        double critical = (80.1 / (n * n)) + 2.73;
        return [.. Deciles.Select(At)];

        ShiftPoint At(double decile)
        {
            (QuantileEstimate a, QuantileEstimate b) = (HarrellDavis.At(baseline, decile), HarrellDavis.At(candidate, decile));
            double change = b.Value - a.Value;
            double reach = critical * Math.Sqrt((a.StandardError * a.StandardError) + (b.StandardError * b.StandardError));
            return new ShiftPoint(decile, a.Value, b.Value, change, change - reach, change + reach);
        }
    }

    /// <summary>Of interleaved runs, as ratios candidate/baseline. Whole blocks are drawn with replacement and their histograms
    /// added, since the run is what varies; the band reaches as far to both sides, in units of each quantile's own scatter, as 95
    /// % of the draws did at their worst quantile (Efron, Tibshirani 1993, chapter 12, for the largest deviation). With ten
    /// blocks it is still a little narrow.</summary>
    /// <param name="baseline">A histogram per block.</param>
    /// <param name="candidate">Of the same blocks in the same order.</param>
    /// <param name="seed">Equal seeds draw equal blocks.</param>
    public static IReadOnlyList<ShiftPoint> AcrossRuns(IReadOnlyList<IReadOnlyList<Bucket>> baseline,
        IReadOnlyList<IReadOnlyList<Bucket>> candidate, IReadOnlyList<double> quantiles, int seed, int draws = 1000)
    {
        if (baseline.Count != candidate.Count || baseline.Count == 0) throw new ArgumentException(
            $"{baseline.Count} baseline blocks cannot be paired with {candidate.Count} others.", nameof(candidate));
        (BlockHistograms a, BlockHistograms b) = (new BlockHistograms(baseline), new BlockHistograms(candidate));
        int[] once = [.. Enumerable.Repeat(1, baseline.Count)];
        double[] valuesA = a.Quantiles(once, quantiles), valuesB = b.Quantiles(once, quantiles);
        double[] estimate = LogRatios(valuesA, valuesB);

        // .NET's own: MathNet's generators ask OpenSSL for a seed even when they are given one, and it may not be there.
        Random random = new(seed);
        double[][] deviations = new double[draws][];
        for (int draw = 0; draw < draws; draw++)
        {
            int[] times = new int[baseline.Count];
            for (int pick = 0; pick < times.Length; pick++) times[random.Next(times.Length)]++;
            double[] drawn = LogRatios(a.Quantiles(times, quantiles), b.Quantiles(times, quantiles));
            deviations[draw] = [.. drawn.Zip(estimate, (one, centre) => one - centre)];
        }

        double[] scatter = [.. quantiles.Select((_, q) => Math.Sqrt(deviations.Average(draw => draw[q] * draw[q])))];
        double[] worst =
        [
            .. deviations.Select(
                draw => draw.Select((deviation, q) => scatter[q] == 0 ? 0 : Math.Abs(deviation) / scatter[q]).Max()).Order(),
        ];
        double critical = worst[(int)Math.Ceiling(0.95 * draws) - 1];
        return
        [
            .. quantiles.Select((quantile, q) => new ShiftPoint(quantile, valuesA[q], valuesB[q], Math.Exp(estimate[q]),
                Math.Exp(estimate[q] - (critical * scatter[q])), Math.Exp(estimate[q] + (critical * scatter[q])))),
        ];
    }

    /// <summary>A value of 0 ns is read as half a nanosecond: it has no logarithm.</summary>
    private static double[] LogRatios(double[] a, double[] b) =>
        [.. a.Zip(b, (one, other) => Math.Log(Math.Max(other, 0.5) / Math.Max(one, 0.5)))];

    /// <summary>The histograms of several blocks on one grid of buckets, to be added up again and again.</summary>
    private sealed class BlockHistograms
    {
        private readonly long[] _midpoints;
        private readonly (int At, long Count)[][] _blocks;
        private readonly long[] _sum;

        internal BlockHistograms(IReadOnlyList<IReadOnlyList<Bucket>> blocks)
        {
            _midpoints = [.. blocks.SelectMany(block => block).Select(bucket => bucket.Midpoint).Distinct().Order()];
            if (blocks.Any(block => block.Sum(bucket => bucket.Count) == 0)) throw new ArgumentException(
                "A block without samples has no quantiles.", nameof(blocks));
            Dictionary<long, int> at = _midpoints.Select((midpoint, index) => (midpoint, index)).ToDictionary();
            _blocks = [.. blocks.Select(block => block.Select(bucket => (at[bucket.Midpoint], bucket.Count)).ToArray())];
            _sum = new long[_midpoints.Length];
        }

        /// <summary>Values at rank ⌈p·n⌉ of the blocks added, each as often as <paramref name="times"/> says.</summary>
        internal double[] Quantiles(int[] times, IReadOnlyList<double> quantiles)
        {
            Array.Clear(_sum);
            for (int block = 0; block < times.Length; block++)
            {
                foreach ((int at, long count) in times[block] == 0 ? [] : _blocks[block]) _sum[at] += count * times[block];
            }
            long total = 0;
            foreach (long count in _sum) total += count;
            // By hand, as thousands of draws pay for it: each value follows from where the one before was found.
            double[] values = new double[quantiles.Count];
            (int index, long passed) = (0, _sum[0]);
            foreach (int q in Enumerable.Range(0, quantiles.Count).OrderBy(q => quantiles[q]))
            {
                long rank = Math.Max((long)Math.Ceiling((quantiles[q] * total) - 1e-6), 1);
                while (passed < rank) passed += _sum[++index];
                values[q] = _midpoints[index];
            }

            return values;
        }
    }
}
