using System.Globalization;
using Lab.Time;

namespace Lab.Measure;

/// <summary>How much of the processors' time other processes took while this one measured: what tells a thread that lost its core
/// to others from one that lost it to the lab's own, its actors, a strategy's workers, the watch. Interrupts and what the
/// hypervisor took are nobody's here. Belongs to the coordinating thread; each look reads a few small files.</summary>
/// <param name="companions">Processes of the lab beside this one.</param>
/// <param name="files">The machine.</param>
/// <param name="clock">Nanoseconds that go on evenly; null for CLOCK_MONOTONIC.</param>
internal sealed class CoreShare(IReadOnlyList<int> companions, MachineFiles files, Func<long>? clock = null)
{
    private const long NanosecondsPerTick = 10_000_000;

    private readonly Func<long> _clock = clock ?? Clock.MonotonicNanoseconds;
    private readonly IReadOnlyList<int> _cpus = files.AllowedCpus();
    private Reading? _begun;
    private long _others, _all;

    /// <summary>Of what lay between beginnings and ends so far; null if nothing did, or the machine does not say.</summary>
    public double? Others => _all > 0 ? Math.Clamp((double)_others / _all, 0, 1) : null;

    /// <summary>From now on.</summary>
    public void Begin() => _begun = Read();

    /// <summary>Until now; nothing if it was not begun.</summary>
    public void End()
    {
        if (_begun is { } then && Read() is { } now)
        {
            long all = (now.At - then.At) * _cpus.Count;
            // The kernel samples who runs and measures who idles: what either leaves over may be an error of the other.
            long busy = Math.Min(now.Busy - then.Busy, all - (now.Unused - then.Unused));
            _others += busy - (now.Own - then.Own);
            _all += all;
        }
        _begun = null;
    }

    private Reading? Read()
    {
        const int user = 1, nice = 2, system = 3, idle = 4, wait = 5, interrupt = 6, softInterrupt = 7, steal = 8;
        string[][] rows = [.. (files.Read("/proc/stat") ?? "").Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(row => row.Length > steal)];
        long busy = 0, unused = 0;
        foreach (int cpu in _cpus)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"cpu{cpu}");
            if (rows.FirstOrDefault(row => row[0] == name) is not { } row) return null;
            long Sum(params int[] fields) => fields.Sum(field => KernelText.Number(row[field]) ?? 0) * NanosecondsPerTick;
            busy += Sum(user, nice, system);
            unused += Sum(idle, wait, interrupt, softInterrupt, steal);
        }
        return new Reading(_clock(), busy, unused, CpuTime("self") + companions.Sum(
            process => CpuTime(process.ToString(CultureInfo.InvariantCulture))));
    }

    /// <summary>User and system time of a process; 0 once it has ended.</summary>
    private long CpuTime(string process)
    {
        const int userAfterName = 11, systemAfterName = 12;
        string? stat = files.ReadLine($"/proc/{process}/stat");
        // The name of the program is in parentheses and may hold anything, spaces and parentheses included.
        string[] fields =
            stat is null ? [] : stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length <= systemAfterName ? 0
            : ((KernelText.Number(fields[userAfterName]) ?? 0) + (KernelText.Number(fields[systemAfterName]) ?? 0))
                * NanosecondsPerTick;
    }

    private readonly record struct Reading(long At, long Busy, long Unused, long Own);
}
