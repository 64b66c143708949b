using System.Globalization;
using Lab.Measure;
using Lab.Results;
using Lab.Watch;

namespace Lab.Application.Measuring;

/// <summary>What of a measurement was disturbed: the rows of <c>disturbances.csv</c>, <c>undisturbed.csv</c> and
/// <c>tagged.csv</c>.</summary>
/// <param name="Disturbances">Those that overlap the window, by time.</param>
/// <param name="Undisturbed">Each metric without its tagged samples.</param>
/// <param name="Tagged">The longest tagged samples of each metric.</param>
/// <param name="OwnWaits">The largest share of a metric's samples that overlap a wait for the lab's own threads; null where such
/// waits cannot be told from others.</param>
/// <param name="Notes">What did not fit.</param>
public sealed record DisturbedSamples(IReadOnlyList<DisturbanceRow> Disturbances, IReadOnlyList<UndisturbedRow> Undisturbed,
    IReadOnlyList<TaggedSampleRow> Tagged, double? OwnWaits, IReadOnlyList<string> Notes)
{
    private const int DisturbancesKept = 5_000;
    private const int TaggedKept = 100;

    /// <summary>Ends the detail of what the lab's own threads did to each other.</summary>
    private const string OwnThreads = " (own threads)";

    /// <summary>With whether the lab's own threads were in the way.</summary>
    private sealed record Seen(Disturbance What, string Actor, bool IsLocated, bool IsOwn = false);

    private sealed record Sample(string Actor, long StartNanoseconds, long Nanoseconds, uint Tag);

    /// <summary>Tags every sample that was kept one by one with the located disturbances that overlap it.</summary>
    /// <param name="key">Of the measurement.</param>
    /// <param name="window">With its recorders, which were made to keep samples.</param>
    /// <param name="merged">Those by metric, as <see cref="MeasuredRun.MergeByMetric"/> gives them.</param>
    /// <param name="watched">What was seen from outside.</param>
    public static DisturbedSamples Of(
        MeasurementKey key, MeasuredRun window, IReadOnlyList<LatencyRecorder> merged, Watched watched)
    {
        long opening = window.WindowStartMonotonicNanoseconds;
        Stretch whole = new(opening, opening + (long)(window.ElapsedSeconds * 1e9));
        bool hadCoresAlone = window.OthersShare <= Contamination.OthersMost;
        double ownWaits = 0;
        List<Seen> seen =
        [
            .. watched.Located.Select(one => new Seen(one, "", IsLocated: true)),
            .. watched.Sampled.Select(one => new Seen(one, "", IsLocated: false)),
            .. window.Actors.SelectMany(actor => actor.Disturbances.Select(one => new Seen(
                one, actor.Name, IsLocated: true, IsOwn: hadCoresAlone && IsAboutCores(one.Kind)))),
        ];
        // A sample that starts in the window may end after it: what comes up to a second later is looked at for tags, and not
        // listed.
        Stretch reach = whole with { EndNanoseconds = whole.EndNanoseconds + 1_000_000_000 };
        List<Seen> near = [.. seen.Where(one => Overlap(one.What, reach)).OrderBy(one => one.What.StartNanoseconds)];
        List<Seen> listed = [.. near.Where(one => window.Turns.Any(turn => Overlap(one.What, turn)))];
        List<string> notes = [];
        if (listed.Count > DisturbancesKept)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"disturbances.csv has the longest {DisturbancesKept} of "
                + $"{listed.Count} disturbances; all of them were used for tagging."));
            listed = [.. listed.OrderByDescending(one => one.What.LengthNanoseconds).Take(DisturbancesKept)
                .OrderBy(one => one.What.StartNanoseconds)];
        }
        List<UndisturbedRow> undisturbed = [];
        List<TaggedSampleRow> tagged = [];
        foreach (LatencyRecorder metric in merged.Where(one => one.Histogram.Count > 0))
        {
            (ActorResult Actor, LatencyRecorder Recorder)[] parts =
                [.. window.Actors.SelectMany(actor => actor.Recorders.Select(recorder => (actor, recorder)))
                    .Where(one => one.recorder.Metric == metric.Metric && one.recorder.Log is not null)];
            if (parts.Length == 0) continue;
            Sample[] logged = [.. parts.SelectMany(part => Tag(part.Actor, part.Recorder, window, near, own: false))];
            if (hadCoresAlone)
            {
                int waited = parts.Sum(
                    part => Tag(part.Actor, part.Recorder, window, near, own: true).Count(one => one.Tag != 0));
                ownWaits = Math.Max(ownWaits, waited / (double)metric.Histogram.Count);
            }
            Sample[] touched = [.. logged.Where(one => one.Tag != 0)];
            long longest = logged.Where(one => one.Tag == 0).Select(one => one.Nanoseconds).DefaultIfEmpty(0).Max();
            undisturbed.Add(Without(key, metric, touched, longest));
            tagged.AddRange(touched.OrderByDescending(one => one.Nanoseconds).Take(TaggedKept)
                .Select(one => Row(key, metric.Metric, one, window)));
        }
        return new DisturbedSamples([.. listed.Select(one => Row(key, one, window))], undisturbed, tagged,
            hadCoresAlone ? ownWaits : null, notes);
    }

    /// <summary>With what the lab's own threads did to each other, or with everything else.</summary>
    private static IEnumerable<Sample> Tag(
        ActorResult actor, LatencyRecorder recorder, MeasuredRun window, List<Seen> near, bool own)
    {
        DatedSample[] samples = recorder.Log!.Samples.ToArray();
        Stretch[] stretches =
        [
            .. samples.Select(one =>
            {
                long start = window.ToMonotonicNanoseconds(one.StartTicks);
                return new Stretch(start, start + one.Nanoseconds);
            }),
        ];
        uint[] tags = DisturbanceOverlap.Tag(stretches, [.. near.Where(one => one.IsLocated && one.IsOwn == own
            && Touches(one.What.Kind) && (one.Actor.Length == 0 || one.Actor == actor.Name)).Select(one => one.What)]);
        for (int i = 0; i < samples.Length; i++)
        {
            yield return new Sample(actor.Name, stretches[i].StartNanoseconds, samples[i].Nanoseconds, tags[i]);
        }
    }

    private static bool IsAboutCores(DisturbanceKind kind) => kind is DisturbanceKind.RunQueueDelay
        or DisturbanceKind.InvoluntarySwitch or DisturbanceKind.Migration;

    /// <summary>Who waits for a managed lock waits for the subject: the rig takes none in the window, the strategies' queues
    /// do.</summary>
    private static bool Touches(DisturbanceKind kind) => kind != DisturbanceKind.LockContention;

    /// <summary>The metric's histogram less the tagged samples: each was counted in it, so the difference is exact.</summary>
    private static UndisturbedRow Without(MeasurementKey key, LatencyRecorder metric, Sample[] touched, long longest)
    {
        HistogramBucket[] buckets = [.. metric.Histogram.Buckets()];
        long[] left = [.. buckets.Select(bucket => bucket.Count)];
        foreach (Sample one in touched) left[BucketOf(buckets, one.Nanoseconds)]--;
        long count = left.Sum();
        double At(double p)
        {
            long rank = Math.Max(1, (long)Math.Ceiling(p * count)), below = 0;
            for (int i = 0; i < left.Length; i++)
            {
                below += left[i];
                if (below >= rank && count > 0) return Math.Min(
                    buckets[i].Low + ((buckets[i].High - buckets[i].Low) / 2), Longest());
            }
            return double.NaN;
        }
        double Longest()
        {
            int top = Array.FindLastIndex(left, one => one > 0);
            return top < 0 ? double.NaN : longest >= buckets[top].Low ? longest : buckets[top].High - 1;
        }
        return new UndisturbedRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Metric = metric.Metric, Unit = "ns",
            Count = count, Tagged = touched.Length, P50 = At(0.5), P90 = At(0.9), P99 = At(0.99), P999 = At(0.999),
            P9999 = At(0.9999), Max = Longest(),
        };
    }

    /// <summary>Values beyond the histogram's range are counted in its outermost buckets.</summary>
    private static int BucketOf(HistogramBucket[] buckets, long nanoseconds)
    {
        int low = 0, high = buckets.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (buckets[middle].Low <= nanoseconds) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    private static bool Overlap(Disturbance one, Stretch stretch) =>
        one.StartNanoseconds <= stretch.EndNanoseconds && one.EndNanoseconds >= stretch.StartNanoseconds;

    /// <summary>In a window that was cut, time is that of its turns: of a disturbance that others had a part of, the rest is
    /// shown.</summary>
    private static DisturbanceRow Row(MeasurementKey key, Seen one, MeasuredRun window) => new()
    {
        Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Kind = DisturbanceNames.Of(one.What.Kind),
        StartMs = window.MeasuredAt(one.What.StartNanoseconds) / 1e6,
        LengthMs = (window.MeasuredAt(one.What.EndNanoseconds) - window.MeasuredAt(one.What.StartNanoseconds)) / 1e6,
        Actor = one.Actor, Located = one.IsLocated, Detail = one.What.Detail + (one.IsOwn ? OwnThreads : ""),
    };

    private static TaggedSampleRow Row(MeasurementKey key, string metric, Sample one, MeasuredRun window) => new()
    {
        Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Metric = metric, Unit = "ns",
        Actor = one.Actor,
        StartMs = window.MeasuredAt(one.StartNanoseconds) / 1e6, Value = one.Nanoseconds,
        Kinds = string.Join('+', DisturbanceOverlap.Kinds(one.Tag).Select(DisturbanceNames.Of)),
    };
}

/// <summary>Kinds of disturbance as the files spell them.</summary>
public static class DisturbanceNames
{
    public static string Of(DisturbanceKind kind) => kind switch
    {
        DisturbanceKind.GcPause => "gc-pause",
        DisturbanceKind.Jit => "jit",
        DisturbanceKind.TierUp => "tier-up",
        DisturbanceKind.LockContention => "lock-contention",
        DisturbanceKind.ThreadPool => "thread-pool",
        DisturbanceKind.Steal => "steal",
        DisturbanceKind.RunQueueDelay => "run-queue-delay",
        DisturbanceKind.InvoluntarySwitch => "involuntary-switch",
        DisturbanceKind.Migration => "migration",
        DisturbanceKind.MajorFault => "major-fault",
        _ => "frequency-change",
    };
}
