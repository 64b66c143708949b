using Lab.Time;

namespace Lab.Measure;

/// <summary>Samples what the kernel counts about a process, from a thread of its own, until disposed. Meant for another process:
/// watching one's own adds the watcher's threads to what is seen. Any thread may ask for the disturbances.</summary>
public sealed class ProcessWatch : IDisposable
{
    private readonly MachineFiles _files = new();
    private readonly int _processId;
    private readonly TimeSpan _every;
    private readonly ManualResetEventSlim _over = new();
    private readonly Thread _sampler;
    private readonly List<Disturbance> _found = [];

    private ProcessWatch(int processId, TimeSpan every)
    {
        (_processId, _every) = (processId, every);
        _sampler = new Thread(Sample) { IsBackground = true, Name = "process watch" };
    }

    /// <summary>Starts now.</summary>
    /// <param name="processId">Of the process; once it has ended nothing more is found.</param>
    /// <param name="every">Between two samples, 10 ms if absent: how exactly a disturbance is dated, and what the watch
    /// costs.</param>
    public static ProcessWatch Attach(int processId, TimeSpan? every = null)
    {
        ProcessWatch watch = new(processId, every ?? TimeSpan.FromMilliseconds(10));
        watch._sampler.Start();
        return watch;
    }

    /// <summary>What was found so far, by time.</summary>
    public IReadOnlyList<Disturbance> Disturbances
    {
        get { lock (_found) return [.. _found]; }
    }

    /// <summary>Samples once more and stops; <see cref="Disturbances"/> stays.</summary>
    public void Dispose()
    {
        if (!_sampler.IsAlive) return;
        _over.Set();
        _sampler.Join();
        _over.Dispose();
    }

    private void Sample()
    {
        ProcessSample last = Now();
        for (bool isOver = false; !isOver;)
        {
            isOver = _over.Wait(_every);
            ProcessSample next = Now();
            if (next.Threads.Count == 0) return; // the process has ended
            lock (_found) _found.AddRange(next.Since(last));
            last = next;
        }
    }

    private ProcessSample Now() => ProcessSample.Read(_files, _processId, Clock.MonotonicNanoseconds());
}
