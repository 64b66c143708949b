using Lab.Measure;

namespace Lab.Watch;

/// <summary>Everything that can be seen of what disturbs a child process: its runtime through the diagnostic port, the kernel's
/// counts through /proc. What cannot be had is a note and never an error: a run is not lost for want of a watch.</summary>
internal sealed class ContaminationWatch : IDisposable
{
    /// <summary>Rarely: with both of two cores busy, each look takes one from somebody.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    private readonly ProcessWatch _process;
    private readonly RuntimeWatch? _runtime;
    private readonly List<string> _notes = [];

    private ContaminationWatch(int processId)
    {
        try
        {
            _runtime = RuntimeWatch.Attach(processId);
        }
        catch (WatchUnavailableException refused)
        {
            _notes.Add(refused.Message);
        }
        _process = ProcessWatch.Attach(processId, Between);
    }

    /// <summary>What the runtime did, dated by itself, by time; empty until <see cref="Stop"/>.</summary>
    public IReadOnlyList<Disturbance> Located { get; private set; } = [];

    /// <summary>What the kernel counted between two looks, by time; empty until <see cref="Stop"/>.</summary>
    public IReadOnlyList<Disturbance> Sampled { get; private set; } = [];

    /// <summary>What could not be seen, one sentence each.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Starts now; what happens after the return is seen.</summary>
    public static ContaminationWatch Attach(int processId) => new(processId);

    /// <summary>Ends the watch and reads what it brought; call it while the child still lives, or it ends with the
    /// child.</summary>
    public void Stop()
    {
        _process.Dispose();
        _runtime?.Stop();
        if (_runtime is { EventsLost: > 0 and var lost })
        {
            _notes.Add(FormattableString.Invariant(
                $"the runtime dropped {lost} events: some collections or compilations may not be tagged."));
        }
        (Located, Sampled) = (_runtime?.Disturbances ?? [], _process.Disturbances);
    }

    public void Dispose()
    {
        _process.Dispose();
        _runtime?.Dispose();
    }
}
