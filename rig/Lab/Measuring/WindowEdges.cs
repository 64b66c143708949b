using Lab.Hardware;
using Lab.Measure;

namespace Lab.Application.Measuring;

/// <summary>What the kernel counted between the edges of the window. All members on the coordinating thread, outside the timed
/// stretch.</summary>
/// <param name="kernelCounters">Sums over everything that the host made, so that a difference loses nothing when VMs come and
/// go.</param>
/// <param name="countsThreads">Whether perf events are opened for the actors' threads.</param>
/// <param name="trace">Started and stopped at the edges; the caller's.</param>
public sealed class WindowEdges(Func<IReadOnlyList<KernelCounter>> kernelCounters, bool countsThreads,
    TracedWindow trace) : IDisposable
{
    private readonly List<CounterValue> _counters = [];
    private IReadOnlyList<KernelCounter> _before = [];
    private PerfEvents? _threads;

    /// <summary>Differences, and of gauges what they show at the closing edge; empty until the window has closed.</summary>
    public IReadOnlyList<CounterValue> Counters => _counters;

    /// <summary>What could not be counted, one sentence each.</summary>
    public IReadOnlyList<string> Notes => _threads?.Notes ?? [];

    public void Open(IReadOnlyList<ActorThread> actors)
    {
        _before = kernelCounters();
        if (countsThreads) _threads = PerfEvents.Open(actors.Select(actor => (actor.Name, actor.ThreadId)));
        trace.Start();
    }

    public void Close()
    {
        trace.Stop();
        // Threads first: reading the kernel's counters takes longer, and the load goes on meanwhile.
        if (_threads is not null)
        {
            _counters.AddRange(
                _threads.Read().Select(count => new CounterValue(count.Thread, count.Name, count.Unit, count.Value)));
        }
        Dictionary<string, long> before = _before.ToDictionary(counter => counter.Name, counter => counter.Value);
        foreach (KernelCounter counter in kernelCounters())
        {
            long value = counter.IsGauge ? counter.Value : counter.Value - before.GetValueOrDefault(counter.Name);
            if (value != 0) _counters.Add(new CounterValue("", counter.Name, counter.Unit, value));
        }
    }

    public void Dispose() => _threads?.Dispose();
}
