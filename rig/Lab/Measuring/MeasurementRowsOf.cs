using System.Globalization;
using Lab.Application.Catalogue;
using Lab.Application.Settings;
using Lab.Measure;
using Lab.Results;
using Lab.Strategies;
using Lab.Workloads;
using MmuEventText = Lab.Mmu.MmuEventText;

namespace Lab.Application.Measuring;

/// <summary>Turns an outcome into the rows of a run folder.</summary>
public static class MeasurementRowsOf
{
    public static MeasurementRows Outcome(
        Subject strategy, WorkloadEntry workload, RunRequest request, int run, MeasurementOutcome outcome, bool interrupted)
    {
        IReadOnlyList<LatencyRecorder> merged = outcome.Window.MergeByMetric();
        Measurement measurement = new()
        {
            Strategy = strategy.Name,
            Family = strategy.Roots.Folder,
            Broken = strategy.IsBroken,
            Bound = strategy.IsBound,
            Workload = workload.Name,
            Mmu = request.Mmu,
            Run = run,
            Verdict = outcome.Hang is { IsStarved: false } ? Verdict.Hung
                : outcome.ViolationCount > 0 ? Verdict.Violated
                : outcome.Hang is not null ? Verdict.Starved
                : interrupted ? Verdict.Interrupted
                : merged.All(recorder => recorder.Histogram.Count == 0) ? Verdict.Unmeasured
                : Verdict.Clean,
            Violations = outcome.ViolationCount,
            GcInWindow = outcome.Window.Disturbance.Gen0Collections,
            JitInWindow = (int)outcome.Window.Disturbance.CompiledMethods,
            MeasuredS = outcome.Window.WindowSeconds,
            Turns = outcome.Window.Turns.Count > 1 ? outcome.Window.Turns.Count : null,
            CutShare = outcome.Window.Turns.Count > 1 ? outcome.Window.Actors.Max(
                actor => actor.CutOffCount / Math.Max(1.0, actor.CutOffCount + actor.StepCount)) : null,
            WindowStartNs = outcome.Window.WindowStartMonotonicNanoseconds is > 0 and var opened ? opened : null,
            Watched = outcome.Watched is not null,
            Steady = outcome.Window.Steady,
            StealShare = StealShare(outcome.Window),
            OthersShare = outcome.Window.OthersShare,
            Notes = [.. outcome.Window.Notes, .. outcome.Notes, .. Notes(strategy, workload, request, outcome)],
        };
        MeasurementKey key = measurement.Key;
        try
        {
            DisturbedSamples? disturbed =
                outcome.Watched is { } watched ? DisturbedSamples.Of(key, outcome.Window, merged, watched) : null;
            return new MeasurementRows(disturbed is null ? measurement
                : measurement with { OwnWaits = disturbed.OwnWaits, Notes = [.. measurement.Notes, .. disturbed.Notes] })
            {
                Disturbances = disturbed?.Disturbances ?? [],
                Undisturbed = disturbed?.Undisturbed ?? [],
                Tagged = disturbed?.Tagged ?? [],
                Summary = [.. merged.Where(recorder => recorder.Histogram.Count > 0)
                    .Select(recorder => Summary(key, recorder, outcome.Window.WindowSeconds))],
                Histograms = [.. merged.SelectMany(recorder => Histogram(key, recorder))],
                Timeline = [.. merged.SelectMany(recorder => Timeline(key, recorder))],
                Counters = [.. outcome.Counters.Select(counter => Counter(key, counter))],
                KernelEvents = [.. outcome.KernelEvents.Select(events => Events(key, events))],
                Violations = [.. outcome.Violations.Select(violation => Violation(key, violation))],
            };
        }
        finally
        {
            foreach (LatencyRecorder recorder in merged) recorder.Dispose();
        }
    }

    private static IEnumerable<string> Notes(
        Subject strategy, WorkloadEntry workload, RunRequest request, MeasurementOutcome outcome)
    {
        if (outcome.Hang is { } hang)
        {
            yield return $"{hang.Found.What} (in the {hang.Found.Phase})";
            foreach (string line in hang.Lines().Skip(1)) yield return line;
        }
        if (strategy.IsBroken && outcome.Hang is null && outcome.ViolationCount == 0)
        {
            yield return $"{strategy.Name} is known to be broken ({strategy.Breaks}); that nothing was caught here shows only "
                + "that this load and timing did not hit it.";
            if (request.Vm.PauseNanoseconds.Count == 0)
            {
                yield return "Without --pause the window of the bug is a few instructions wide: metal can show it, but cannot "
                    + "show that it is absent.";
            }
        }
        double loads = Sum(outcome, "root_loads");
        if (workload.Offers(WorkloadOffers.Rebuilds) && loads > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{Sum(outcome, "roots_rebuilt"):0} of {loads:0} root loads rebuilt a root that no fast zap had made obsolete "
                    + $"({Sum(outcome, "roots_rebuilt") / loads:P1}).");
        }
        if (StealShare(outcome.Window) is > Contamination.StealMost and { } share)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"the hypervisor took {share:P1} of the processors' time (steal).");
        }
    }

    private static double? StealShare(MeasuredRun window) =>
        window is { Disturbance.StealNanoseconds: { } steal, ElapsedSeconds: > 0 }
        ? Math.Clamp(steal / 1e9 / window.ElapsedSeconds / Environment.ProcessorCount, 0, 1) : null;

    private static double Sum(MeasurementOutcome outcome, string counter) =>
        outcome.Counters.Where(value => value.Name == counter).Sum(value => value.Value);

    private static SummaryRow Summary(MeasurementKey key, LatencyRecorder recorder, double seconds)
    {
        LatencyHistogram histogram = recorder.Histogram;
        return new SummaryRow
        {
            Strategy = key.Strategy,
            Workload = key.Workload,
            Mmu = key.Mmu,
            Run = key.Run,
            Metric = recorder.Metric,
            Unit = "ns",
            Count = histogram.Count,
            Min = histogram.Min,
            Mean = histogram.Mean,
            StdDev = histogram.StandardDeviation,
            P50 = histogram.Quantile(0.5),
            P90 = histogram.Quantile(0.9),
            P99 = histogram.Quantile(0.99),
            P999 = histogram.Quantile(0.999),
            P9999 = histogram.Quantile(0.9999),
            Max = histogram.Max,
            RatePerS = seconds > 0 ? histogram.Count / seconds : 0,
        };
    }

    private static IEnumerable<HistogramRow> Histogram(MeasurementKey key, LatencyRecorder recorder) =>
        recorder.Histogram.Buckets().Select(bucket => new HistogramRow
        {
            Strategy = key.Strategy,
            Workload = key.Workload,
            Mmu = key.Mmu,
            Run = key.Run,
            Metric = recorder.Metric,
            Unit = "ns",
            Low = bucket.Low,
            High = bucket.High,
            Count = bucket.Count,
        });

    private static IEnumerable<TimelineRow> Timeline(MeasurementKey key, LatencyRecorder recorder) =>
        recorder.Timeline.Summaries().Where(interval => interval.Count > 0).Select(interval => new TimelineRow
        {
            Strategy = key.Strategy,
            Workload = key.Workload,
            Mmu = key.Mmu,
            Run = key.Run,
            Metric = recorder.Metric,
            Unit = "ns",
            StartMs = interval.OffsetNanoseconds / 1e6,
            LengthMs = interval.LengthNanoseconds / 1e6,
            Count = interval.Count,
            P50 = interval.P50,
            P99 = interval.P99,
            Max = interval.Max,
        });

    private static CounterRow Counter(MeasurementKey key, CounterValue counter) => new()
    {
        Strategy = key.Strategy,
        Workload = key.Workload,
        Mmu = key.Mmu,
        Run = key.Run,
        Actor = counter.Actor,
        Counter = counter.Name,
        Unit = counter.Unit,
        Value = counter.Value,
    };

    private static KernelEventRow Events(MeasurementKey key, KernelEvents events) => new()
    {
        Strategy = key.Strategy,
        Workload = key.Workload,
        Mmu = key.Mmu,
        Run = key.Run,
        Event = events.Event,
        StartMs = events.StartNanoseconds / 1e6,
        LengthMs = events.LengthNanoseconds / 1e6,
        Count = events.Count,
    };

    private static Violation Violation(MeasurementKey key, Lab.Mmu.Violation violation) => new()
    {
        Strategy = key.Strategy,
        Workload = key.Workload,
        Mmu = key.Mmu,
        Run = key.Run,
        Invariant = violation.Invariant,
        Claim = violation.Claim,
        What = violation.What,
        Root = violation.RootId == 0 ? null : $"root#{violation.RootId}",
        AtNs = violation.Time,
        Events =
        [
            .. violation.Events.Select(one => new ViolationEvent
            {
                TNs = one.Event.Time,
                Actor = one.Actor,
                Kind = MmuEventText.Name(one.Event.Kind),
                Root = one.Event.RootId == 0 ? null : $"root#{one.Event.RootId}",
                Refcount = one.Event.Kind is Lab.Mmu.MmuEventKind.Get or Lab.Mmu.MmuEventKind.Put or Lab.Mmu.MmuEventKind.RootLoad
                    ? one.Event.RefCount : null,
                Detail = MmuEventText.Detail(one.Event).Trim(),
            }),
        ],
    };
}
