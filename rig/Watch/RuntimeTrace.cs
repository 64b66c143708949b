using Lab.Measure;
using Microsoft.Diagnostics.Tracing;

namespace Lab.Watch;

/// <summary>Disturbances from the events of one EventPipe session. Their stamps are the runtime's performance counter, which on
/// Linux is CLOCK_MONOTONIC in nanoseconds: the line of Stopwatch and of the lab's clock.</summary>
internal sealed class RuntimeTrace
{
    private readonly List<Disturbance> _found = [];
    private readonly Dictionary<int, long> _lockWaits = [];
    private readonly Dictionary<(int Thread, long Method), long> _compilations = [];
    private long? _suspending;
    private long? _tiering;
    private string _collection = "";

    private RuntimeTrace()
    {
    }

    public IReadOnlyList<Disturbance> Disturbances => _found;

    public long EventsLost { get; private set; }

    /// <summary>Reads a stream to its end; one that breaks off gives what came before.</summary>
    public static RuntimeTrace Read(Stream stream)
    {
        RuntimeTrace trace = new();
        if (stream.Length == 0) return trace;
        using EventPipeEventSource source = new(stream);
        trace.Listen(source);
        try
        {
            source.Process();
        }
        catch (Exception cut) when (cut is EndOfStreamException or FormatException)
        {
            // The process was killed: its last block is not whole.
        }
        trace.EventsLost = source.EventsLost;
        return trace;
    }

    private void Listen(EventPipeEventSource source)
    {
        source.Clr.GCSuspendEEStart += started => _suspending ??= At(started);
        source.Clr.GCStart += started =>
            _collection = FormattableString.Invariant($"generation {started.Depth}, {started.Reason}");
        source.Clr.GCRestartEEStop += ended =>
        {
            // Suspensions for other ends than collecting stop the threads as well; they have no collection to name.
            if (_suspending is { } begun)
            {
                Add(DisturbanceKind.GcPause, begun, At(ended), _collection.Length > 0 ? _collection : "no collection");
            }
            (_suspending, _collection) = (null, "");
        };
        source.Clr.MethodJittingStarted += started => _compilations[(started.ThreadID, started.MethodID)] = At(started);
        source.Clr.MethodLoadVerbose += loaded =>
        {
            // A load without a compilation is code that was compiled ahead: it costs a fix-up.
            long end = At(loaded), begun = _compilations.Remove((loaded.ThreadID, loaded.MethodID), out long at) ? at : end;
            Add(DisturbanceKind.Jit, begun, end, $"{loaded.MethodNamespace}.{loaded.MethodName} ({loaded.OptimizationTier})");
        };
        source.Clr.TieredCompilationBackgroundJitStart += started => _tiering = At(started);
        source.Clr.TieredCompilationBackgroundJitStop += ended =>
        {
            if (_tiering is { } begun) Add(DisturbanceKind.TierUp, begun, At(ended), "background compilation");
            _tiering = null;
        };
        source.Clr.ContentionStart += started => _lockWaits[started.ThreadID] = At(started);
        source.Clr.ContentionStop += ended =>
        {
            if (_lockWaits.Remove(ended.ThreadID, out long begun))
            {
                Add(DisturbanceKind.LockContention, begun, At(ended), FormattableString.Invariant($"thread {ended.ThreadID}"));
            }
        };
        source.Clr.ThreadPoolWorkerThreadAdjustmentAdjustment += adjusted =>
            Add(DisturbanceKind.ThreadPool, At(adjusted), At(adjusted),
                FormattableString.Invariant($"{adjusted.NewWorkerThreadCount} workers, {adjusted.Reason}"));
    }

    private void Add(DisturbanceKind kind, long begun, long ended, string detail) =>
        _found.Add(new Disturbance(kind, begun, ended - begun, detail));

#pragma warning disable CS0618 // Marked as experimental, and the only stamp that is not rounded to 100 ns and put on the wall clock's line.
    private static long At(TraceEvent one) => one.TimeStampQPC;
#pragma warning restore CS0618
}
