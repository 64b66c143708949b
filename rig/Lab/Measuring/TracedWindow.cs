using System.Globalization;
using Lab.Hardware;
using Lab.Measure;

namespace Lab.Application.Measuring;

/// <summary>How often a tracepoint fired in one interval of the window; times in nanoseconds from its opening.</summary>
public sealed record KernelEvents(string Event, long StartNanoseconds, long LengthNanoseconds, long Count);

/// <summary>KVM's tracepoints over one window: opened before the actors start, read when they have ended. All members on the
/// coordinating thread.</summary>
public sealed class TracedWindow : IDisposable
{
    private readonly KernelTrace? _trace;
    private readonly List<string> _notes = [];
    private bool _stopped;

    /// <param name="scope">Null traces nothing.</param>
    public TracedWindow(KernelTraceScope? scope)
    {
        if (scope is not { } asked) return;
        _trace = KernelTrace.TryOpen(asked, out string? refusal);
        if (refusal is not null) _notes.Add(refusal);
    }

    /// <summary>Intervals with events.</summary>
    public IReadOnlyList<KernelEvents> Events { get; private set; } = [];

    /// <summary>Totals in the window, and what was lost.</summary>
    public IReadOnlyList<CounterValue> Counters { get; private set; } = [];

    /// <summary>What a reader of the events must know, one sentence each.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Why a run cannot be traced as asked, in a sentence with the remedy; null when it can. Tried, not
    /// guessed.</summary>
    public static string? WhyNot(KernelTraceScope scope)
    {
        using KernelTrace? tried = KernelTrace.TryOpen(scope, out string? refusal);
        return refusal;
    }

    public void Start() => Try(trace => trace.Start());

    public void Stop() => Try(trace =>
    {
        trace.Stop();
        _stopped = true;
    });

    /// <summary>Counts what was traced. Does nothing if the window never opened.</summary>
    public void Read(MeasuredRun window, int intervals)
    {
        if (_trace is null || !_stopped || window.WindowSeconds <= 0) return;
        TraceWindow stretch = new(window.WindowStartMonotonicNanoseconds, (long)(window.ElapsedSeconds * 1e9), intervals);
        KernelTraceCounts? read = null;
        Try(trace => read = trace.Read(stretch));
        if (read is not { } counts) return;
        Events = [.. counts.Events.Select(one =>
            new KernelEvents(one.Event, one.Interval * stretch.IntervalNanoseconds, stretch.IntervalNanoseconds, one.Count))];
        Counters =
        [
            .. counts.Events.GroupBy(one => one.Event)
                .Select(same => new CounterValue("", $"trace.{same.Key}", "count", same.Sum(one => one.Count))),
            new CounterValue("", "trace.lost", "count", counts.Lost),
        ];
        AddNotes(counts, stretch);
    }

    public void Dispose() => _trace?.Dispose();

    /// <summary>A trace that fails costs the trace, not the measurement.</summary>
    private void Try(Action<KernelTrace> step)
    {
        if (_trace is null) return;
        try
        {
            step(_trace);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _notes.Add($"no trace of KVM: {error.Message.TrimEnd('.')}.");
        }
    }

    private void AddNotes(KernelTraceCounts counts, TraceWindow window)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        if (counts.Lost > 0)
        {
            double missing = Math.Max(0, (counts.CompleteFromNanoseconds - window.StartNanoseconds) / 1e9);
            _notes.Add(string.Create(invariant,
                $"the trace lost its {counts.Lost} oldest events, those of the first {missing:0.##} s of the window: counts "
                    + $"there are too low; a shorter --duration or --kernel-trace auto."));
        }
        if (counts.OtherProcesses > 0)
        {
            _notes.Add(string.Create(invariant, $"{counts.OtherProcesses} events of KVM were another process's, whose VM runs "
                + $"beside this one, and are left out of the trace."));
        }
        if (counts.Malformed > 0)
        {
            _notes.Add(
                string.Create(invariant, $"{counts.Malformed} lines of the trace could not be understood and are not counted."));
        }
    }
}
