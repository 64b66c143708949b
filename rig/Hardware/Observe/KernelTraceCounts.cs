namespace Lab.Hardware;

/// <summary>How often an event fired in one interval of a window.</summary>
/// <param name="Event">Without the name of its system, <c>kvm_mmu_zap_all_fast</c>.</param>
/// <param name="Interval">From 0.</param>
/// <param name="Count">More than 0.</param>
public readonly record struct KernelEventCount(string Event, int Interval, long Count);

/// <summary>The stretch of CLOCK_MONOTONIC that is looked at, [start, start + length), cut into equal intervals.</summary>
public readonly record struct TraceWindow(long StartNanoseconds, long LengthNanoseconds, int Intervals)
{
    /// <summary>Rounded up, as the timelines round.</summary>
    public long IntervalNanoseconds => Math.Max(1, (LengthNanoseconds + Intervals - 1) / Intervals);

    /// <summary>The interval of an instant, or −1 outside of the window.</summary>
    internal int IntervalOf(long time) =>
        time < StartNanoseconds || time >= StartNanoseconds + LengthNanoseconds ? -1
        : (int)((time - StartNanoseconds) / IntervalNanoseconds);
}

/// <summary>What a trace held, counted: events of this process, of threads whose process the kernel did not record, and what KVM
/// did on the kernel's own threads. Events of KVM in other processes, whose VMs are none of ours, are counted aside.</summary>
public sealed class KernelTraceCounts
{
    private KernelTraceCounts(IReadOnlyList<KernelEventCount> events) => Events = events;

    /// <summary>Intervals with events only, by event and interval.</summary>
    public IReadOnlyList<KernelEventCount> Events { get; }

    /// <summary>Events of KVM in the window that other processes caused.</summary>
    public long OtherProcesses { get; private init; }

    /// <summary>Events that the buffers had no room for, between start and stop: the oldest.</summary>
    public long Lost { get; init; }

    /// <summary>The instant from which no CPU's buffer lost anything; 0 where none did.</summary>
    public long CompleteFromNanoseconds { get; private init; }

    /// <summary>Lines that are neither events nor comments, of which none is expected.</summary>
    public long Malformed { get; private init; }

    public long Total(string name) => Events.Where(one => one.Event == name).Sum(one => one.Count);

    /// <summary>Counts the lines of a trace. Memory grows with events times intervals times processes, not with lines.</summary>
    /// <param name="lines">Of the file <c>trace</c>.</param>
    /// <param name="window">What lies outside of it is not counted.</param>
    /// <param name="processIdOf">This process as the kernel numbers it, asked with the last marker of the trace; 0 if unknown,
    /// and then nothing is left out.</param>
    internal static KernelTraceCounts Of(IEnumerable<string> lines, TraceWindow window, Func<KernelTraceLine?, int> processIdOf)
    {
        Dictionary<(int Process, string Event), long[]> counts = [];
        KernelTraceLine? marker = null;
        long lost = 0, malformed = 0;
        foreach (string text in lines)
        {
            if (!KernelTraceText.IsContent(text)) continue;
            if (!KernelTraceText.TryParse(text, out KernelTraceLine line))
            {
                if (KernelTraceText.TryParseLost(text, out long gap)) lost += gap;
                else malformed++;
                continue;
            }

            if (line.Event == KernelTraceText.Marker) marker = line;
            int interval = window.IntervalOf(line.TimeNanoseconds);
            if (interval < 0 || line.Event == KernelTraceText.Marker) continue;
            (int, string) key = (KernelTraceText.IsOfKvm(line.Event) && KernelTraceText.IsKernelThread(line.Command) ? 0
                : line.ProcessId, line.Event);
            if (!counts.TryGetValue(key, out long[]? intervals)) counts[key] = intervals = new long[window.Intervals];
            intervals[interval]++;
        }

        int own = processIdOf(marker);
        ILookup<bool, KeyValuePair<(int Process, string Event), long[]>> parts =
            counts.ToLookup(one => own == 0 || one.Key.Process == 0 || one.Key.Process == own);
        return new KernelTraceCounts(
            [.. parts[true].GroupBy(one => one.Key.Event).OrderBy(same => same.Key, StringComparer.Ordinal).SelectMany(Sum)])
        {
            OtherProcesses = parts[false].Where(one => KernelTraceText.IsOfKvm(one.Key.Event)).Sum(one => one.Value.Sum()),
            Lost = lost,
            Malformed = malformed,
        };
    }

    internal KernelTraceCounts WithLost(long lost, long completeFrom) =>
        new(Events) { OtherProcesses = OtherProcesses, Lost = Math.Max(lost, Lost), CompleteFromNanoseconds = completeFrom,
            Malformed = Malformed };

    private static IEnumerable<KernelEventCount> Sum(IGrouping<string, KeyValuePair<(int Process, string Event), long[]>> same)
    {
        List<long[]> all = [.. same.Select(one => one.Value)];
        for (int interval = 0; interval < all[0].Length; interval++)
        {
            if (all.Sum(one => one[interval]) is var count and > 0) yield return new KernelEventCount(same.Key, interval, count);
        }
    }
}
