using System.Runtime.InteropServices;

namespace Lab.Hardware;

/// <summary>What the kernel and the processor count about one thread.</summary>
/// <param name="Thread">As given to <see cref="PerfEvents.Open"/>.</param>
/// <param name="Name">Of the counter, <c>perf.page_faults</c>.</param>
/// <param name="Unit">As in counters.csv.</param>
/// <param name="Value">Since the opening.</param>
public readonly record struct PerfCount(string Thread, string Name, string Unit, long Value);

/// <summary>Events of perf_event_open, one descriptor per thread and event, counting from <see cref="Open"/> on. Opened, read and
/// closed by one thread; the threads that are counted notice nothing. What the machine or the kernel does not let us have is left
/// out and said in <see cref="Notes"/>.</summary>
public sealed unsafe class PerfEvents : IDisposable
{
    private const uint Hardware = 0;
    private const uint Software = 1;
    private const uint HardwareCache = 3;

    // PERF_COUNT_HW_CACHE_DTLB | OP_READ << 8 | RESULT_MISS << 16.
    private const ulong DtlbReadMiss = 3 | (0 << 8) | (1 << 16);

    private static readonly Kind[] Kinds =
    [
        new("perf.task_clock", "ns", Software, 1),
        new("perf.page_faults", "count", Software, 2),
        new("perf.context_switches", "count", Software, 3),
        new("perf.cpu_migrations", "count", Software, 4),
        new("perf.page_faults_minor", "count", Software, 5),
        new("perf.page_faults_major", "count", Software, 6),
        new("perf.cycles", "count", Hardware, 0),
        new("perf.instructions", "count", Hardware, 1),
        new("perf.dtlb_load_misses", "count", HardwareCache, DtlbReadMiss),
    ];

    private readonly List<(string Thread, Kind Kind, Descriptor Event)> _events = [];
    private readonly List<string> _notes = [];

    private PerfEvents()
    {
    }

    /// <summary>What could not be had, one sentence each.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Starts to count for each thread. A refusal leaves events out; it never throws.</summary>
    public static PerfEvents Open(IEnumerable<(string Name, int ThreadId)> threads)
    {
        PerfEvents events = new();
        SortedSet<string> absent = new(StringComparer.Ordinal);
        foreach ((string name, int threadId) in threads)
        {
            foreach (Kind kind in Kinds)
            {
                if (absent.Contains(kind.Name)) continue;
                int descriptor = OpenOne(kind, threadId, out int errno);
                if (descriptor >= 0)
                {
                    events._events.Add((name, kind, new Descriptor(descriptor)));
                    continue;
                }

                if (errno is Errnos.Eperm or Errnos.Eacces)
                {
                    events._notes.Add($"perf events were refused ({SystemCallException.ErrnoName(errno)}): sysctl "
                        + "kernel.perf_event_paranoid=1, CAP_PERFMON or root lets the lab count faults and switches.");
                    return events;
                }

                if (errno is Errnos.Emfile or Errnos.Enfile)
                {
                    events._notes.Add(
                        $"perf events are counted for the first {events._events.Select(one => one.Thread).Distinct().Count()} "
                            + "threads only: no descriptors are left; raise ulimit -n.");
                    return events;
                }

                absent.Add(kind.Name);
            }
        }

        if (absent.Count > 0) events._notes.Add($"this machine does not count {string.Join(", ", absent)}.");
        return events;
    }

    /// <summary>What each event counted since the opening. An event of the processor that shared its counter with others is
    /// scaled up; one that never got it is left out.</summary>
    public IReadOnlyList<PerfCount> Read()
    {
        List<PerfCount> counts = [];
        ulong* words = stackalloc ulong[3];
        foreach ((string thread, Kind kind, Descriptor one) in _events)
        {
            // SAFETY: the kernel writes at most the three words; the list keeps the descriptor open.
            nint got = Libc.Read(one.Number, words, 3 * sizeof(ulong));
            if (got != 3 * sizeof(ulong)) continue;
            (ulong value, ulong enabled, ulong running) = (words[0], words[1], words[2]);
            if (running == 0 && kind.Type != Software) continue;
            if (running < enabled && running > 0) value = (ulong)(value * ((double)enabled / running));
            counts.Add(new PerfCount(thread, kind.Name, kind.Unit, (long)value));
        }

        return counts;
    }

    public void Dispose()
    {
        foreach ((_, _, Descriptor one) in _events) one.Dispose();
        _events.Clear();
    }

    private static int OpenOne(Kind kind, int threadId, out int errno)
    {
        const int anyCpu = -1, noGroup = -1;
        const nuint closeOnExec = 8;
        PerfEventAttr attr =
            new() { Type = kind.Type, Size = PerfEventAttr.Bytes, Config = kind.Config, ReadFormat = PerfEventAttr.WithTimes };

        // SAFETY: the kernel reads Size bytes, which is the struct's, from the stack.
        nint descriptor = Libc.PerfEventOpen(Libc.PerfEventOpenNumber, &attr, threadId, anyCpu, noGroup, closeOnExec);
        errno = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return (int)descriptor;
    }

    /// <summary>As perf_event_attr names it.</summary>
    private readonly record struct Kind(string Name, string Unit, uint Type, ulong Config);
}
